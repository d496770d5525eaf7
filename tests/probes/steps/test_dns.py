"""Asking resolvers, and hearing more than one answer."""

from __future__ import annotations

import asyncio
import struct
import sys

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from probes.model import DoHServer, DoTServer, Resolvers
from probes.steps.dns import lookup
from probes.steps.resolver import endpoint

NAME, TRUE, FORGED = "kloop.test", "93.184.216.34", "104.154.89.105"
RESOLVERS = Resolvers(udp="9.9.9.9", doh=DoHServer(url="https://doh.test/dns-query", address="8.8.8.8"))


def answer(query: bytes, *addresses: str, rcode: int = 0, edns: bool = True, **changes) -> bytes:
    """A resolver's answer to the question in `query`."""
    asked = dns.message.from_wire(query)
    made = dns.message.make_response(asked, recursion_available=True)
    made.set_rcode(rcode)
    made.id = changes.get("id", made.id)
    made.flags |= changes.get("flags", 0)
    if not edns:
        made.use_edns(False)
    question = asked.question[0]
    fitting = [address for address in addresses if (":" in address) == (question.rdtype == 28)]
    if fitting:
        made.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, fitting))
    return made.to_wire()


def server(world, respond) -> None:
    world.datagrams("9.9.9.9", 53, respond)


async def ask(world, engine="udp", query_type="A", resolvers=RESOLVERS, **limits):
    trace = world.trace(**limits)
    step = await lookup(trace, engine=engine, name=NAME, query_type=query_type, resolvers=resolvers)
    assert trace.steps == [step]
    return step


async def test_an_answer(world) -> None:
    """An answer has addresses, the resolver's name, and the datagram it came in, with its IP TTL on Linux."""
    server(world, lambda data, send: send(answer(data, TRUE), ttl=57))
    step = await ask(world)
    assert (step.failure, step.addresses, step.rcode, step.resolver) == (None, (TRUE,), 0, "9.9.9.9:53")
    (datagram,) = step.datagrams
    assert (datagram.answers, datagram.edns, datagram.malformed, datagram.stray) == (step.answers, True, False, False)
    assert datagram.ip_ttl == (57 if sys.platform == "linux" else None)


async def test_a_forged_answer_races_the_true_one(world) -> None:
    """The first acceptable answer counts, and the one that lost the race is kept beside it."""

    def respond(data, send) -> None:
        send(answer(data, FORGED, edns=False), ttl=63)
        send(answer(data, TRUE), ttl=50)

    server(world, respond)
    step = await ask(world)
    assert step.addresses == (FORGED,)
    assert [[each.value for each in datagram.answers] for datagram in step.datagrams] == [[FORGED], [TRUE]]
    assert [datagram.edns for datagram in step.datagrams] == [False, True]


async def test_a_wrong_id_is_kept_and_passed_over(world) -> None:
    """An answer with another id is no answer, but evidence; the true one that follows counts."""

    def respond(data, send) -> None:
        send(answer(data, FORGED, id=struct.unpack("!H", data[:2])[0] ^ 1))
        send(answer(data, TRUE))

    server(world, respond)
    step = await ask(world)
    assert (step.failure, step.addresses) == (None, (TRUE,))
    assert [datagram.stray for datagram in step.datagrams] == [True, False]


async def test_only_wrong_ids(world) -> None:
    """Where nothing but answers to other questions came, the failure says that."""
    server(world, lambda data, send: send(answer(data, FORGED, id=struct.unpack("!H", data[:2])[0] ^ 1)))
    step = await ask(world, dns=0.2)
    assert (step.failure, step.answers) == ("dns_reply_with_wrong_query_id", ())


async def test_another_question_is_stray(world) -> None:
    """An answer with the right id to another name is not accepted either (RFC 5452 §9.1)."""

    def respond(data, send) -> None:
        other = dns.message.make_query("other.test", "A", id=struct.unpack("!H", data[:2])[0])
        send(answer(other.to_wire(), FORGED))

    server(world, respond)
    assert (await ask(world, dns=0.2)).failure == "dns_reply_with_wrong_query_id"


async def test_garbage_is_kept_and_passed_over(world) -> None:
    """Bytes that are no DNS message are malformed; alone they are a misbehaving server."""
    server(world, lambda data, send: send(data[:2] + b"garbage"))
    step = await ask(world, dns=0.2)
    assert step.failure == "dns_server_misbehaving"
    assert all(datagram.malformed and not datagram.stray for datagram in step.datagrams)


async def test_nobody_answers(world) -> None:
    """Silence is a timeout, and the question was sent again before it was given up."""
    asked = []
    server(world, lambda data, send: asked.append(data))
    step = await ask(world, dns=0.3)
    assert (step.failure, step.datagrams) == ("generic_timeout_error", ())
    assert len(asked) == 3
    assert len(set(asked)) == 1


async def test_a_lost_packet_is_no_failure(world) -> None:
    """The answer to the second try counts."""
    asked = []

    def respond(data, send) -> None:
        asked.append(data)
        if len(asked) > 1:
            send(answer(data, TRUE))

    server(world, respond)
    assert (await ask(world, dns=0.6)).addresses == (TRUE,)


async def test_a_closed_port(world) -> None:
    """An ICMP error ends the lookup early as what it is."""
    world.refusing("9.9.9.9", 53, "udp")
    step = await ask(world, dns=30)
    assert (step.failure, step.datagrams) == ("connection_refused", ())


@pytest.mark.parametrize(
    ("rcode", "word"),
    [(2, "dns_servfail_error"), (3, "dns_nxdomain_error"), (5, "dns_refused_error"), (4, "dns_server_misbehaving")],
)
async def test_response_codes(world, rcode, word) -> None:
    """A resolver's refusal has its word and its code."""
    server(world, lambda data, send: send(answer(data, rcode=rcode)))
    step = await ask(world)
    assert (step.failure, step.rcode) == (word, rcode)


async def test_no_address_of_that_family(world) -> None:
    """A name without IPv6 is answered with nothing, which is its own failure."""
    server(world, lambda data, send: send(answer(data, TRUE)))
    assert (await ask(world, query_type="AAAA")).failure == "dns_no_answer"


async def test_ipv6_answers(world) -> None:
    """Addresses of the other family are read as well."""
    server(world, lambda data, send: send(answer(data, TRUE, "2606:2800:21f::1")))
    assert (await ask(world, query_type="AAAA")).addresses == ("2606:2800:21f::1",)


async def test_an_alias_is_kept_but_is_no_address(world) -> None:
    """A CNAME is recorded without its final dot, and without an address behind it nothing was answered."""

    def respond(data, send) -> None:
        made = dns.message.make_response(dns.message.from_wire(data))
        made.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "cdn.test."))
        send(made.to_wire())

    server(world, respond)
    step = await ask(world)
    assert (step.failure, [(each.type, each.value) for each in step.answers]) == (
        "dns_no_answer",
        [("CNAME", "cdn.test")],
    )


async def test_a_truncated_answer_is_asked_for_again(world) -> None:
    """TC leads to TCP, and the answer from there counts."""
    server(world, lambda data, send: send(answer(data, flags=dns.flags.TC)))

    async def over_tcp(reader, writer) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        reply = answer(await reader.readexactly(length), TRUE)
        writer.write(len(reply).to_bytes(2, "big") + reply[:5])
        await writer.drain()
        writer.write(reply[5:])
        await writer.drain()

    await world.site("9.9.9.9", 53, over_tcp)
    step = await ask(world)
    assert (step.failure, step.addresses, len(step.datagrams)) == (None, (TRUE,), 1)


@pytest.mark.parametrize(
    ("reply", "word"), [(b"", "eof_error"), (b"\x00\x05hello", "dns_server_misbehaving")], ids=["fin", "garbage"]
)
async def test_tcp_that_breaks(world, reply, word) -> None:
    """Where the second try over TCP fails, its failure is the lookup's."""
    server(world, lambda data, send: send(answer(data, flags=dns.flags.TC)))

    async def over_tcp(reader, writer) -> None:
        await reader.read(2)
        writer.write(reply)
        await writer.drain()

    await world.site("9.9.9.9", 53, over_tcp)
    assert (await ask(world)).failure == word


async def test_the_systems_resolver_has_no_name(world) -> None:
    """The system's resolver is asked in the same way, and its address is not recorded."""
    world.datagrams("10.0.0.53", 53, lambda data, send: send(answer(data, TRUE)))
    world.network.resolver = ("10.0.0.53", 53)
    step = await ask(world, engine="system")
    assert (step.engine, step.resolver, step.addresses) == ("system", "", (TRUE,))


async def test_a_machine_without_resolver(world) -> None:
    """Without a configured resolver there is nobody to ask."""
    assert (await ask(world, engine="system")).failure == "dns_temporary_failure"


async def test_a_cut_lookup_is_kept(world) -> None:
    """A lookup that is cut from outside is recorded with the datagrams that came."""
    server(world, lambda data, send: send(data[:2] + b"garbage"))
    trace = world.trace()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await lookup(trace, engine="udp", name=NAME, query_type="A", resolvers=RESOLVERS)
    (step,) = trace.steps
    assert (step.failure, len(step.datagrams)) == ("generic_timeout_error", 1)


async def test_a_flood_is_kept_within_bounds(world) -> None:
    """Thousands of answers do not fill the record."""

    def respond(data, send) -> None:
        for _ in range(200):
            send(answer(data, FORGED))

    server(world, respond)
    assert len((await ask(world)).datagrams) == 32


def https(status: bytes = b"200 OK", media: bytes = b"application/dns-message", body: bytes | None = None):
    """A DoH server over HTTP/1.1."""

    async def handler(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        reply = answer(await reader.readexactly(length), TRUE) if body is None else body
        lines = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, media, len(reply))
        writer.write(lines + reply)
        await writer.drain()

    return handler


async def test_dns_over_https(world, authority) -> None:
    """DoH is asked at its pinned address, with its certificate verified, and recorded by its URL."""
    await world.site("8.8.8.8", 443, https(), authority.context("doh.test"))
    step = await ask(world, engine="doh")
    assert (step.failure, step.addresses, step.resolver) == (None, (TRUE,), "https://doh.test/dns-query")
    assert step.datagrams == ()


async def test_a_doh_server_that_is_not_itself(world, authority, stranger) -> None:
    """Nothing is asked of a DoH server whose certificate is another's or nobody's."""
    await world.site("8.8.8.8", 443, https(), authority.context("other.test"))
    assert (await ask(world, engine="doh")).failure == "ssl_invalid_hostname"
    await world.site("8.8.8.8", 443, https(), stranger.context("doh.test"))
    assert (await ask(world, engine="doh")).failure == "ssl_unknown_authority"


@pytest.mark.parametrize(
    "server_",
    [
        {"status": b"403 Forbidden"},
        {"media": b"text/html"},
        {"body": b"not dns"},
    ],
)
async def test_a_doh_server_that_answers_something_else(world, authority, server_) -> None:
    """A refusal, a page, and garbage are a server that misbehaves."""
    await world.site("8.8.8.8", 443, https(**server_), authority.context("doh.test"))
    assert (await ask(world, engine="doh")).failure == "dns_server_misbehaving"


async def test_doh_over_nothing(world) -> None:
    """A DoH server that cannot be reached fails as its connection did."""
    world.refusing("8.8.8.8", 443)
    assert (await ask(world, engine="doh")).failure == "connection_refused"


@pytest.mark.parametrize("text", ["", "9.9.9.9:0", "9.9.9.9:99999", "9.9.9.9:x", "resolver.test", "[::1"])
def test_bad_resolvers(text) -> None:
    """What is no address of a resolver is refused."""
    if text == "[::1":
        assert endpoint(text) == ("::1", 53)
        return
    with pytest.raises(ValueError):
        endpoint(text)


async def test_an_engine_that_is_not_configured_is_our_mistake(world) -> None:
    """Asking a resolver that nobody named is an error of the caller, not of the network."""
    nobody = Resolvers(udp=None, doh=None)
    for engine in ("udp", "doh"):
        with pytest.raises(ValueError, match="configured"):
            await ask(world, engine=engine, resolvers=nobody)
    clear = Resolvers(doh=DoHServer(url="http://doh.test/", address="8.8.8.8"))
    with pytest.raises(ValueError, match="https"):
        await ask(world, engine="doh", resolvers=clear)


async def test_flags_and_edns_are_kept(world) -> None:
    """Header flags, the size that EDNS offers and its options stand with each datagram; flags with the answer."""

    def respond(data, send) -> None:
        made = dns.message.from_wire(answer(data, TRUE, flags=dns.flags.AD))
        made.use_edns(0, payload=4096, options=[dns.edns.GenericOption(3, b"nsid")])
        send(made.to_wire())
        send(answer(data, FORGED, edns=False))

    server(world, respond)
    step = await ask(world)
    full, bare = step.datagrams
    assert (full.edns_payload, full.edns_options, full.flags & dns.flags.AD) == (4096, (3,), dns.flags.AD)
    assert (bare.edns_payload, bare.edns_options, bare.flags & dns.flags.AD) == (None, (), 0)
    assert step.flags == full.flags
    plain = (await ask(world, engine="udp", query_type="AAAA")).datagrams[-1]
    assert plain.flags is not None


async def test_addresses_are_told_before_the_listening_ends(world) -> None:
    """Who only wants the addresses has them while late answers are still listened for; the step keeps those too."""
    server(world, lambda data, send: (send(answer(data, TRUE)), send(answer(data, FORGED))))
    trace = world.trace(dns_linger=30.0, dns=30.0)
    early = asyncio.get_running_loop().create_future()
    asking = asyncio.create_task(
        lookup(trace, engine="udp", name=NAME, query_type="A", resolvers=RESOLVERS, early=early)
    )
    assert await early == (TRUE,)
    assert trace.steps == []
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    (step,) = trace.steps
    assert (step.failure, step.addresses) == (None, (TRUE,))


async def test_early_is_told_of_failures_too(world) -> None:
    """Nobody waits for addresses that will never come."""
    world.refusing("9.9.9.9", 53, "udp")
    early = asyncio.get_running_loop().create_future()
    trace = world.trace(dns=0.5)
    step = await lookup(trace, engine="udp", name=NAME, query_type="A", resolvers=RESOLVERS, early=early)
    assert await early == ()
    assert (step.failure, step.icmp, step.router) == ("connection_refused", (3, 3), "")


async def test_over_tls(world, authority) -> None:
    """DNS over TLS is asked at the pinned address; a certificate for another name is refused."""

    async def serve(reader, writer) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        made = answer(await reader.readexactly(length), TRUE)
        writer.write(len(made).to_bytes(2, "big") + made)
        await writer.drain()

    await world.site("9.9.9.9", 853, serve, authority.context("dot.test"))
    right = Resolvers(udp=None, doh=None, dot=DoTServer(name="dot.test", address="9.9.9.9"))
    step = await ask(world, engine="dot", resolvers=right)
    assert (step.failure, step.addresses, step.resolver) == (None, (TRUE,), "tls://dot.test")
    wrong = Resolvers(udp=None, doh=None, dot=DoTServer(name="other.test", address="9.9.9.9"))
    assert (await ask(world, engine="dot", resolvers=wrong)).failure == "ssl_invalid_hostname"
    with pytest.raises(ValueError, match="DNS-over-TLS"):
        await ask(world, engine="dot", resolvers=Resolvers())
