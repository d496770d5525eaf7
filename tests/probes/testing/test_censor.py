"""Every rule that cuts, slows or replaces a connection, met by plain sockets and `ssl`."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from probes.testing import (
    AddressBlock,
    HostBlock,
    Interception,
    Loopback,
    Outage,
    PayloadBlock,
    SNIBlock,
    Throttle,
    block_page,
    block_redirect,
    page,
)

ADDRESS = "93.184.216.34"

PATIENCE = {TimeoutError: 0.3, ConnectionResetError: 10, ConnectionRefusedError: 10}
"""Seconds: short where silence is what is waited for, else far beyond what loopback takes."""
OTHER = "93.184.216.35"
NAMES = ("news.example",)
PAGE = block_page(b"<title>Blocked</title>", status="403 Forbidden")


@pytest.mark.parametrize(("action", "failure"), [("reset", ConnectionResetError), ("drop", TimeoutError)])
async def test_a_handshake_is_cut_by_its_server_name(internet, greet, fetch, action, failure):
    """The name in the ClientHello decides, wherever it goes; other names of the same machine pass."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(SNIBlock(names=NAMES, action=action),))
        for address in (ADDRESS, OTHER):
            with pytest.raises(failure):
                await asyncio.wait_for(greet(network, "news.example", address=address), PATIENCE[failure])
        assert (await fetch(network, "www.news.example", 443)).startswith(b"HTTP/1.1 200")
        assert (await fetch(network, "news.example", 80)).startswith(b"HTTP/1.1 200")


async def test_a_handshake_may_be_closed(internet, greet):
    """FIN in the place of a ServerHello is an end without a byte, not a reset."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(SNIBlock(names=NAMES, action="close"),))
        assert await greet(network, "news.example") == b""
        assert await greet(network, "www.news.example") != b""


async def test_bytes_injected_into_a_handshake_are_no_tls(internet, fetch):
    """A page in the place of a ServerHello is what it looks like: the wrong protocol."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(SNIBlock(names=NAMES, action=PAGE),))
        with pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"):
            await fetch(network, "news.example", 443)


async def test_an_interception_shows_the_censors_certificate(internet, fetch):
    """A forged certificate has the right name and an issuer that nobody trusts; who ignores that gets a page."""
    async with Loopback(internet) as lab:
        true, own = Interception(), Interception(response=page("A notice"))
        network = lab.network("home", rules=(SNIBlock(names=NAMES, action=true),))
        with pytest.raises(ssl.SSLCertVerificationError) as failed:
            await fetch(network, "news.example", 443)
        relayed = await fetch(network, "news.example", 443, verify=False)
        network.rules = (SNIBlock(names=NAMES, action=own),)
        replaced = await fetch(network, "news.example", 443, verify=False)
    assert failed.value.verify_code == 19  # a self-signed certificate in the chain: the foreign authority's
    assert b"<title>News</title>" in relayed
    assert b"<title>A notice</title>" in replaced


@pytest.mark.parametrize(("action", "failure"), [("reset", ConnectionResetError), ("drop", TimeoutError)])
async def test_a_request_is_cut_by_its_host(internet, fetch, action, failure):
    """The Host header of a cleartext request decides; the same name over TLS passes."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(HostBlock(names=NAMES, action=action),))
        with pytest.raises(failure):
            await asyncio.wait_for(fetch(network, "news.example", 80), PATIENCE[failure])
        assert (await fetch(network, "www.news.example", 80)).startswith(b"HTTP/1.1 200")
        assert (await fetch(network, "news.example", 443)).startswith(b"HTTP/1.1 200")


async def test_a_closed_request_gets_no_byte(internet, fetch):
    """FIN in the place of an answer is an end without anything before it, not a reset."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(HostBlock(names=NAMES, action="close"),))
        assert await fetch(network, "news.example", 80) == b""


@pytest.mark.parametrize("injection", [PAGE, block_redirect("http://blocked.example/notice")], ids=["page", "redirect"])
async def test_a_page_takes_the_place_of_the_true_one(internet, fetch, injection):
    """An injected answer arrives byte for byte."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(HostBlock(names=NAMES, action=injection),))
        assert await fetch(network, "news.example", 80) == injection.raw


@pytest.mark.parametrize("port", [80, 443])
async def test_bytes_in_the_first_data_are_enough(internet, fetch, port):
    """A payload rule sees requests and ClientHellos alike, at its endpoint only."""
    async with Loopback(internet) as lab:
        rule = PayloadBlock(contains=b"news.example", address=ADDRESS, port=port)
        network = lab.network("home", rules=(rule,))
        with pytest.raises(ConnectionResetError):
            await fetch(network, "news.example", port)
        assert await fetch(network, "news.example", 523 - port)
        network.rules = (PayloadBlock(contains=b"news.example", address="", port=0),)
        assert await fetch(network, "news.example", port)


@pytest.mark.parametrize(("action", "failure"), [("drop", TimeoutError), ("refuse", ConnectionRefusedError)])
async def test_an_address_is_cut_off(internet, connect, fetch, action, failure):
    """Packets to an address vanish or are refused, on one port or all; other ports and views are untouched."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(AddressBlock(address=ADDRESS, port=443, action=action),))
        with pytest.raises(failure):
            await asyncio.wait_for(connect(network, ADDRESS, 443), PATIENCE[failure])
        assert await fetch(network, "news.example", 80)
        assert await fetch(lab.network("away"), "news.example", 443)
        network.rules = (AddressBlock(address=ADDRESS, action=action),)
        with pytest.raises(failure):
            await asyncio.wait_for(connect(network, ADDRESS, 80), PATIENCE[failure])


@pytest.mark.parametrize(
    "rule",
    [
        AddressBlock(address=ADDRESS, action=Throttle(bytes_per_second=2000)),
        HostBlock(names=NAMES, action=Throttle(bytes_per_second=2000)),
    ],
    ids=["address", "host"],
)
async def test_a_throttled_page_trickles(internet, connect, rule):
    """The answer begins at once and in small pieces: the page is not there with the first of them."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(rule,))
        reader, writer = await asyncio.open_connection(sock=await connect(network, ADDRESS, 80))
        writer.write(b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
        first = await asyncio.wait_for(reader.read(65536), 5)
        writer.transport.abort()
    assert first.startswith(b"HTTP/1.1 200")
    assert len(first) < 2000


async def test_a_throttled_handshake_completes(internet, fetch):
    """Throttling by server name lets the handshake and, in time, the page through."""
    async with Loopback(internet) as lab:
        rule = SNIBlock(names=NAMES, action=Throttle(bytes_per_second=20_000))
        assert (await fetch(lab.network("home", rules=(rule,)), "news.example", 443)).startswith(b"HTTP/1.1 200")


async def test_an_outage_is_silence(internet, connect):
    """In an outage not even a closed port refuses."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(Outage(),))
        for port in (80, 444):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connect(network, ADDRESS, port), 0.3)


async def test_rules_change_while_the_lab_runs(internet, fetch):
    """A view's rules act on the next connection, and so does their end."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        assert await fetch(network, "news.example", 443)
        network.rules = (SNIBlock(names=NAMES),)
        with pytest.raises(ConnectionResetError):
            await fetch(network, "news.example", 443)
        network.rules = ()
        assert await fetch(network, "news.example", 443)


async def test_a_client_hello_in_pieces_is_still_read(internet, connect, client_hello):
    """A ClientHello that comes byte by byte is put together before it is judged."""
    hello = client_hello("news.example")
    async with Loopback(internet) as lab:
        loop = asyncio.get_running_loop()
        with await connect(lab.network("home", rules=(SNIBlock(names=NAMES),)), ADDRESS, 443) as sock:
            for start in range(0, len(hello), 100):
                await loop.sock_sendall(sock, hello[start : start + 100])
                await asyncio.sleep(0)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(loop.sock_recv(sock, 1), 5)
