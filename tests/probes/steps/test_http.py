"""One request, and everything that can come back."""

from __future__ import annotations

import asyncio
import gzip

import h2.config
import h2.connection
import h2.events
import pytest

from probes.steps.http import TOO_MANY_REDIRECTS, fetch
from probes.steps.request import Visit
from probes.steps.tcp import connect
from probes.steps.tls import handshake
from probes.steps.url import parse

ADDRESS, NAME = "93.184.216.34", "kloop.test"


def respond(raw: bytes, *, then=None, seen: list[bytes] | None = None):
    """A server that answers every request with `raw`."""

    async def handler(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        writer.write(raw)
        await writer.drain()
        if then is not None:
            await then(reader, writer)

    return handler


def page(body: bytes = b"hello", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


async def visit(world, handler, *, url: str = f"http://{NAME}/", last: bool = False, brief: bool = False, **limits):
    """The record of one GET in clear text, and where it leads."""
    await world.site(ADDRESS, 80, handler)
    trace = world.trace(**limits)
    channel = await connect(trace, ADDRESS, 80)
    target = await fetch(trace, Visit(), channel, parse(url), last=last, brief=brief)
    channel.close()
    return trace.steps[-1], target


async def test_a_page(world) -> None:
    """Status, headers, body and the time of the first byte are recorded."""
    raw = page(b"<title>Kloop</title>", b"Server: nginx", b"Server: again")
    step, target = await visit(world, respond(raw))
    assert (step.failure, step.status, step.protocol, target) == (None, 200, "HTTP/1.1", None)
    assert [value for name, value in step.headers if name == "Server"] == ["nginx", "again"]
    assert (step.body.length, step.body.title, step.body.truncated) == (20, "Kloop", False)
    assert 0 <= step.first_byte <= step.duration


async def test_the_request_is_a_browsers(world) -> None:
    """Nothing in the request says that it is a probe, and what is recorded is what was sent."""
    seen: list[bytes] = []
    step, _ = await visit(world, respond(page(), seen=seen), url=f"http://{NAME}:80/a?b=c")
    (head,) = seen
    assert head.startswith(b"GET /a?b=c HTTP/1.1\r\nHost: kloop.test\r\nUser-Agent: Mozilla/5.0 ")
    assert b"python" not in head.lower()
    assert dict(step.request_headers)["Accept-Encoding"] == "gzip, deflate"


async def test_cookies_and_referer_travel_along(world) -> None:
    """A cookie that was set is sent on the next request of the same visit, with the page it came from."""
    seen: list[bytes] = []
    await world.site(ADDRESS, 80, respond(page(b"", b"Set-Cookie: visited=yes; Path=/"), seen=seen))
    trace, walk = world.trace(), Visit()
    for referer in (None, f"http://{NAME}/"):
        channel = await connect(trace, ADDRESS, 80)
        await fetch(trace, walk, channel, parse(f"http://{NAME}/next"), referer=referer)
        channel.close()
    assert b"Cookie" not in seen[0]
    assert b"\r\nCookie: visited=yes\r\n" in seen[1]
    assert b"\r\nReferer: http://kloop.test/\r\n" in seen[1]


async def test_a_cookie_that_nobody_can_read(world) -> None:
    """A cookie with an impossible date is left out without a word, and the visit goes on."""
    raw = page(b"", b"Set-Cookie: a=b; Expires=Wed, 21 Ogt 2015 07:28:00 GMT")
    step, _ = await visit(world, respond(raw))
    assert (step.failure, step.status) == (None, 200)


async def test_nobody_is_named_in_the_record(world) -> None:
    """Addresses in headers, body and URL are scrubbed; a Location keeps its host and is followed as it is."""
    raw = page(b"you are 198.51.100.7", b"X-You: 198.51.100.7", b"Location: http://104.1.2.3/?ip=198.51.100.7")
    raw = raw.replace(b"200 OK", b"302 Found")
    step, target = await visit(world, respond(raw), url=f"http://{NAME}/?me=198.51.100.7")
    assert target.url == "http://104.1.2.3/?ip=198.51.100.7"
    assert dict(step.headers)["Location"] == "http://104.1.2.3/?ip=[scrubbed]"
    assert "198.51.100.7" not in str(step)


@pytest.mark.parametrize("status", [b"301 x", b"302 x", b"303 x", b"307 x", b"308 x"])
async def test_redirects(world, status) -> None:
    """Each of the five redirects leads on."""
    step, target = await visit(world, respond(page(b"", b"Location: /next", status=status)))
    assert (step.failure, target.url) == (None, f"http://{NAME}/next")


@pytest.mark.parametrize(
    ("status", "headers"),
    [(b"200 OK", [b"Location: /next"]), (b"302 x", []), (b"304 x", [b"Location: /n"]), (b"302 x", [b"Location: tg:x"])],
)
async def test_what_is_no_redirect(world, status, headers) -> None:
    """Without the status, without a Location, or out of the web, the page is the end of the walk."""
    step, target = await visit(world, respond(page(b"", *headers, status=status)))
    assert (step.failure, target) == (None, None)


async def test_redirects_that_fail(world) -> None:
    """A host that cannot exist and one redirect too many are failures of the response that asked for them."""
    step, target = await visit(world, respond(page(b"", b"Location: https://", status=b"302 x")))
    assert (step.failure, step.status, target) == ("http_invalid_redirect_location_host", 302, None)
    step, target = await visit(world, respond(page(b"", b"Location: /next", status=b"302 x")), last=True)
    assert (step.failure, target, step.body.truncated) == (TOO_MANY_REDIRECTS, None, False)


async def test_reset_instead_of_an_answer(world, reset) -> None:
    """A RST after the request is a reset without status."""

    async def handler(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        reset(writer)

    step, _ = await visit(world, handler)
    assert (step.failure, step.status, step.body, step.first_byte) == ("connection_reset", None, None, None)


async def test_fin_instead_of_an_answer(world) -> None:
    """A closed connection without an answer is an end of file."""
    step, _ = await visit(world, respond(b""))
    assert step.failure == "eof_error"


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_a_body_that_breaks_off(world, reset, how) -> None:
    """What came of a body before it broke off is kept, and marked as truncated."""

    async def end(reader, writer) -> None:
        await asyncio.sleep(0.05)  # or the RST overtakes the bytes before it
        if how == "rst":
            reset(writer)

    step, _ = await visit(world, respond(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", then=end))
    assert step.failure == {"fin": "eof_error", "rst": "connection_reset"}[how]
    assert (step.status, step.body.length, step.body.truncated, step.body.kept) == (200, 4, True, b"half")


async def test_headers_that_drip(world) -> None:
    """A server that sends one byte now and then does not outlast the limit of the whole exchange."""

    async def drip(reader, writer) -> None:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    step, _ = await visit(world, respond(b"HTTP/1.1 200 OK\r\nX: ", then=drip), http=0.3)
    assert (step.failure, step.status) == ("generic_timeout_error", None)


async def test_a_body_that_drips(world) -> None:
    """The same limit ends a body that never does, and what came of it is there."""

    async def drip(reader, writer) -> None:
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    step, _ = await visit(world, respond(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then=drip), http=0.3)
    assert (step.failure, step.status, step.body.truncated) == ("generic_timeout_error", 200, True)
    assert step.body.length > 0


async def test_an_endless_header(world) -> None:
    """A header without end is cut off by its size."""

    async def more(reader, writer) -> None:
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    step, _ = await visit(world, respond(b"HTTP/1.1 200 OK\r\nX: ", then=more))
    assert step.failure.startswith("unknown_failure: ")


async def test_too_many_headers(world) -> None:
    """Thousands of small headers are refused by their number."""
    step, _ = await visit(world, respond(page(b"", *[b"X: y"] * 1000)))
    assert step.failure == "unknown_failure: more than 256 response headers"


async def test_interim_responses_without_end(world) -> None:
    """Endless 1xx responses are no response."""
    step, _ = await visit(world, respond(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50))
    assert step.failure.startswith("unknown_failure: ")


async def test_interim_responses_are_passed_over(world) -> None:
    """A hint before the answer is not the answer."""
    step, _ = await visit(world, respond(b"HTTP/1.1 103 Early Hints\r\n\r\n" + page()))
    assert (step.failure, step.status) == (None, 200)


async def test_garbage(world) -> None:
    """What is no HTTP is named by what the parser says."""
    step, _ = await visit(world, respond(b"\x00\x01\x02 nonsense from 198.51.100.7\r\n\r\n"))
    assert step.failure.startswith("unknown_failure: ")
    assert "198.51.100.7" not in step.failure


async def test_a_gzip_bomb(world) -> None:
    """A bomb is cut at the limit, and that is no failure."""
    bomb = gzip.compress(bytes(32 << 20))
    step, _ = await visit(world, respond(page(bomb, b"Content-Encoding: gzip")), body=100_000)
    assert (step.failure, step.body.length, step.body.truncated) == (None, 100_000, True)


async def test_broken_compression(world) -> None:
    """A body that is not compressed as announced is a failure with its status."""
    step, _ = await visit(world, respond(page(b"plain", b"Content-Encoding: gzip")))
    assert (step.status, step.failure[:16]) == (200, "unknown_failure:")


async def test_a_body_without_length(world) -> None:
    """A body that ends with the connection is whole."""
    step, _ = await visit(world, respond(b"HTTP/1.0 200 OK\r\n\r\nold"))
    assert (step.failure, step.protocol, step.body.kept) == (None, "HTTP/1.0", b"old")


async def secure_visit(world, context, handler, **limits):
    """The record of one GET over TLS."""
    await world.site(ADDRESS, 443, handler, context)
    trace = world.trace(**limits)
    stream = await connect(trace, ADDRESS, 443)
    channel = await handshake(trace, stream, NAME)
    await fetch(trace, Visit(), channel, parse(f"https://{NAME}/a?b"))
    stream.close()
    return trace.steps[-1]


async def test_over_tls(world, authority) -> None:
    """A page over TLS that is large and fine is not kept; a refusal is."""
    step = await secure_visit(world, authority.context(NAME), respond(page(bytes(50_000))))
    assert (step.failure, step.body.length, step.body.kept) == (None, 50_000, None)
    refusal = respond(page(bytes(50_000), status=b"451 x"))
    assert (await secure_visit(world, authority.context(NAME), refusal)).body.kept == bytes(50_000)


async def test_a_reset_within_tls(world, authority, reset) -> None:
    """A RST in the middle of a body over TLS is a reset, with what came before it."""

    async def end(reader, writer) -> None:
        await asyncio.sleep(0.05)
        reset(writer)

    handler = respond(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", then=end)
    step = await secure_visit(world, authority.context(NAME), handler)
    assert (step.failure, step.body.length) == ("connection_reset", 4)


def http2(answer, seen: list[list[tuple[bytes, bytes]]] | None = None):
    """An HTTP/2 server: `answer(connection, stream)` is called for each request."""

    async def handler(reader, writer) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    if seen is not None:
                        seen.append(list(event.headers))
                    answer(connection, event.stream_id)
            writer.write(connection.data_to_send())
            await writer.drain()

    return handler


async def test_http2(world, authority) -> None:
    """Where ALPN chose HTTP/2 it is spoken, with the host as authority and without the connection's headers."""
    seen: list[list[tuple[bytes, bytes]]] = []

    def answer(connection, stream) -> None:
        connection.send_headers(stream, [(":status", "200"), ("server", "x")])
        connection.send_data(stream, b"two", end_stream=True)

    step = await secure_visit(world, authority.context(NAME, alpn=("h2",)), http2(answer, seen))
    assert (step.failure, step.status, step.protocol, step.headers) == (None, 200, "HTTP/2", (("server", "x"),))
    assert step.body.kept == b"two"
    sent = dict(seen[0])
    assert (sent[b":authority"], sent[b":path"], b"connection" in sent) == (b"kloop.test", b"/a?b", False)


async def test_http2_bodies_flow(world, authority) -> None:
    """A body larger than the flow-control window arrives whole; one larger than the limit is cut."""
    left = {}

    def pump(connection, stream) -> None:
        while left[stream] and (room := min(connection.local_flow_control_window(stream), 16_384, left[stream])):
            left[stream] -= room
            connection.send_data(stream, bytes(room), end_stream=not left[stream])

    async def handler(reader, writer) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    left[event.stream_id] = 300_000
                    connection.send_headers(event.stream_id, [(":status", "200")])
            for stream in list(left):
                pump(connection, stream)
            writer.write(connection.data_to_send())
            await writer.drain()

    context = authority.context(NAME, alpn=("h2",))
    whole = await secure_visit(world, context, handler)
    assert (whole.failure, whole.body.length, whole.body.truncated) == (None, 300_000, False)
    cut = await secure_visit(world, context, handler, body=100_000)
    assert (cut.failure, cut.body.length, cut.body.truncated) == (None, 100_000, True)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (lambda connection, stream: connection.reset_stream(stream, 2), "unknown_failure: http2 stream reset"),
        (lambda connection, stream: connection.close_connection(1), "unknown_failure: http2 connection ended"),
    ],
)
async def test_http2_that_ends_early(world, authority, answer, word) -> None:
    """A reset stream and a closed connection are named, not waited for."""
    step = await secure_visit(world, authority.context(NAME, alpn=("h2",)), http2(answer))
    assert step.failure.startswith(word)


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["fin", "http1"])
async def test_http2_that_is_none(world, authority, raw) -> None:
    """A server that promised HTTP/2 and closes, or speaks something else, fails in words."""

    async def handler(reader, writer) -> None:
        await reader.read(65536)
        writer.write(raw)
        await writer.drain()

    step = await secure_visit(world, authority.context(NAME, alpn=("h2",)), handler)
    assert step.failure == "eof_error" or step.failure.startswith("unknown_failure: ")


async def test_a_first_request_forgets_earlier_visits(world) -> None:
    """The request of one visit carries no cookie into the next, though it is made once for all of them."""
    setting = respond(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n")
    first, _ = await visit(world, setting)
    again, _ = await visit(world, setting)
    assert first.request_headers[1:] == again.request_headers[1:]
    assert "cookie" not in {name.lower() for name, _ in again.request_headers}


async def test_a_brief_fetch_keeps_little_of_a_large_page(world) -> None:
    """A large page that came with success is length and title; one that came without is evidence."""
    page = b"<title>News</title>" + b"x" * 20_000
    for status, kept in ((b"200 OK", False), (b"403 Forbidden", True)):
        answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(page) + page
        step, _ = await visit(world, respond(answer), brief=True)
        assert (step.body.length, step.body.title) == (len(page), "News")
        assert (step.body.kept is not None, step.body.sha256 is not None) == (kept, kept)
