"""A connection handed on to a real server on this machine, so that the lab's censors sit between it and the probe."""

from __future__ import annotations

import asyncio

from probes.testing.wire import Stream

_CHUNK = 64 * 1024


async def relay(stream: Stream, backend: tuple[str, int]) -> None:
    """Carry bytes both ways until the server ends; OSError where either side breaks off."""
    reader, writer = await asyncio.open_connection(*backend)
    forth = asyncio.ensure_future(_forth(stream, writer))
    try:
        while data := await reader.read(_CHUNK):
            await stream.write(data)
    finally:
        writer.transport.abort()
        forth.cancel()
        await asyncio.gather(forth, return_exceptions=True)


async def _forth(stream: Stream, writer: asyncio.StreamWriter) -> None:
    while data := await stream.read():
        writer.write(data)
        await writer.drain()
    writer.write_eof()
