"""QUIC at hostile and odd places: garbage, silence, floods, forged versions, and streams that break off."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

pytest.importorskip("aioquic", reason="needs the extra `quic`")

from probes.failure import NamedError, quic_failure
from probes.initial import server_name
from probes.steps import quic
from probes.steps.exchange import Outgoing
from probes.steps.http3 import HTTP3Exchange
from probes.steps.versions import ask_versions, offered

ADDRESS = "192.0.2.80"


async def test_garbage_is_no_answer(world) -> None:
    """Bytes that are not QUIC are counted and otherwise ignored: the attempt times out."""
    chance = random.Random(3)
    world.datagrams(ADDRESS, 443, lambda data, send: [send(chance.randbytes(n)) for n in (0, 1, 7, 60, 1200)])
    trace = world.trace(quic=0.4)
    assert await quic.handshake(trace, ADDRESS, 443, "kloop.kg") is None
    (step,) = trace.steps
    assert step.failure == "generic_timeout_error"
    assert step.bytes_received >= 1268
    assert step.first_byte is not None


async def test_mangled_answers_end_as_failures(world) -> None:
    """Our own datagrams sent back, cut, or with bits flipped, never raise out of the probe."""
    chance = random.Random(4)

    def mangle(data, send) -> None:
        for _ in range(20):
            raw = bytearray(data)
            for _ in range(chance.randrange(1, 40)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            send(bytes(raw[: chance.randrange(1, len(raw))]))
        send(data)

    world.datagrams(ADDRESS, 443, mangle)
    trace = world.trace(quic=0.4)
    assert await quic.handshake(trace, ADDRESS, 443, "kloop.kg") is None
    assert trace.steps[0].failure is not None


async def test_a_flood_is_cut_off(world, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends without end is cut off by a bound on bytes, not only by the clock."""
    monkeypatch.setattr("probes.steps.quic_stream._LONGEST", 50_000)
    world.datagrams(ADDRESS, 443, lambda data, send: [send(os.urandom(30_000)) for _ in range(3)])
    trace = world.trace(quic=20.0)
    assert await quic.handshake(trace, ADDRESS, 443, "kloop.kg") is None
    assert trace.steps[0].failure == "unknown_failure: quic: endless answer"


async def test_cancelled(world) -> None:
    """A cancelled attempt keeps its step and leaves no socket in the loop."""
    world.datagrams(ADDRESS, 443, lambda data, send: None)
    trace = world.trace(quic=30.0)
    attempts = [asyncio.create_task(quic.handshake(trace, ADDRESS, 443, "kloop.kg")) for _ in range(5)]
    attempts += [asyncio.create_task(ask_versions(trace, ADDRESS, 443)) for _ in range(5)]
    await asyncio.sleep(0.05)
    for each in attempts:
        each.cancel()
    done = await asyncio.gather(*attempts, return_exceptions=True)
    assert {type(each) for each in done} == {asyncio.CancelledError}
    assert [step.failure for step in trace.steps] == ["generic_timeout_error"] * 10


async def test_no_way_there(world) -> None:
    """Without a route nothing is sent, and the failure says so."""
    trace = world.trace(quic=1.0)
    assert await quic.handshake(trace, "2001:db8::1", 443, "kloop.kg") is None
    assert await ask_versions(trace, "2001:db8::1", 443) == ()
    assert [(step.failure, step.bytes_received) for step in trace.steps] == [("network_unreachable", 0)] * 2


async def test_versions_forged_for_somebody_else(world) -> None:
    """Only who saw the offer can repeat its connection ids; a list without them counts for nothing."""
    blind = bytes.fromhex("80 00000000 08 0000000000000000 08 0000000000000000 00000001")
    world.datagrams(ADDRESS, 443, lambda data, send: send(blind))
    trace = world.trace(quic=0.3)
    assert await ask_versions(trace, ADDRESS, 443) == ()
    assert (trace.steps[0].failure, trace.steps[0].bytes_received > 0) == ("generic_timeout_error", True)
    assert offered(blind) == ("1",)


class Script:
    """A channel that plays a response in small pieces."""

    alpn = "h3"
    peer = (ADDRESS, 443)

    def __init__(self, data: bytes, piece: int = 3) -> None:
        self.rest, self.piece, self.written = data, piece, b""

    async def read(self, most: int) -> bytes:
        data, self.rest = self.rest[: self.piece], self.rest[self.piece :]
        return data

    async def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        pass


REQUEST = Outgoing(
    method=b"GET", scheme=b"https", authority=b"a.kg", target=b"/", headers=((b"Host", b"a.kg"), (b"Accept", b"*/*"))
)
OK = bytes.fromhex("01 03 0000 d9")
"""A HEADERS frame with `:status: 200` out of the static table (RFC 9204 appendix A, entry 25)."""


async def spoken(data: bytes) -> tuple[int, bytes]:
    exchange = HTTP3Exchange(Script(data))
    head = await exchange.ask(REQUEST)
    body = b""
    while chunk := await exchange.chunk():
        body += chunk
    return head.status, body


async def test_frames_in_any_cut() -> None:
    """Frames of unknown types and trailers are skipped, empty ones do not end the body."""
    grease = bytes.fromhex("21 02 abcd")
    data = grease + OK + bytes.fromhex("00 00") + b"\x00\x05hello" + grease + b"\x00\x01!" + OK
    assert await spoken(data) == (200, b"hello!")


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"", "eof_error"),
        (OK[:3], "eof_error"),
        (OK + b"\x00\x05hel", "eof_error"),
        (b"\x00\x01x", "unknown_failure: http3: a body before its headers"),
        (b"\x01\x01\xff", "unknown_failure: http3: unreadable headers"),
        (bytes.fromhex("01 bfffffff"), "unknown_failure: http3: a frame that is too long"),
        (bytes.fromhex("01 03 0000 d1"), "unknown_failure: the response has no status"),
    ],
)
async def test_broken_responses(data: bytes, failure: str) -> None:
    """Each way to break HTTP/3 has its word, and none reads without bounds."""
    with pytest.raises(NamedError) as met:
        await spoken(data)
    assert met.value.failure == failure


def test_names_in_initials() -> None:
    """What is no Initial, or one that was damaged, shows no name."""
    chance = random.Random(5)
    for size in (0, 1, 6, 20, 1200):
        assert server_name([chance.randbytes(size), bytes([0xC3]) + chance.randbytes(size)]) is None


@pytest.mark.parametrize(
    ("code", "reason", "word"),
    [
        (0x100 + 48, "", "ssl_unknown_authority"),
        (0x100 + 45, "", "ssl_invalid_certificate"),
        (0x100 + 112, "", "ssl_invalid_hostname"),
        (0x100 + 40, "handshake failure", "ssl_failed_handshake"),
        (0x02, "", "connection_refused"),
        (0x01, "Idle timeout", "generic_timeout_error"),
        (0x0A, "you are 192.0.2.7", "eof_error"),
    ],
)
def test_words(code: int, reason: str, word: str) -> None:
    """Closing codes have OONI's words, and what the peer said is scrubbed."""
    found, said = quic_failure(code, reason)
    assert found == word
    assert "192.0.2.7" not in said
