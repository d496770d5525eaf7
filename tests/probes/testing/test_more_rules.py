"""What the gallery asked of the lab: frozen flows, errors at once, other certificates, DNS by country, odd servers."""

from __future__ import annotations

import asyncio
import base64
import errno
import ssl
from dataclasses import replace

import dns.message
import pytest

from probes.testing import (
    SERVFAIL,
    AddressBlock,
    DNSForgery,
    Freeze,
    HostBlock,
    Interception,
    Internet,
    Loopback,
    NoIPv6,
    Response,
    Route,
    Site,
    SNIBlock,
)

ADDRESS = "93.184.216.34"
OTHER = "93.184.216.35"
SIX = "2606:2800:220:1::1"
LIE = "83.224.65.41"
NAMES = ("news.example",)
PORTION = 512


async def test_a_frozen_flow_falls_silent(internet, connect):
    """So many bytes of the true answer arrive, and then nothing, not even an end."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(HostBlock(names=NAMES, action=Freeze(after_bytes=PORTION)),))
        loop, received = asyncio.get_running_loop(), b""
        with await connect(network, ADDRESS, 80) as sock:
            await loop.sock_sendall(sock, b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
            while len(received) < PORTION:
                received += await loop.sock_recv(sock, 4096)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(loop.sock_recv(sock, 4096), 0.2)
    assert received.startswith(b"HTTP/1.1 200")
    assert len(received) == PORTION


@pytest.mark.parametrize(
    ("action", "number"),
    [("reset", errno.ECONNRESET), ("unreachable", errno.EHOSTUNREACH), ("denied", errno.EACCES)],
)
async def test_the_system_may_refuse_at_once(internet, fetch, action, number):
    """A connection that fails while it is opened has the errno of its reason; other addresses are untouched."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(AddressBlock(address=ADDRESS, action=action),))
        with pytest.raises(OSError) as failed:
            network.open(ADDRESS, 443, "tcp")
        assert await fetch(network, "other.example", 80, address=OTHER)
    assert failed.value.errno == number


async def test_a_place_without_ipv6_has_no_route(connect):
    """Every IPv6 address is unreachable, every IPv4 address is not."""
    async with Loopback(Internet(sites=(Site(names=NAMES, addresses=(ADDRESS, SIX)),))) as lab:
        network = lab.network("home", rules=(NoIPv6(),))
        with pytest.raises(OSError) as failed:
            network.open(SIX, 443, "tcp")
        (await connect(network, ADDRESS, 443)).close()
    assert failed.value.errno == errno.ENETUNREACH


async def test_a_server_name_is_cut_at_one_address_alone(greet):
    """With an address, the rule about a name leaves the name's other addresses alone."""
    async with Loopback(Internet(sites=(Site(names=NAMES, addresses=(ADDRESS, OTHER)),))) as lab:
        network = lab.network("home", rules=(SNIBlock(names=("*",), address=ADDRESS),))
        with pytest.raises(ConnectionResetError):
            await greet(network, "news.example")
        assert await greet(network, "news.example", address=OTHER)


@pytest.mark.parametrize(("certificate", "code"), [("self_signed", 18), ("wrong_host", 62), ("expired", 10)])
async def test_an_interception_may_show_another_certificate(internet, fetch, certificate, code):
    """Of its own making, somebody else's, or an old one: OpenSSL names the fault."""
    async with Loopback(internet) as lab:
        rule = SNIBlock(names=NAMES, action=Interception(certificate=certificate))
        with pytest.raises(ssl.SSLCertVerificationError) as failed:
            await fetch(lab.network("home", rules=(rule,)), "news.example", 443)
    assert failed.value.verify_code == code


async def test_a_giant_certificate_is_not_read_to_its_end(internet, fetch):
    """OpenSSL refuses a chain of more than a hundred kilobytes."""
    site = replace(internet.sites[0], certificate="giant")
    async with Loopback(replace(internet, sites=(site,))) as lab:
        with pytest.raises(ssl.SSLError, match="EXCESSIVE_MESSAGE_SIZE"):
            await fetch(lab.network("home"), "news.example", 443)


async def test_a_server_need_not_keep_to_http(connect):
    """Raw bytes are sent as they stand, then the body as often as it is told, then the connection ends."""
    odd = Response(raw=b"HELLO\r\n", body=b"and more\r\n", times=3)
    site = Site(names=NAMES, addresses=(ADDRESS,), routes=(Route(response=odd),))
    async with Loopback(Internet(sites=(site,))) as lab:
        loop, received = asyncio.get_running_loop(), b""
        with await connect(lab.network("home"), ADDRESS, 80) as sock:
            await loop.sock_sendall(sock, b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
            while more := await loop.sock_recv(sock, 4096):
                received += more
    assert received == b"HELLO\r\n" + 3 * b"and more\r\n"


async def test_servers_of_a_name_may_treat_a_country_apart(internet, ask, fetch):
    """Every resolver tells this network so, DNS over HTTPS included; another network hears the truth."""
    told = DNSForgery(names=NAMES, rcode=SERVFAIL, where="authority")
    query = base64.urlsafe_b64encode(dns.message.make_query("news.example", "A").to_wire()).rstrip(b"=").decode()
    async with Loopback(internet) as lab:
        network, elsewhere = lab.network("home", rules=(told,)), lab.network("abroad")
        answers = [await ask(network, "news.example", at=at, answers=2, linger=0.2) for at in (None, "9.9.9.9")]
        path = f"/dns-query?dns={query}"
        shown, true = [
            await fetch(one, "dns.google", 443, path=path, address="8.8.8.8") for one in (network, elsewhere)
        ]
    assert [[answer.rcode for answer in heard] for heard in answers] == [["SERVFAIL"], ["SERVFAIL"]]
    assert dns.message.from_wire(shown.partition(b"\r\n\r\n")[2]).rcode() == SERVFAIL
    assert dns.message.from_wire(true.partition(b"\r\n\r\n")[2]).rcode() == 0


async def test_an_answer_may_carry_the_number_of_another_question(internet, ask):
    """A garbled answer arrives, and its id fits no question that was asked."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(DNSForgery(names=NAMES, answers=(LIE,), garbled=True),))
        [one], [other] = [await ask(network, name) for name in ("news.example", "other.example")]
    assert one.addresses == (LIE,)
    assert other.addresses == (OTHER,)
