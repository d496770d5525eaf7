"""The lab as honest networks see it: every site answers, closed ports refuse, dead addresses are silent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from probes.testing import Internet, Loopback, Outage, Response, Route, Site, page, redirect
from probes.testing.endpoints import Endpoints

ADDRESS = "93.184.216.34"

PATIENCE = {TimeoutError: 0.3, ConnectionResetError: 10, ConnectionRefusedError: 10}
"""Seconds: short where silence is what is waited for, else far beyond what loopback takes."""


async def test_a_site_answers_over_cleartext_and_tls(internet, fetch):
    """Both ports of a site give its page, and its certificate is one that the network's roots vouch for."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        clear, secret = await fetch(network, "news.example", 80), await fetch(network, "www.news.example", 443)
    assert clear.startswith(b"HTTP/1.1 200 OK\r\n")
    assert clear == secret
    assert len(clear.partition(b"\r\n\r\n")[2]) == 2000


async def test_many_requests_share_a_connection(internet, connect):
    """A connection stays open after an answer, so that the next request can follow."""
    async with Loopback(internet) as lab:
        sock = await connect(lab.network("home"), ADDRESS, 80)
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n" * 2)
        lines = [await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2000) for _ in range(2)]
        writer.transport.abort()
    assert lines[0] == lines[1]


async def test_a_site_may_tell_views_apart(internet, fetch):
    """A route that is for one view only is not given to the others."""
    async with Loopback(internet) as lab:
        home = await fetch(lab.network("home"), "news.example", 80, path="/who")
        away = await fetch(lab.network("away"), "news.example", 80, path="/who")
    assert b"You are at home" in home
    assert b"You are at home" not in away


@pytest.mark.parametrize("port", [80, 443])
async def test_a_host_that_a_site_does_not_know_gets_404(internet, fetch, port):
    """Without a fitting route the answer is 404, whatever name was asked for."""
    async with Loopback(internet) as lab:
        answer = await fetch(
            lab.network("home"), "stranger.example", port, **({"verify": False} if port == 443 else {})
        )
    assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("kind", "code"), [("expired", 10), ("wrong_host", 62), ("unknown_authority", 19), ("self_signed", 18)]
)
async def test_bad_certificates_fail_as_openssl_says(fetch, kind, code):
    """Each kind of bad certificate gives the verifier's own code: expired, other name, unknown issuer, self-signed."""
    internet = Internet(sites=(Site(names=("bad.example",), addresses=(ADDRESS,), certificate=kind),))
    async with Loopback(internet) as lab:
        with pytest.raises(ssl.SSLCertVerificationError) as failed:
            await fetch(lab.network("home"), "bad.example", 443)
    assert failed.value.verify_code == code


async def test_names_of_one_machine_may_have_different_certificates(fetch):
    """`certificates` overrides the site's kind for single names."""
    site = Site(names=("good.example", "bad.example"), addresses=(ADDRESS,), certificates={"bad.example": "expired"})
    async with Loopback(Internet(sites=(site,))) as lab:
        network = lab.network("home")
        assert (await fetch(network, "good.example", 443)).startswith(b"HTTP/1.1 200")
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            await fetch(network, "bad.example", 443)


async def test_certificates_are_valid_at_the_clocks_time(fetch):
    """A lab whose clock stands ten years back has certificates that are out of date by now."""
    internet = Internet(sites=(Site(names=("news.example",), addresses=(ADDRESS,)),))
    async with Loopback(internet, clock=lambda: datetime(2014, 1, 1, tzinfo=UTC)) as lab:
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            await fetch(lab.network("home"), "news.example", 443)


async def test_a_closed_port_refuses_and_a_foreign_address_is_silent(internet, connect):
    """A machine without a listener refuses; an address that nobody owns swallows every SYN."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        with pytest.raises(ConnectionRefusedError):
            await connect(network, ADDRESS, 444)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connect(network, "198.41.0.4", 443), 0.3)


async def test_redirects_and_headers_are_sent_as_they_are(fetch):
    """A redirect's Location goes out unchanged, broken or not, and a route's own headers stay."""
    routes = (
        Route(path="/broken", response=redirect("http://", 308)),
        Route(response=Response(headers=(("X-Own", "1"),), body=b"hello")),
    )
    async with Loopback(Internet(sites=(Site(names=("a.example",), addresses=(ADDRESS,), routes=routes),))) as lab:
        network = lab.network("home")
        broken, other = await fetch(network, "a.example", 80, path="/broken"), await fetch(network, "a.example", 80)
    assert broken.startswith(b"HTTP/1.1 308 Permanent Redirect\r\nLocation: http://\r\n")
    assert other.endswith(b"X-Own: 1\r\nContent-Length: 5\r\n\r\nhello")


async def test_a_repeated_body_is_chunked(connect):
    """A body that is sent several times has no length; its chunks end with an empty one."""
    site = Site(names=("big.example",), addresses=(ADDRESS,), routes=(Route(response=Response(body=b"ab", times=3)),))
    async with Loopback(Internet(sites=(site,))) as lab:
        reader, writer = await asyncio.open_connection(sock=await connect(lab.network("home"), ADDRESS, 80))
        writer.write(b"GET / HTTP/1.1\r\nHost: big.example\r\n\r\n")
        answer = await reader.readuntil(b"0\r\n\r\n")
        writer.transport.abort()
    assert answer.endswith(b"Transfer-Encoding: chunked\r\n\r\n" + b"2\r\nab\r\n" * 3 + b"0\r\n\r\n")


@pytest.mark.parametrize(("state", "failure"), [("silent", TimeoutError), ("refusing", ConnectionRefusedError)])
async def test_a_site_that_is_down_is_down_for_everybody(internet, connect, fetch, state, failure):
    """A site's state may be changed while the lab runs, and every view meets it, until it is changed back."""
    async with Loopback(internet) as lab:
        views = lab.network("home"), lab.network("away")
        lab.internet = internet.with_state("news.example", state)
        for view in views:
            with pytest.raises(failure):
                await asyncio.wait_for(connect(view, ADDRESS, 443), PATIENCE[failure])
        lab.internet = internet
        assert (await fetch(views[0], "news.example", 80)).startswith(b"HTTP/1.1 200")


async def test_a_transparent_proxy_hands_on_to_the_true_site(internet, fetch):
    """A proxy's address gives the page, and over TLS the certificate, of the name that is asked for."""
    proxied = Internet(sites=(*internet.sites, Site(names=(), addresses=("130.192.182.17",), forwards=True)))
    async with Loopback(proxied) as lab:
        network = lab.network("home")
        for port in (80, 443):
            answer = await fetch(network, "news.example", port, address="130.192.182.17")
            assert b"<title>News</title>" in answer


async def test_screening_judges_logical_addresses(internet):
    """Addresses are screened by what they are in the lab's internet; only `allow` exempts."""
    async with Loopback(internet) as lab:
        strict, lax = lab.network("home"), lab.network("lax", allow=(ip_network("10.0.0.0/8"),))
        assert strict.screen("127.0.0.1") == "loopback"
        assert strict.screen("10.10.34.35") == "private"
        assert strict.screen(ADDRESS) is None
        assert lax.screen("10.10.34.35") is None


async def _rest(sock: socket.socket) -> bytes:
    try:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(sock, 1), 5)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("steps", range(5))
async def test_nothing_is_left_when_the_lab_closes(internet, connect, steps):
    """Conversations under way end with the lab, by FIN or RST, and no task is left."""
    async with Loopback(internet) as lab:
        sock = await connect(lab.network("home"), ADDRESS, 80)
        sock.send(b"GET ")
        for _ in range(steps):
            await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    with sock:
        assert await _rest(sock) == b""


async def test_a_closed_lab_says_so(internet):
    """A lab that is not entered gives a plain error, not a half-working network."""
    with pytest.raises(RuntimeError, match="async with Loopback"):
        Loopback(internet).network("home")


async def test_a_fault_of_the_lab_is_raised_at_its_end(connect):
    """A mistake in the data that a server trips over is not lost in a background task."""
    broken = Site(
        names=("a.example",), addresses=(ADDRESS,), routes=(Route(response=Response(headers=(("Name", "ы"),))),)
    )
    lab = Loopback(Internet(sites=(broken,)))
    await lab.__aenter__()
    reader, writer = await asyncio.open_connection(sock=await connect(lab.network("home"), ADDRESS, 80))
    writer.write(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert await reader.read() == b""
    writer.transport.abort()
    with pytest.raises(UnicodeEncodeError):
        await lab.__aexit__(None, None, None)


@pytest.mark.parametrize(
    "noise", [b"\x00\x01\x02\x03", b"\x16\x03\x01\x00\x05hello", b"GET\r\n\r\n", b"nonsense\r\n\r\n", b""]
)
@pytest.mark.parametrize("port", [80, 443])
async def test_noise_ends_a_connection_and_nothing_else(internet, connect, fetch, noise, port):
    """What is neither a request nor a handshake is answered by closing; the next visitor is served as ever."""
    async with Loopback(internet) as lab:
        network = lab.network("home")
        with await connect(network, ADDRESS, port) as sock:
            sock.send(noise)
            sock.shutdown(socket.SHUT_WR)
            loop = asyncio.get_running_loop()
            while await asyncio.wait_for(loop.sock_recv(sock, 4096), 5):
                pass
        assert (await fetch(network, "news.example", port)).startswith(b"HTTP/1.1 200")


async def test_probes_may_run_in_another_thread(internet):
    """A socket that another thread opened is served by the lab's loop."""
    async with Loopback(internet) as lab:
        network = lab.network("home")

        def visit() -> bytes:
            sock, endpoint = network.open(ADDRESS, 80, "tcp")
            with sock:
                sock.settimeout(10)
                sock.connect(endpoint)
                sock.sendall(b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
                return sock.recv(12)

        assert threading.current_thread() is threading.main_thread()
        assert await asyncio.to_thread(visit) == b"HTTP/1.1 200"


async def test_listeners_are_made_once_and_on_demand(internet, fetch, monkeypatch):
    """A view has no socket for what nobody asked for, and one for what was asked for often."""
    made = []
    tcp = Endpoints.tcp
    monkeypatch.setattr(Endpoints, "tcp", lambda self, accepted: made.append(accepted) or tcp(self, accepted))
    async with Loopback(internet) as lab:
        network = lab.network("home")
        for _ in range(3):
            await fetch(network, "news.example", 80)
    assert len(made) == 1


def test_a_page_cannot_be_shorter_than_its_text():
    """Asking for fewer bytes than the text has is an error that tells by how many."""
    with pytest.raises(ValueError, match=r"\d+ bytes longer than asked for"):
        page("A title", length=10)


@pytest.mark.parametrize("length", range(90, 110))
def test_a_page_has_exactly_the_length_asked_for(length):
    """Padding fills any gap, also one too small for a comment."""
    assert len(page("", length=length).body) == length


def test_an_unknown_site_cannot_change_its_state(internet):
    """A name that no site has is an error, not a silent nothing."""
    with pytest.raises(KeyError, match=r"nobody\.example"):
        internet.with_state("nobody.example", "silent")


async def test_an_outage_with_the_link_down_fails_at_once(internet):
    """A link that is down is an error of the socket call, not a time-out."""
    async with Loopback(internet) as lab:
        network = lab.network("home", rules=(Outage(how="unreachable"),))
        with pytest.raises(OSError, match="unreachable"):
            network.open(ADDRESS, 80, "tcp")
