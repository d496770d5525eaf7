"""Asks blackbox_exporter to probe, over connections that are kept open; what asking costs is not counted."""

from __future__ import annotations

import asyncio
import time

_SUCCESS = b"\nprobe_success 1\n"


class UnreadableError(Exception):
    """An answer that is no HTTP/1.1 response with a length or in chunks."""


async def call(port: int, target: str, *, concurrency: int, seconds: float) -> tuple[int, int]:
    """GET `target` of 127.0.0.1 again and again, so many at once; how many probes succeeded and how many did not."""
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(_keep_calling(port, target, until)) for _ in range(concurrency)]
    return sum(each.result()[0] for each in callers), sum(each.result()[1] for each in callers)


async def _keep_calling(port: int, target: str, until: float) -> tuple[int, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    good = bad = 0
    try:
        while time.monotonic() < until:
            writer.write(request)
            if _SUCCESS in await answer(reader):
                good += 1
            else:
                bad += 1
    finally:
        writer.close()
    return good, bad


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The body of one response, as far as its framing allows to say where it ends; UnreadableError else."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, found, length = head.partition(b"content-length:")
    if found:
        return await reader.readexactly(int(length.split(b"\r\n")[0]))
    if b"transfer-encoding: chunked" not in head:
        raise UnreadableError(head[:200].decode("latin-1"))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
