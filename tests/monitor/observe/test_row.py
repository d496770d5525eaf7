"""One flat row of a measurement and its verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.model import State, Timings, Verdict
from monitor.observe import flatten
from probes.model import Role
from tests.scenes import (
    HTTP,
    HTTPS,
    NAME,
    NOON,
    SECOND,
    SITE,
    connected,
    control,
    fetched,
    leaf,
    looked,
    measured,
    plain_visit,
    redirected,
    shook,
    visit,
)

VERDICT = Verdict(measurement="0" * 32, state=State.OK, rule_id="http.page.certified")


def test_a_row_says_where_when_and_what():
    """Identity, place and the verdict are carried over as they are."""
    measurement = replace(control(1, *visit()), innocuous=True)

    row = flatten(measurement, VERDICT)

    assert (row.measurement, row.time, row.target, row.url) == ("0" * 32, NOON, "kloop", HTTPS)
    assert (
        row.vantage,
        row.country,
        row.network,
        row.role,
        row.innocuous,
    ) == ("control-1", "DE", "AS1", Role.CONTROL, True)
    assert row.verdict == VERDICT


def test_timings_are_those_of_the_connection_that_fetched():
    """Of two addresses the one that the page came over counts; so do its certificate, protocol and status."""
    steps = (
        looked([SITE]),
        replace(connected(SITE), duration=9.0),
        replace(looked([SECOND], kind="AAAA"), duration=0.5),
        connected(SECOND),
        shook(SECOND, chain=[leaf(NAME)]),
        fetched(address=SECOND, protocol="HTTP/2"),
    )

    row = flatten(measured(*steps), VERDICT)

    assert Timings(dns=0.5, tcp=0.03, tls=0.05, first_byte=0.1, total=1.5) == row.timings
    assert (row.status, row.protocol, row.tls_version, row.body_length) == (200, "HTTP/2", "TLSv1.3", 9000)
    assert NOON + timedelta(days=60) == row.certificate_expiry


def test_what_never_happened_is_none():
    """A name that did not resolve has the time of its lookup and nothing else."""
    row = flatten(measured(looked("dns_nxdomain_error")), VERDICT)

    assert Timings(dns=0.02, total=1.5) == row.timings
    assert (
        row.status,
        row.body_length,
        row.certificate_expiry,
        row.protocol,
        row.tls_version,
        row.redirects,
    ) == (None, None, None, "", "", 0)


def test_a_refused_handshake_still_shows_its_certificate():
    """The expiry is read from the chain that was presented, verified or not."""
    steps = looked([SITE]), connected(), shook(SITE, "ssl_unknown_authority", chain=[leaf(NAME)])

    assert NOON + timedelta(days=60) == flatten(measured(*steps), VERDICT).certificate_expiry


def test_bytes_that_are_no_certificate_have_no_expiry():
    """A hostile server may present anything."""
    row = flatten(measured(looked([SITE]), connected(), shook(chain=[b"\x30\x00"])), VERDICT)

    assert row.certificate_expiry is None


def test_redirects_are_counted_and_the_last_hop_decides():
    """The row of a walk over two hops is the row of its second."""
    steps = *plain_visit()[:3], redirected(HTTP, HTTPS), *visit(hop=1)

    row = flatten(measured(*steps, url=HTTP), VERDICT)

    assert (row.redirects, row.status, row.timings.tls) == (1, 200, 0.05)


def test_a_page_in_the_clear_has_no_tls():
    """A handshake that only vouched for the address is not part of the path."""
    row = flatten(measured(*plain_visit(), shook(), url=HTTP), VERDICT)

    assert (row.timings.tls, row.tls_version) == (None, "")
