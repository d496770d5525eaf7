"""What anybody on the path can read of a QUIC connection's first datagrams: the server name in its ClientHello.

An Initial packet is encrypted with keys that follow from its own header (RFC 9001 §5.2), so that nobody can forge one
by chance, and everybody can read one. Needs the extra `quic`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aioquic.buffer import Buffer
from aioquic.quic.crypto import CryptoError, CryptoPair
from aioquic.quic.packet import QuicPacketType, pull_quic_header
from aioquic.tls import Alert, pull_client_hello

_LONG = 0x80
"""The bit of a long header (RFC 8999 §5.1)."""


def server_name(datagrams: Sequence[bytes]) -> str | None:
    """The server name that a client's first datagrams show, lower case; None where they show none (yet).

    >>> server_name([b"GET / HTTP/1.1"]) is None
    True
    """
    pieces: dict[int, bytes] = {}
    try:
        for datagram in datagrams:
            pieces |= dict(_crypto(datagram))
        name = pull_client_hello(Buffer(data=_joined(pieces))).server_name
    except (ValueError, CryptoError, Alert, AssertionError, UnicodeError):
        return None
    return None if name is None else name.lower()


def _joined(pieces: dict[int, bytes]) -> bytes:
    """Pieces of a stream in order, up to the first gap."""
    whole = b""
    for start, piece in sorted(pieces.items()):
        if start <= len(whole):
            whole += piece[len(whole) - start :]
    return whole


def _crypto(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """The pieces of the TLS stream in a datagram's first packet, each with where it stands."""
    if not datagram or not datagram[0] & _LONG:
        return
    buffer = Buffer(data=datagram)
    header = pull_quic_header(buffer)
    if header.packet_type != QuicPacketType.INITIAL or header.version is None:
        return
    keys = CryptoPair()
    keys.setup_initial(cid=header.destination_cid, is_client=False, version=header.version)
    _, payload, _ = keys.decrypt_packet(datagram[: header.packet_length], buffer.tell(), 0)
    yield from _frames(Buffer(data=payload))


def _frames(frames: Buffer) -> Iterator[tuple[int, bytes]]:
    """The CRYPTO frames (RFC 9000 §19.6) before whatever else a client's Initial is not known to hold."""
    while not frames.eof():
        match frames.pull_uint_var():
            case 0x00 | 0x01:  # PADDING, PING
                continue
            case 0x06:  # CRYPTO
                start = frames.pull_uint_var()
                yield start, frames.pull_bytes(frames.pull_uint_var())
            case _:
                return
