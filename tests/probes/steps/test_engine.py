"""TLS without a socket: what is offered, and how faults are told."""

from __future__ import annotations

import ssl

import pytest

from probes.steps.engine import Engine
from probes.steps.tls import client_hello

NAME = "kloop.test"


class Server:
    """Python's own TLS at the other end of two strings of bytes."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def shake(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


@pytest.fixture
def ends(authority):
    """Engine and server after a handshake."""
    engine, server = Engine(NAME), Server(authority.context(NAME, alpn=("http/1.1",)))
    ours = theirs = False
    while not (ours and theirs):
        ours = ours or engine.shake()
        server.incoming.write(engine.drain())
        theirs = theirs or server.shake()
        if server.outgoing.pending:
            engine.feed(server.outgoing.read())
    return engine, server


def say(server: Server, data: bytes) -> bytes:
    server.tls.write(data)
    return server.outgoing.read()


def extensions(hello: bytes) -> dict[int, bytes]:
    """The extensions of a ClientHello in one record (RFC 8446 §4.1.2)."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 1 + hello[at] + 2
    found = {}
    while at < len(hello):
        size = int.from_bytes(hello[at + 2 : at + 4], "big")
        found[int.from_bytes(hello[at : at + 2], "big")] = hello[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def test_the_hello_fits_into_one_packet_and_shows_the_name() -> None:
    """It is 517 bytes long, with one key share, on every machine; an address is not shown."""
    hello = client_hello(NAME)
    offered = extensions(hello)
    assert len(hello) == 517
    assert NAME.encode() in offered[0]
    assert offered[51][2:4] == b"\x00\x1d"  # X25519 …
    assert int.from_bytes(offered[51][:2], "big") == 4 + 32  # … and nothing else
    assert 0 not in extensions(client_hello("192.0.2.1"))


def test_what_was_agreed_on_is_told(ends) -> None:
    """Version, cipher, protocol and chain are those of the handshake."""
    engine, server = ends
    assert (engine.version, engine.alpn) == ("TLSv1.3", "http/1.1")
    assert engine.cipher == server.tls.cipher()[0]
    assert len(engine.chain) == 1


def test_all_that_is_there_is_read_at_once(ends) -> None:
    """Several records make one piece, bounded by what was asked for; then more bytes of the peer are needed."""
    engine, server = ends
    data = bytes(range(256)) * 200
    engine.feed(b"".join(say(server, data[at : at + 16384]) for at in range(0, len(data), 16384)))
    assert engine.read(20000) == data[:20000]
    assert engine.read(1 << 20) == data[20000:]
    assert engine.read(1) is None


def test_an_end_is_an_end_announced_or_not(ends) -> None:
    """Nothing more comes after the peer's stream has ended."""
    engine, server = ends
    engine.feed(say(server, b"last"))
    engine.feed(b"")
    assert [engine.read(9), engine.read(9), engine.read(9)] == [b"last", b"", b""]


def test_a_fault_is_told_after_what_came_before_it_and_again(ends) -> None:
    """What was decrypted before a record that was tampered with is handed over; then each read names the fault."""
    engine, server = ends
    good, bad = say(server, b"good"), bytearray(say(server, b"bad"))
    bad[-1] ^= 1
    engine.feed(good + bytes(bad))
    assert engine.read(99) == b"good"
    for _ in range(2):
        with pytest.raises(ssl.SSLError) as told:
            engine.read(99)
        assert told.value.reason == "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"
    assert engine.drain()  # the alert that says so
