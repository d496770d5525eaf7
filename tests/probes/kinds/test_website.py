"""Visiting a page on a network that does what it likes."""

from __future__ import annotations

import asyncio
import sys

import dns.message
import dns.rrset
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.document import document, measurement_from, measurement_id
from probes.kinds.website import measure
from probes.model import (
    DNSLookup,
    DoHServer,
    HTTPRoundTrip,
    Limits,
    Resolvers,
    Screened,
    Target,
    Task,
    TCPConnect,
    TLSHandshake,
    VantagePoint,
)

NAME, ONE, TWO, SIX = "kloop.test", "93.184.216.34", "104.154.89.105", "2606:2800:21f::1"
SYSTEM = ("10.0.0.53", 53)


def resolver(records: dict[str, list[str]]):
    """A resolver that knows these names; others do not exist."""

    def respond(data, send) -> None:
        asked = dns.message.from_wire(data)
        question = asked.question[0]
        name = question.name.to_text(omit_final_dot=True)
        made = dns.message.make_response(asked, recursion_available=True)
        if name not in records:
            made.set_rcode(3)
        fitting = [each for each in records.get(name, ()) if (":" in each) == (question.rdtype == 28)]
        if fitting:
            made.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, fitting))
        send(made.to_wire())

    return respond


def answers(raw_by_path: dict[str, bytes], seen: list[bytes] | None = None):
    """A web server: one response per path."""

    async def handler(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        writer.write(raw_by_path[head.split(b" ")[1].decode()])
        await writer.drain()

    return handler


def response(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def system(world, records: dict[str, list[str]]) -> None:
    world.network.resolver = SYSTEM
    world.datagrams(*SYSTEM, resolver(records))


def task(url: str, resolvers: Resolvers | None = None, **limits: float) -> Task:
    return Task(
        target=Target(id="kloop", urls=(url,)),
        url=url,
        vantage=VantagePoint(id="here"),
        resolvers=resolvers or Resolvers(udp=None, doh=None),
        limits=Limits(**{"dns_linger": 0.02, "dns": 2.0, **limits}),
    )


async def visit(world, now, url: str, **more):
    return await measure(task(url, **more), world.network, lambda: now)


def of(measurement, kind):
    return [step for step in measurement.steps if isinstance(step, kind)]


async def test_a_whole_visit(world, authority, now) -> None:
    """Three resolvers are asked for both families, every address is tried, and one page is fetched."""
    system(world, {NAME: [ONE]})
    world.datagrams("9.9.9.9", 53, resolver({NAME: [TWO, ONE]}))

    async def doh(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        sent: list[bytes] = []
        resolver({NAME: [ONE, SIX]})(await reader.readexactly(length), sent.append)
        writer.write(response(body=sent[0], Content_Type="application/dns-message"))
        await writer.drain()

    await world.site("8.8.8.8", 443, doh, authority.context("doh.test"))
    for address in (ONE, TWO):
        await world.site(address, 443, answers({"/": response(body=b"hello")}), authority.context(NAME))
    resolvers = Resolvers(udp="9.9.9.9", doh=DoHServer(url="https://doh.test/q", address="8.8.8.8"))
    measurement = await visit(world, now, f"https://{NAME}/", resolvers=resolvers)
    asked = {(step.engine, step.query_type) for step in of(measurement, DNSLookup)}
    assert asked == {(engine, family) for engine in ("system", "udp", "doh") for family in ("A", "AAAA")}
    assert sorted(step.address for step in of(measurement, TCPConnect)) == sorted([ONE, TWO, SIX])
    assert {step.address: step.failure for step in of(measurement, TLSHandshake)} == {ONE: None, TWO: None}
    (page,) = of(measurement, HTTPRoundTrip)
    assert (page.address, page.status, page.body.kept) == (ONE, 200, b"hello")
    assert (measurement.failure, measurement.started, measurement.kind) == (None, now, "website")


async def test_a_measurement_is_a_document(world, now) -> None:
    """What was measured can be written down, read back, and known again by its id."""
    system(world, {NAME: [ONE]})
    await world.site(ONE, 80, answers({"/": response(body=b"\xff")}))
    measurement = await visit(world, now, f"http://{NAME}/")
    again = measurement_from(document(measurement))
    assert again == measurement
    assert measurement_id(again) == measurement_id(measurement)


async def test_an_address_needs_no_resolver(world, now) -> None:
    """A URL with an IP address is connected to at its port without any question."""
    await world.site(ONE, 8080, answers({"/x": response()}))
    measurement = await visit(world, now, f"http://{ONE}:8080/x")
    assert [type(step) for step in measurement.steps] == [TCPConnect, HTTPRoundTrip]


async def test_a_name_that_does_not_exist(world, now) -> None:
    """Without an address the visit ends after the lookups."""
    system(world, {})
    measurement = await visit(world, now, f"http://{NAME}/")
    assert {step.failure for step in measurement.steps} == {"dns_nxdomain_error"}


async def test_names_in_cyrillic(world, now) -> None:
    """A host outside ASCII is looked up in punycode; the URL as given stays on the measurement."""
    system(world, {"xn--d1acpjx3f.xn--p1ai": [ONE]})
    await world.site(ONE, 80, answers({"/": response()}))
    measurement = await visit(world, now, "http://яндекс.рф/")
    assert measurement.url == "http://яндекс.рф/"
    assert of(measurement, HTTPRoundTrip)[0].url == "http://xn--d1acpjx3f.xn--p1ai/"


@pytest.mark.parametrize("lie", ["127.0.0.1", "10.10.34.35", "::1", "64:ff9b::7f00:1"])
async def test_lies_are_not_dialled(world, now, lie) -> None:
    """An address inside a private network is kept as evidence and never connected to."""
    system(world, {NAME: [lie]})
    measurement = await visit(world, now, f"http://{NAME}/")
    (screened,) = of(measurement, Screened)
    assert (screened.address, screened.port, screened.failure) == (lie, 80, None)
    assert [address for address, _, transport in world.network.dialled if transport == "tcp"] == []


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest", "http://inside.test/"])
async def test_redirects_are_screened_too(world, now, location) -> None:
    """A redirect to the metadata service, by address or by name, is recorded and not followed there."""
    system(world, {NAME: [ONE], "inside.test": ["169.254.169.254"]})
    await world.site(ONE, 80, answers({"/": response("302 Found", Location=location)}))
    measurement = await visit(world, now, f"http://{NAME}/")
    (screened,) = of(measurement, Screened)
    assert (screened.hop, screened.address, screened.reason) == (1, "169.254.169.254", "link_local")
    assert all(address != "169.254.169.254" for address, _, _ in world.network.dialled)


async def test_redirects_are_resolved_again(world, authority, now) -> None:
    """Each hop is looked up, connected and shaken hands with anew, and carries the cookies of the one before."""
    seen: list[bytes] = []
    system(world, {NAME: [ONE], "www.kloop.test": [TWO]})
    onward = response("301 x", Location="https://www.kloop.test/a", Set_Cookie="who=me; Domain=kloop.test")
    await world.site(ONE, 80, answers({"/": onward}))
    await world.site(TWO, 443, answers({"/a": response()}, seen), authority.context("www.kloop.test"))
    measurement = await visit(world, now, f"http://{NAME}/")
    assert [step.hop for step in of(measurement, HTTPRoundTrip)] == [0, 1]
    assert {(step.hop, step.name) for step in of(measurement, DNSLookup)} == {(0, NAME), (1, "www.kloop.test")}
    assert b"Cookie: who=me" in seen[0]
    assert b"Referer: http://kloop.test/" in seen[0]


async def test_the_eleventh_redirect(world, now) -> None:
    """Ten redirects are followed; the response that asks for one more fails."""
    pages = {f"/{number}": response("302 x", Location=f"/{number + 1}") for number in range(20)}
    await world.site(ONE, 80, answers(pages))
    measurement = await visit(world, now, f"http://{ONE}/0")
    pages_seen = of(measurement, HTTPRoundTrip)
    assert [step.hop for step in pages_seen] == list(range(11))
    assert {step.failure for step in pages_seen[:-1]} == {None}
    assert pages_seen[-1].failure == "unknown_failure: stopped after too many redirects"


async def test_a_redirect_to_nowhere(world, now) -> None:
    """A Location without host ends the visit with OONI's word."""
    await world.site(ONE, 80, answers({"/": response("302 x", Location="https://")}))
    measurement = await visit(world, now, f"http://{ONE}/")
    assert measurement.steps[-1].failure == "http_invalid_redirect_location_host"


async def test_nothing_is_fetched_over_a_bad_certificate(world, stranger, now) -> None:
    """A chain that nobody trusts is recorded, and no request is sent over it."""
    seen: list[bytes] = []
    system(world, {NAME: [ONE]})
    await world.site(ONE, 443, answers({"/": response()}, seen), stranger.context(NAME))
    measurement = await visit(world, now, f"https://{NAME}/")
    assert measurement.steps[-1].failure == "ssl_unknown_authority"
    assert (of(measurement, HTTPRoundTrip), seen) == ([], [])


async def test_one_good_address_is_enough(world, authority, now) -> None:
    """Where the first address refuses, the page is fetched from the next, and both are recorded."""
    system(world, {NAME: [ONE, TWO]})
    world.refusing(ONE, 443)
    await world.site(TWO, 443, answers({"/": response()}), authority.context(NAME))
    measurement = await visit(world, now, f"https://{NAME}/")
    assert {step.address: step.failure for step in of(measurement, TCPConnect)} == {
        ONE: "connection_refused",
        TWO: None,
    }
    assert of(measurement, HTTPRoundTrip)[0].address == TWO


@pytest.mark.skipif(sys.platform != "linux", reason="a full listen queue drops SYNs on Linux only")
async def test_a_silent_address_does_not_hold_up_the_page(world, now) -> None:
    """The page is fetched from a good address while a silent one is still being waited for."""
    system(world, {NAME: [ONE, TWO]})
    world.silent(ONE, 80)
    await world.site(TWO, 80, answers({"/": response()}))
    measurement = await visit(world, now, f"http://{NAME}/", tcp=1.5)
    silent = next(step for step in of(measurement, TCPConnect) if step.address == ONE)
    (page,) = of(measurement, HTTPRoundTrip)
    assert (silent.failure, page.status) == ("generic_timeout_error", 200)
    assert page.started < silent.started + silent.duration


async def test_not_every_address_of_a_thousand(world, now) -> None:
    """Only so many addresses of one hop are connected to."""
    system(world, {NAME: [f"93.184.216.{last}" for last in range(1, 30)]})
    measurement = await visit(world, now, f"http://{NAME}/", addresses=3)
    assert len(of(measurement, TCPConnect)) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="a full listen queue drops SYNs on Linux only")
async def test_the_total_limit(world, now) -> None:
    """A visit that takes too long ends with what happened so far, the cut steps among it."""
    system(world, {NAME: [ONE]})
    world.silent(ONE, 80)
    measurement = await visit(world, now, f"http://{NAME}/", total=0.5)
    assert measurement.failure == "generic_timeout_error"
    assert [step.failure for step in of(measurement, TCPConnect)] == ["generic_timeout_error"]
    assert of(measurement, DNSLookup)[0].addresses == (ONE,)


async def test_a_cut_page_is_among_the_steps(world, now) -> None:
    """A page that was arriving when the visit was cut is there as far as it came."""

    async def drip(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")
        await reader.read()
        await reader.read()

    await world.site(ONE, 80, drip)
    measurement = await visit(world, now, f"http://{ONE}/", total=0.3)
    assert measurement.failure == "generic_timeout_error"
    assert (measurement.steps[-1].failure, measurement.steps[-1].status) == ("generic_timeout_error", 200)


async def test_cancelling_is_not_swallowed(world, now) -> None:
    """A visit that is cancelled from outside ends as cancelled, not as a measurement."""

    async def quiet(reader, writer) -> None:
        await reader.read()
        await asyncio.sleep(60)

    await world.site(ONE, 80, quiet)
    visiting = asyncio.create_task(visit(world, now, f"http://{ONE}/"))
    await asyncio.sleep(0.1)
    visiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await visiting


@pytest.mark.parametrize("url", ["kloop.kg", "ftp://kloop.kg/", "https://", "http://a..b/"])
async def test_what_is_no_url_is_our_mistake(world, now, url) -> None:
    """A bad URL is refused before anything is sent."""
    with pytest.raises(ValueError, match=r"URL|host"):
        await visit(world, now, url)
    assert world.network.dialled == []


async def test_the_operator_is_not_in_the_record(world, now) -> None:
    """Neither the resolver's address nor a loopback one stands anywhere in the document."""
    system(world, {NAME: [ONE]})
    await world.site(ONE, 80, answers({"/": response(body=b"you are 10.0.0.53", X_Client="127.0.0.1")}))
    text = str(document(await visit(world, now, f"http://{NAME}/")))
    assert "127.0.0.1" not in text
    assert "10.0.0.53" not in text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=300), head=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"\x16\x03\x03\x00\x7a"]))
async def test_no_server_breaks_the_probe(world, now, raw, head) -> None:
    """Whatever bytes a server sends, in clear text or instead of TLS, the visit ends as a measurement."""

    async def handler(reader, writer) -> None:
        await reader.read(65536)
        writer.write(head + raw)
        await writer.drain()

    await world.site(ONE, 80, handler)
    await world.site(ONE, 443, handler)
    for url in (f"http://{ONE}/", f"https://{ONE}/"):
        measurement = await visit(world, now, url, total=5)
        assert measurement.steps


async def test_the_same_resolvers_are_asked_each_time(world, now) -> None:
    """Two visits from one vantage point ask the same resolvers in the same ways, so that a series is comparable."""
    system(world, {NAME: [ONE]})
    world.datagrams("9.9.9.9", 53, resolver({NAME: [ONE]}))
    await world.site(ONE, 80, answers({"/": response(body=b"hello")}))
    resolvers = Resolvers(udp="9.9.9.9", doh=None)

    visits = [await visit(world, now, f"http://{NAME}/", resolvers=resolvers) for _ in range(2)]

    first, second = ({(one.engine, one.resolver, one.query_type) for one in of(each, DNSLookup)} for each in visits)
    assert first == second
    assert {resolver for _, resolver, _ in first} == {"", "9.9.9.9:53"}
