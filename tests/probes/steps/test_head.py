"""Ordinary response heads, read at one go, are what h11 makes of them."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.steps import head

STATUS = st.sampled_from(
    [b"200 OK", b"301 Moved", b"403", b"404 ", b"451 Unavailable For Legal Reasons", b"204 x", b"100 x"]
)
NAMES = st.sampled_from(
    [b"Server", b"content-length", b"Content-Length", b"Transfer-Encoding", b"X-1", b"Bad Name", b""]
)
VALUES = st.sampled_from(
    [b"5", b" 5 ", b"\t5", b"", b"nginx/1.2", b"5, 5", b"-1", b"\xd0\x9a", b"a\x00b", b"a\nb", b"chunked"]
)
LINES = st.lists(st.tuples(NAMES, VALUES), max_size=4)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"])


def by_h11(received: bytes) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
    """Status, headers and body as h11 reads them; RemoteProtocolError where it cannot."""
    state = h11.Connection(h11.CLIENT)
    state.send(h11.Request(method="GET", target="/", headers=[("Host", "kloop.test")]))
    state.send(h11.EndOfMessage())
    state.receive_data(received)
    response = state.next_event()
    assert isinstance(response, h11.Response)
    data = state.next_event()
    body = bytes(data.data) if isinstance(data, h11.Data) else b""
    return response.status_code, tuple(response.headers.raw_items()), body


@given(
    version=st.sampled_from([b"1.1", b"1.1", b"1.0", b"2"]),
    status=STATUS,
    lines=LINES,
    end=ENDS,
    rest=st.binary(max_size=9),
)
def test_what_is_read_at_one_go_is_read_alike_by_h11(version, status, lines, end, rest) -> None:
    """Whatever is taken for ordinary has the status, headers and body that h11 finds."""
    written = b"".join(name + b":" + value + end for name, value in lines)
    received = b"HTTP/" + version + b" " + status + end + written + end + rest
    found = head.read(received)
    if found is not None:
        body = received[found.size : found.size + found.length]
        assert (found.status, found.headers, body) == by_h11(received)


def test_an_ordinary_head_is_read() -> None:
    """What nginx sends needs no h11; names keep their case, values lose the blanks around them."""
    received = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nX-Empty:\r\nContent-Length:  4 \r\n\r\nhalf and more"
    found = head.read(received)
    assert found == head.PlainHead(
        status=200,
        headers=((b"Server", b"nginx"), (b"X-Empty", b""), (b"Content-Length", b"4")),
        size=received.index(b"half"),
        length=4,
    )


@pytest.mark.parametrize(
    "received",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 4\n\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nContent-Length: 4\r\n\r\n",
    ],
)
def test_all_else_is_left_to_h11(received) -> None:
    """Heads that are incomplete, ambiguous, without a length or of another kind are not judged here."""
    assert head.read(received) is None


def test_a_hostile_head_takes_no_longer_than_it_is_long() -> None:
    """Blanks and colons without end do not make the search slow: it would not come back within the test's patience."""
    assert head.read(b"HTTP/1.1 200 OK\r\nX:" + b" " * 60_000) is None
    assert head.read(b"HTTP/1.1 200 OK\r\n" + b"a:\r\n" * 15_000) is None
