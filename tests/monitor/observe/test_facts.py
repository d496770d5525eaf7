"""Facts beside facts: what is set beside what, and what counts once."""

from __future__ import annotations

from dataclasses import replace

from monitor.model import Layer, Standing
from monitor.observe import observe
from probes.document import measurement_id
from probes.model import Origin
from tests.scenes import (
    FORGED,
    HTTP,
    HTTPS,
    NAME,
    SECOND,
    SITE,
    V6,
    connected,
    control,
    datagram,
    fetched,
    leaf,
    looked,
    measured,
    plain_visit,
    redirected,
    screened,
    shook,
    three,
    visit,
)


def one(observations, layer, **wanted):
    """The only observation of a layer that has those values."""
    found = [
        seen
        for seen in observations
        if seen.layer is layer
        and not seen.whole
        and all(getattr(seen, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1
    return found[0]


def test_every_step_is_one_observation_in_its_order():
    """The whole comes first; the others name their step and the measurement, so that they can be walked back."""
    measurement = measured(*visit())

    observations = observe(measurement, [])

    assert [seen.step for seen in observations] == [None, 0, 1, 2, 3, 4]
    assert {measurement_id(measurement)} == {seen.measurement for seen in observations}
    assert [seen.layer for seen in observations[1:]] == [Layer.DNS, Layer.DNS, Layer.TCP, Layer.TLS, Layer.HTTP]


def test_a_measurement_without_steps_is_a_failed_whole():
    """Nothing measured is not nothing wrong."""
    (whole,) = observe(measured(), [])

    assert (whole.whole, whole.reached) == (True, False)
    assert whole.failure is not None


def test_names_stand_beside_the_same_name_and_type():
    """A control's AAAA answer says nothing of A, and its addresses are known for the name whichever type gave them."""
    controls = (
        control(1, looked([SITE]), looked("dns_no_answer", kind="AAAA")),
        control(2, looked("dns_servfail_error"), looked([V6], kind="AAAA")),
        control(3, looked([SITE], name="another.example")),
    )

    seen = one(observe(measured(looked("dns_nxdomain_error")), controls), Layer.DNS)

    assert (seen.control.total, seen.control.ok, seen.control.failed) == (3, 1, 1)
    assert seen.control.failures == ("dns_servfail_error",)
    assert {SITE, V6} == set(seen.control.addresses)


def test_a_lookup_of_any_type_stands_beside_both():
    """Imported lookups by getaddrinfo ask for everything at once."""
    seen = one(observe(measured(looked([SITE])), three(looked([SITE], kind="ANY"))), Layer.DNS)

    assert Standing.AGREE is seen.standing


def test_connections_stand_beside_the_same_address_and_port():
    """A control that connected to another address or port was not asked."""
    controls = (control(1, *visit()), control(2, *visit(SECOND)), control(3, looked([SITE]), connected(port=80)))

    seen = one(observe(measured(connected(SITE, "connection_reset")), controls), Layer.TCP)

    assert (seen.control.total, seen.control.ok, seen.control.failed, seen.standing) == (3, 1, 0, Standing.CONTRARY)


def test_handshakes_stand_beside_the_same_name_at_the_same_address():
    """Another server name at the address was not asked; the leaves are those verified for the name anywhere."""
    true = leaf(NAME, issuer="Real CA")
    controls = (control(1, *visit(SECOND)), control(2, looked([SITE]), shook(name="another.example")))

    seen = one(observe(measured(shook(SITE, "ssl_unknown_authority", chain=[leaf(NAME)])), controls), Layer.TLS)

    assert (seen.control.asked, seen.standing, seen.self_signed) == (0, Standing.NONE, True)
    assert len(seen.control.certificates) == 1
    assert seen.certificate not in seen.control.certificates
    assert one(observe(measured(shook(chain=[true])), controls), Layer.TLS).certificate in seen.control.certificates


def test_answers_stand_beside_the_same_url_or_else_the_same_hop():
    """A control that went another way is compared hop by hop; one that asked the same URL, by that."""
    detour = (*plain_visit()[:3], redirected(HTTP, HTTPS), *visit(hop=1))
    steps = (*plain_visit()[:3], redirected(HTTP, "http://notice.example/"))

    seen = one(observe(measured(*steps, url=HTTP), [control(1, *detour, url=HTTP)]), Layer.HTTP)

    assert [page.location for page in seen.control.pages] == [HTTPS]


def test_an_imported_control_is_the_end_of_a_walk():
    """Its hops are unknown, so only the whole stands beside its page."""
    imported = replace(control(1, *visit()), origin=Origin(source="ooni", uid="1"))

    whole, *steps = observe(measured(*visit()), [imported])

    assert (whole.control.ok, steps[-1].control.asked) == (1, 0)


def test_the_nearest_measurement_of_a_control_speaks():
    """A control vantage point that measured three times has one voice, the nearest in time, before or after."""
    controls = (
        control(1, *visit(), later=-50.0),
        control(1, looked("dns_nxdomain_error"), later=10.0),
        control(1, *visit(), later=40.0),
    )

    whole = observe(measured(*visit()), controls)[0]

    assert (whole.control.total, whole.control.ok, whole.control.failed) == (1, 0, 1)


def test_another_url_and_oneself_are_no_control():
    """A control of another page, and the vantage point's own measurements, are left out."""
    controls = [control(1, *visit(), url="https://24.kg/"), measured(*visit())]

    whole = observe(measured(*visit()), controls)[0]

    assert (whole.control.total, whole.standing) == (0, Standing.NONE)


def test_a_tie_is_no_majority():
    """One control for and one against is none."""
    controls = (control(1, *visit()), control(2, looked("dns_nxdomain_error")))

    assert Standing.NONE is observe(measured(*visit()), controls)[0].standing


def test_an_address_that_was_not_dialled_is_a_fact_of_the_name():
    """What was screened is kept with its reason, and nobody else is asked about it."""
    seen = one(observe(measured(screened("10.0.0.1")), three(*visit())), Layer.DNS)

    assert (
        seen.screened,
        seen.addresses,
        seen.control.asked,
        seen.control.total,
    ) == ("private", ("10.0.0.1",), 0, 3)


def test_late_answers_are_kept():
    """Every answer to a question is there for the rules, with what it said."""
    lookup = looked([FORGED], datagrams=[datagram(FORGED), datagram(SITE)])

    seen = one(observe(measured(lookup), []), Layer.DNS)

    assert lookup.datagrams == seen.datagrams


def test_the_walk_ends_on_the_last_answer():
    """A redirect that leads on is no end, one hop more without an answer is none either, and an answer is."""
    answered = (*plain_visit()[:3], redirected(HTTP, HTTPS), *visit(hop=1))
    broken = (*plain_visit()[:3], redirected(HTTP, HTTPS), looked("dns_nxdomain_error", hop=1))

    assert observe(measured(*answered, url=HTTP), [])[0].page.url == HTTPS
    assert observe(measured(*broken, url=HTTP), [])[0].failure == "dns_nxdomain_error"
    assert observe(measured(*broken[:4], url=HTTP), [])[0].page is None


def test_a_page_is_what_can_be_compared():
    """Header names once and in lower case; a cut body has neither length nor hash."""
    trip = fetched(headers=[("Via", "a"), ("VIA", "b"), ("Age", "1")], sha256="a" * 64)
    cut = replace(trip, body=replace(trip.body, truncated=True))

    whole, seen = observe(measured(trip), [])
    page = observe(measured(cut), [])[0].page

    assert ("age", "via") == seen.page.headers == whole.page.headers
    assert (seen.page.length, seen.page.sha256) == (9000, "a" * 64)
    assert (page.length, page.sha256) == (None, None)


def test_a_forwarders_refusal_is_not_the_internet():
    """A router without an uplink says REFUSED or SERVFAIL; a public resolver that says so was reached."""
    alone = [looked("dns_refused_error", rcode=5), looked("generic_timeout_error", engine="udp")]
    public = [looked("dns_refused_error", engine="udp", rcode=5)]

    assert observe(measured(*alone), [])[0].reached is False
    assert observe(measured(*public), [])[0].reached is True


def test_a_location_that_is_no_url_is_none():
    """A broken redirect is an answer like any other, and nothing raises."""
    seen = observe(measured(redirected(HTTPS, "http://[")), [])[0]

    assert (seen.page.location, seen.page.status) == ("", 302)
