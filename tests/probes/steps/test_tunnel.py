"""Through a proxy: names are looked up there, and what it says of the far side is told as if it were our own."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest

from probes.kinds import Need
from probes.model import DNSLookup, HTTPRoundTrip, Limits, Target, Task, TCPConnect, TLSHandshake, VantagePoint
from probes.network import SystemNetwork
from probes.proxied import Proxied, Proxy
from probes.registry import all_probes
from probes.steps.tunnel import tunnel
from probes.testing import AddressBlock, Internet, Loopback, Site, SNIBlock
from probes.testing.proxy import FarSide

NEWS, ADDRESS = "news.example", "93.184.216.34"
INTERNET = Internet(sites=(Site(names=(NEWS,), addresses=(ADDRESS,)),))
LIMITS = Limits(dns=1, dns_linger=0.05, tcp=5, tls=1, http=1, total=20)
SPEECHES = pytest.mark.parametrize("speech", ["socks5", "http_proxy"])


async def measured(network, speech, url=f"https://{NEWS}/"):
    """A visit by the real probe from a vantage point of that kind."""
    point = VantagePoint(id="far", kind=speech)
    task = Task(target=Target(id="news", urls=(url,)), url=url, vantage=point, limits=LIMITS)
    return await all_probes()["website"].measure(task, network, lambda: datetime.now(UTC))


def inner(far) -> SystemNetwork:
    """This machine's own network, with the lab's root."""
    return SystemNetwork(roots=far.roots)


@SPEECHES
async def test_a_page_comes_through_and_its_name_was_looked_up_there(speech) -> None:
    """The proxy is given the name, nobody here asks a resolver, and the record holds no address of the proxy."""
    async with Loopback(INTERNET) as lab:
        far = lab.network("far")
        async with FarSide(speech, far, INTERNET, user="me", password="p:w") as door:
            found = await measured(Proxied(inner(far), door.proxy), speech)
            assert door.asked == [(NEWS, 443)]
    assert [type(step) for step in found.steps] == [TCPConnect, TLSHandshake, HTTPRoundTrip]
    connect, handshake, trip = found.steps
    assert (connect.address, connect.failure, connect.tcp_info) == (NEWS, None, None)
    assert (handshake.failure, handshake.tcp_info, trip.status) == (None, None, 200)
    assert found.vantage.kind == speech
    assert "127.0.0.1" not in repr(found)


@SPEECHES
@pytest.mark.parametrize(
    ("rule", "step", "words"),
    [
        (AddressBlock(address=ADDRESS, action="refuse"), TCPConnect, {"connection_refused", "host_unreachable"}),
        (SNIBlock(names=(NEWS,), action="close"), TLSHandshake, {"eof_error", "connection_reset"}),
    ],
)
async def test_what_a_censor_does_there_is_seen_here(speech, rule, step, words) -> None:
    """A refused address fails in connecting, a shown name in the handshake."""
    async with Loopback(INTERNET) as lab:
        far = lab.network("far", rules=(rule,))
        async with FarSide(speech, far, INTERNET) as door:
            found = await measured(Proxied(inner(far), door.proxy), speech)
    last = found.steps[-1]
    assert isinstance(last, step)
    assert last.failure in words


@SPEECHES
async def test_a_name_that_is_unknown_there_fails_in_connecting(speech) -> None:
    """Of names the proxy says no more than that it did not get there: no lookup is recorded."""
    async with Loopback(INTERNET) as lab:
        far = lab.network("far")
        async with FarSide(speech, far, INTERNET) as door:
            found = await measured(Proxied(inner(far), door.proxy), speech, "https://nowhere.example/")
    assert not any(isinstance(step, DNSLookup) for step in found.steps)
    assert [step.failure for step in found.steps] == ["host_unreachable"]


@SPEECHES
async def test_a_proxy_that_does_not_serve_us_is_this_machines_fault(speech) -> None:
    """A closed port, and a wrong password, are failures from which no rule accuses a network."""
    async with Loopback(INTERNET) as lab:
        far = lab.network("far")
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = Proxy(speech=speech, address="127.0.0.1", port=closed.getsockname()[1])
            found = await measured(Proxied(inner(far), nobody), speech)
            assert [step.failure for step in found.steps] == ["network_down"]
        async with FarSide(speech, far, INTERNET, user="me", password="right") as door:
            at = door.proxy
            wrong = Proxy(speech=speech, address=at.address, port=at.port, user="me", password="wrong")
            found = await measured(Proxied(inner(far), wrong), speech)
            assert [step.failure for step in found.steps] == ["permission_denied"]
            assert door.asked == []


class Said:
    """A proxy that says these bytes, whatever it is asked."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    async def read(self, most: int) -> bytes:
        """The next of them."""
        head, self.data = self.data[:most], self.data[most:]
        return head

    async def write(self, data: bytes) -> None:
        """Nobody listens."""


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"\x05\xff", b"\x05\x00\x05\x00\x00", b"\x04\x00"])
async def test_nonsense_of_a_socks_proxy_is_a_fault(said) -> None:
    """It ends as OSError, never as a connection."""
    with pytest.raises(OSError, match=r"down|denied"):
        await tunnel(Said(said), Proxy(speech="socks5", address="192.0.2.1", port=1080), NEWS, 443)


@pytest.mark.parametrize("said", [b"", b"\r\n\r\n", b"HTTP/1.1 x\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"a" * 20_000])
async def test_nonsense_of_an_http_proxy_is_a_fault(said) -> None:
    """It ends as OSError, and an endless head is not read to its end."""
    pipe = Said(said)
    with pytest.raises(OSError, match=r"down|denied"):
        await tunnel(pipe, Proxy(speech="http_proxy", address="192.0.2.1", port=3128), NEWS, 443)


def test_only_visits_are_made_through_a_proxy() -> None:
    """Whatever needs a resolver of its own, UDP or hop counts lacks a line."""
    task = Task(target=Target(id="n", urls=()), url="", vantage=VantagePoint(id="far", kind="socks5"))
    able = [name for name, probe in all_probes().items() if Need.LINE not in probe.lacks(task)]
    assert able == ["website"]


def test_udp_does_not_go_through() -> None:
    """There is no route, whatever the address."""
    network = Proxied(SystemNetwork(), Proxy(speech="socks5", address="192.0.2.1", port=1080))
    with pytest.raises(OSError, match="unreachable"):
        network.open("9.9.9.9", 53, "udp")
    assert (network.resolver, network.screen("kloop.kg"), network.screen("10.0.0.1")) == (None, None, "private")
