"""DNS in the lab: honest resolvers, lying ones, and injectors that race the truth."""

from __future__ import annotations

import asyncio
import base64
import ssl

import dns.message
import pytest

from probes.testing import NXDOMAIN, REFUSED, DNSForgery, Internet, Loopback, Outage, Site
from probes.testing.view import FORGED_TTL, TRUE_TTL

ADDRESS = "93.184.216.34"
LIE = "83.224.65.41"


@pytest.mark.parametrize("resolver", [None, "9.9.9.9", "8.8.8.8"])
async def test_honest_resolvers_agree(internet, ask, resolver):
    """The network's own resolver and public ones give a site's addresses, follow aliases, and deny unknown names."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        [known] = await ask(network, "News.Example", at=resolver)
        [alias] = await ask(network, "cdn.example", at=resolver)
        [unknown] = await ask(network, "nowhere.example", at=resolver)
        [no_v6] = await ask(network, "news.example", at=resolver, kind="AAAA")
    assert (known.addresses, known.ttl) == ((ADDRESS,), TRUE_TTL)
    assert alias.addresses == ("news.example.", ADDRESS)
    assert unknown.rcode == "NXDOMAIN"
    assert (no_v6.rcode, no_v6.addresses) == ("NOERROR", ())


async def test_addresses_of_both_families_are_answered_as_asked(ask):
    """A goes with IPv4, AAAA with IPv6, and both addresses lead to the site."""
    site = Site(names=("six.example",), addresses=(ADDRESS, "2606:2800:220:1::1"))
    async with Loopback(Internet(sites=(site,))) as lab:
        network = lab.network("home")
        [six] = await ask(network, "six.example", kind="AAAA")
        sock, _ = network.open("2606:2800:220:1::1", 80, "tcp")
        sock.close()
    assert six.addresses == ("2606:2800:220:1::1",)


async def test_records_replace_what_every_resolver_says(internet, ask):
    """Records of the internet go before the sites' own addresses, for all resolvers; None is NXDOMAIN, () no data."""
    changed = internet.with_records("news.example", ("127.0.0.1",)).with_records("cdn.example", None)
    changed = changed.with_records("other.example", ())
    async with Loopback(changed) as lab:
        network = lab.network("home")
        [moved] = await ask(network, "news.example", at="1.1.1.1")
        [gone] = await ask(network, "cdn.example")
        [empty] = await ask(network, "other.example")
    assert moved.addresses == ("127.0.0.1",)
    assert gone.rcode == "NXDOMAIN"
    assert (empty.rcode, empty.addresses) == ("NOERROR", ())


@pytest.mark.parametrize(
    ("lie", "rcode", "addresses"),
    [
        (DNSForgery(names=("news.example",), answers=(LIE,)), "NOERROR", (LIE,)),
        (DNSForgery(names=("news.example",)), "NOERROR", ()),
        (DNSForgery(names=("news.example",), rcode=NXDOMAIN), "NXDOMAIN", ()),
        (DNSForgery(names=("*.example",), rcode=REFUSED), "REFUSED", ()),
    ],
)
async def test_a_lying_resolver_lies_alone(internet, ask, lie, rcode, addresses):
    """Only the network's own resolver lies, its lie is the one answer, and public resolvers tell the truth."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(lie,))
        own = await ask(network, "news.example", answers=2, linger=0.3)
        [public] = await ask(network, "news.example", at="9.9.9.9")
    assert [(answer.rcode, answer.addresses) for answer in own] == [(rcode, addresses)]
    assert public.addresses == (ADDRESS,)


@pytest.mark.parametrize("resolver", [None, "9.9.9.9"])
async def test_an_injector_wins_the_race(internet, ask, resolver):
    """The forged answer comes first, without EDNS and with another IP TTL; the true one follows on the same socket."""
    rule = DNSForgery(names=("news.example",), answers=(LIE,), where="wire")
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(rule,))
        forged, true = await ask(network, "news.example", at=resolver, answers=2)
        [untouched] = await ask(network, "other.example", at=resolver)
    assert (forged.addresses, forged.ttl, forged.message.edns) == ((LIE,), FORGED_TTL, -1)
    assert (true.addresses, true.ttl, true.message.edns) == ((ADDRESS,), TRUE_TTL, 0)
    assert untouched.ttl == TRUE_TTL


async def test_an_injector_answers_where_nobody_else_would(internet, ask):
    """A question to an address without any resolver gets the forged answer and no other."""
    rule = DNSForgery(names=("news.example",), rcode=NXDOMAIN, where="wire")
    async with Loopback(internet) as lab:
        answers = await ask(lab.network("home", rules=(rule,)), "news.example", at="198.41.0.4", answers=2, linger=0.3)
    assert [(answer.rcode, answer.ttl) for answer in answers] == [("NXDOMAIN", FORGED_TTL)]


@pytest.mark.parametrize("where", ["resolver", "wire"])
async def test_a_question_may_be_swallowed(internet, ask, where):
    """A dropped question is never answered, while other names are."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(DNSForgery(names=("news.example",), drop=True, where=where),))
        assert await ask(network, "news.example", bound=0.3) == []
        assert len(await ask(network, "other.example")) == 1


async def test_nobody_answers_where_no_resolver_is(internet, ask):
    """UDP to a foreign address is silent; a web server's machine says that the port is unreachable."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        assert await ask(network, "news.example", at="198.41.0.4", bound=0.3) == []
        with pytest.raises(ConnectionRefusedError):
            await ask(network, "news.example", at=ADDRESS)


async def test_an_outage_silences_resolvers_that_were_in_use(internet, ask):
    """Nothing is answered during an outage, and everything after it."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        await ask(network, "news.example")
        network.rules = (Outage(),)
        assert await ask(network, "news.example", bound=0.3) == []
        network.rules = ()
        assert len(await ask(network, "news.example")) == 1


async def test_what_is_no_question_is_ignored(internet, ask):
    """Noise and answers sent to a resolver get nothing back and do it no harm."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        sock, endpoint = network.open(*network.resolver, "udp")
        with sock:
            sock.connect(endpoint)
            sock.send(b"noise")
            sock.send(dns.message.make_response(dns.message.make_query("news.example", "A")).to_wire())
            [answer] = await ask(network, "news.example")
            with pytest.raises(BlockingIOError):
                sock.recv(1)
    assert answer.addresses == (ADDRESS,)


async def test_dns_over_https_is_beyond_the_injectors_reach(internet, fetch):
    """A public resolver's answers over HTTPS are true although every UDP question is forged; noise gets 400."""
    rule = DNSForgery(names=("news.example",), answers=(LIE,), where="wire")
    question = dns.message.make_query("news.example", "A", use_edns=0)
    encoded = base64.urlsafe_b64encode(question.to_wire()).rstrip(b"=").decode()
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(rule,))
        answer = await fetch(network, "dns.google", 443, address="8.8.8.8", path=f"/dns-query?dns={encoded}")
        wrong = await fetch(network, "dns.google", 443, address="8.8.8.8", path="/dns-query?dns=x")
        elsewhere = await fetch(network, "dns.google", 443, address="8.8.8.8", path="/")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/dns-message" in head
    assert dns.message.from_wire(body).answer[0][0].to_text() == ADDRESS
    assert wrong.startswith(b"HTTP/1.1 400 ")
    assert elsewhere.startswith(b"HTTP/1.1 404 ")


async def test_a_question_may_be_posted(internet, connect):
    """A posted question is read to its length, also where it comes in pieces, and the next request follows."""
    question = dns.message.make_query("news.example", "A").to_wire()
    head = f"POST /dns-query HTTP/1.1\r\nHost: dns.google\r\nContent-Length: {len(question)}\r\n\r\n".encode()
    async with Loopback(internet) as lab:
        network = lab.network("home")
        context = ssl.create_default_context(cadata=b"".join(network.roots))
        reader, writer = await asyncio.open_connection(
            sock=await connect(network, "8.8.8.8", 443), ssl=context, server_hostname="dns.google"
        )
        for piece in (head, question[:7], question[7:] + head, question):
            writer.write(piece)
            await writer.drain()
        for _ in range(2):
            answer_head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            length = int(answer_head.rpartition(b"Content-Length: ")[2])
            answer = dns.message.from_wire(await asyncio.wait_for(reader.readexactly(length), 10))
            assert answer.answer[0][0].to_text() == ADDRESS
        writer.transport.abort()
