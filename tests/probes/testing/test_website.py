"""The real probe on the lab's networks: each censor leaves its failure in the step where it acts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from probes.model import DNSLookup, HTTPRoundTrip, Limits, Measurement, Screened, Target, Task, VantagePoint
from probes.registry import all_probes
from probes.testing import (
    NXDOMAIN,
    AddressBlock,
    DNSForgery,
    HostBlock,
    Interception,
    Internet,
    Loopback,
    Outage,
    Site,
    SNIBlock,
    Throttle,
    block_page,
)
from probes.testing.view import FORGED_TTL, TRUE_TTL

ADDRESS = "93.184.216.34"
NAMES = ("news.example",)
LIMITS = Limits(dns=1, dns_linger=0.05, tcp=1, tls=1, http=1, total=20)
"""Enough for loopback, and short where a time-out is what is waited for."""


@pytest.fixture
def measure():
    """Measure a URL on a network with the real probe."""

    async def measured(network, url, limits=LIMITS) -> Measurement:
        task = Task(target=Target(id="news", urls=(url,)), url=url, vantage=VantagePoint(id="here"), limits=limits)
        return await all_probes()["website"].measure(task, network, lambda: datetime.now(UTC))

    return measured


def failures(measurement: Measurement, *engines: str) -> set[tuple[str, str]]:
    """Step and failure of everything that failed; lookups only of those engines, and never the absence of IPv6."""
    return {
        (type(step).__name__, step.failure)
        for step in measurement.steps
        if step.failure
        and not (isinstance(step, DNSLookup) and (step.engine not in engines or step.query_type == "AAAA"))
    }


async def test_nothing_fails_where_nothing_censors(internet, measure):
    """On an honest network both schemes end with the site's page, and TLS is trusted."""
    async with Loopback(internet) as lab:
        for scheme in ("http", "https"):
            measurement = await measure(lab.network("home"), f"{scheme}://news.example/")
            assert failures(measurement, "system", "udp", "doh") == set()
            assert measurement.steps[-1].status == 200
            assert measurement.steps[-1].body.title == "News"


@pytest.mark.parametrize(
    ("url", "rule", "expected"),
    [
        ("https", SNIBlock(names=NAMES, action="reset"), ("TLSHandshake", "connection_reset")),
        ("https", SNIBlock(names=NAMES, action="close"), ("TLSHandshake", "eof_error")),
        ("https", SNIBlock(names=NAMES, action="drop"), ("TLSHandshake", "generic_timeout_error")),
        ("https", SNIBlock(names=NAMES, action=Interception()), ("TLSHandshake", "ssl_unknown_authority")),
        ("https", AddressBlock(address=ADDRESS, action="drop"), ("TCPConnect", "generic_timeout_error")),
        ("https", AddressBlock(address=ADDRESS, action="refuse"), ("TCPConnect", "connection_refused")),
        ("https", Outage(), ("DNSLookup", "generic_timeout_error")),
        ("https", Outage(how="unreachable"), ("DNSLookup", "network_unreachable")),
        ("http", HostBlock(names=NAMES, action="reset"), ("HTTPRoundTrip", "connection_reset")),
        ("http", HostBlock(names=NAMES, action="close"), ("HTTPRoundTrip", "eof_error")),
        ("http", HostBlock(names=NAMES, action="drop"), ("HTTPRoundTrip", "generic_timeout_error")),
        (
            "http",
            HostBlock(names=NAMES, action=Throttle(bytes_per_second=1000)),
            ("HTTPRoundTrip", "generic_timeout_error"),
        ),
        ("https", DNSForgery(names=NAMES, rcode=NXDOMAIN), ("DNSLookup", "dns_nxdomain_error")),
        ("https", DNSForgery(names=NAMES), ("DNSLookup", "dns_no_answer")),
        ("https", DNSForgery(names=NAMES, drop=True), ("DNSLookup", "generic_timeout_error")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_censor_leaves_its_failure(internet, measure, url, rule, expected):
    """Under one rule, what fails is the one step that the rule is about, in the vocabulary of OONI."""
    async with Loopback(internet) as lab:
        measurement = await measure(lab.network("home", rules=(rule,)), f"{url}://news.example/")
    assert failures(measurement, "system") == {expected}


@pytest.mark.parametrize(
    ("certificate", "failure"),
    [
        ("expired", "ssl_invalid_certificate"),
        ("wrong_host", "ssl_invalid_hostname"),
        ("unknown_authority", "ssl_unknown_authority"),
        ("self_signed", "ssl_unknown_authority"),
    ],
)
async def test_a_bad_certificate_has_its_name(measure, certificate, failure):
    """Each kind of bad certificate is told from the others, and its chain is kept."""
    internet = Internet(sites=(Site(names=NAMES, addresses=(ADDRESS,), certificate=certificate),))
    async with Loopback(internet) as lab:
        measurement = await measure(lab.network("home"), "https://news.example/")
    assert failures(measurement, "system") == {("TLSHandshake", failure)}
    assert measurement.steps[-1].chain


async def test_an_injected_page_is_what_the_probe_gets(internet, measure):
    """A block page takes the place of the site's, with its status and title."""
    rule = HostBlock(names=NAMES, action=block_page(b"<title>Blocked</title>", status="403 Forbidden"))
    async with Loopback(internet) as lab:
        measurement = await measure(lab.network("home", rules=(rule,)), "http://news.example/")
    [trip] = [step for step in measurement.steps if isinstance(step, HTTPRoundTrip)]
    assert (trip.status, trip.body.title) == (403, "Blocked")


async def test_a_race_is_seen_whole(internet, measure):
    """Of an injected and a true answer both are kept, with their IP TTLs; the injected one counts."""
    rule = DNSForgery(names=NAMES, answers=("10.10.34.35",), where="wire")
    async with Loopback(internet) as lab:
        measurement = await measure(lab.network("home", rules=(rule,)), "https://news.example/")
    lookups = [s for s in measurement.steps if isinstance(s, DNSLookup) and s.engine != "doh" and s.query_type == "A"]
    assert [lookup.addresses for lookup in lookups] == [("10.10.34.35",)] * 2
    assert [[datagram.ip_ttl for datagram in lookup.datagrams] for lookup in lookups] == [[FORGED_TTL, TRUE_TTL]] * 2
    assert [step.reason for step in measurement.steps if isinstance(step, Screened)] == ["private"]


async def test_records_know_nothing_of_loopback(internet, measure):
    """No step carries an address of the machine that plays the lab."""
    async with Loopback(internet) as lab:
        measurement = await measure(lab.network("home"), "https://news.example/")
    assert "127.0.0" not in repr(measurement)
