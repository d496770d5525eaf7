"""The handshake, and everything that can be done to it."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta

import pytest

from probes.steps.tcp import connect
from probes.steps.tls import handshake

ADDRESS, NAME = "93.184.216.34", "kloop.test"


async def quiet(reader, writer) -> None:
    await reader.read()


def first(answer: bytes):
    """A server that reads the ClientHello and answers something else."""

    async def handler(reader, writer) -> None:
        await reader.read(65536)
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return handler


async def shake(world, name: str = NAME, **limits):
    """The record of one handshake and whether a channel came of it."""
    trace = world.trace(**limits)
    stream = await connect(trace, ADDRESS, 443)
    channel = await handshake(trace, stream, name)
    stream.close()
    return trace.steps[-1], channel is not None


async def test_a_good_handshake(world, authority) -> None:
    """Version, cipher, protocol, chain and bytes are recorded."""
    await world.site(ADDRESS, 443, quiet, authority.context(NAME, alpn=("h2",)))
    step, usable = await shake(world)
    assert (step.failure, step.reason, usable) == (None, None, True)
    assert (step.version, step.alpn, step.server_name) == ("TLSv1.3", "h2", NAME)
    assert step.cipher
    assert len(step.chain) == 1
    assert min(step.bytes_sent, step.bytes_received) > 200


async def test_the_name_is_sent(world, authority) -> None:
    """The server sees the real name in the ClientHello, and none where the host is an address."""
    seen = []
    context = authority.context(NAME)
    context.sni_callback = lambda connection, name, its: seen.append(name)
    await world.site(ADDRESS, 443, quiet, context)
    await shake(world)
    await shake(world, ADDRESS)
    assert seen == [NAME, None]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"until": timedelta(days=-1), "since": timedelta(days=-9)}, "ssl_invalid_certificate"),
        ({"self_signed": True}, "ssl_unknown_authority"),
    ],
)
async def test_a_certificate_nobody_should_trust(world, authority, now, options, word) -> None:
    """A refused chain is the step's failure; the chain is kept and nothing may be sent over the connection."""
    dated = {key: now + value if isinstance(value, timedelta) else value for key, value in options.items()}
    await world.site(ADDRESS, 443, quiet, authority.context(NAME, **dated))
    step, usable = await shake(world)
    assert (step.failure, usable, len(step.chain)) == (word, False, 1)
    assert step.reason


async def test_another_name_and_another_issuer(world, authority, stranger) -> None:
    """A certificate for another name and one of an unknown authority have their own words."""
    await world.site(ADDRESS, 443, quiet, authority.context("other.test"))
    assert (await shake(world))[0].failure == "ssl_invalid_hostname"
    await world.site(ADDRESS, 443, quiet, stranger.context(NAME))
    assert (await shake(world))[0].failure == "ssl_unknown_authority"


async def test_reset_after_the_client_hello(world, reset) -> None:
    """A RST in answer to the ClientHello is a reset with bytes sent and none received."""

    async def handler(reader, writer) -> None:
        await reader.read(65536)
        reset(writer)

    await world.site(ADDRESS, 443, handler)
    step, _ = await shake(world)
    assert (step.failure, step.bytes_received, step.chain) == ("connection_reset", 0, ())
    assert step.bytes_sent > 200


async def test_silence_after_the_client_hello(world) -> None:
    """A peer that says nothing is a timeout."""
    await world.site(ADDRESS, 443, quiet)
    step, _ = await shake(world, tls=0.2)
    assert (step.failure, step.bytes_received) == ("generic_timeout_error", 0)


async def test_fin_after_the_client_hello(world) -> None:
    """A closed connection is an end of file, not a reset."""
    await world.site(ADDRESS, 443, first(b""))
    assert (await shake(world))[0].failure == "eof_error"


@pytest.mark.parametrize(
    ("code", "word", "reason"),
    [
        (112, "ssl_invalid_hostname", "TLSV1_UNRECOGNIZED_NAME"),
        (80, "unknown_failure: remote error: tls: internal error", "TLSV1_ALERT_INTERNAL_ERROR"),
        (70, "unknown_failure: remote error: tls: protocol version", "TLSV1_ALERT_PROTOCOL_VERSION"),
    ],
)
async def test_alerts(world, code, word, reason) -> None:
    """An alert is named after itself; `unrecognized_name` means a wrong name, as in OONI."""
    await world.site(ADDRESS, 443, first(bytes((0x15, 3, 3, 0, 2, 2, code))))
    step, _ = await shake(world)
    assert (step.failure, step.reason) == (word, reason)


async def test_plain_http_where_tls_is_expected(world) -> None:
    """A block page injected on port 443 is no TLS record."""
    await world.site(ADDRESS, 443, first(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
    step, _ = await shake(world)
    assert (step.failure, step.reason) == ("unknown_failure: tls: wrong version number", "WRONG_VERSION_NUMBER")


async def test_the_chain_survives_a_later_break(world, authority, reset) -> None:
    """Where the connection breaks after the certificate was seen, it is still in the record."""
    context = authority.context(NAME)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)

    async def handler(reader, writer) -> None:
        incoming.write(await reader.read(65536))
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()
        writer.write(outgoing.read())
        await writer.drain()
        await reader.read(65536)
        reset(writer)

    await world.site(ADDRESS, 443, handler)
    step, usable = await shake(world)
    assert (step.failure, usable, len(step.chain)) == ("connection_reset", False, 1)


async def test_an_endless_handshake_ends(world) -> None:
    """A peer that floods the handshake is cut off by size, long before the time limit."""

    async def handler(reader, writer) -> None:
        await reader.read(65536)
        piece = b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + bytes(0x3FFC)
        while True:
            writer.write(piece)
            await writer.drain()

    await world.site(ADDRESS, 443, handler)
    step, _ = await shake(world)
    assert step.failure.startswith("unknown_failure: tls")


async def test_a_cut_handshake_is_kept(world) -> None:
    """A handshake that is cut from outside is recorded, and its connection closed."""
    await world.site(ADDRESS, 443, quiet)
    trace = world.trace()
    stream = await connect(trace, ADDRESS, 443)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await handshake(trace, stream, NAME)
    assert trace.steps[-1].failure == "generic_timeout_error"
    with pytest.raises(OSError, match="Bad file descriptor"):
        await stream.write(b"x")
