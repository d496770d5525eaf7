"""Our own control server among the lab's servers: the program's own, in a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime

from probes.echo import Bounds, EchoServer, Identity, identity
from tests.lab.topology import ECHO_ONE, ECHO_TWO

TOKEN = "a-token-of-the-lab"


def open_echo(settle: Callable[[], None]) -> str:
    """Start the server where `settle` leads; return the pin of its key as soon as it listens."""
    own = identity(None, datetime.now(UTC))
    listening, told = os.pipe()
    if os.fork() == 0:
        os.close(listening)
        try:
            settle()
            asyncio.run(_serve(own, told))
        finally:
            os._exit(1)
    os.close(told)
    with os.fdopen(listening) as file:
        if not file.read():
            raise RuntimeError("the echo server did not start")
    return own.pin


async def _serve(own: Identity, told: int) -> None:
    listen = [(address, port) for address in (ECHO_ONE, ECHO_TWO) for port in (80, 443)]
    bounds = Bounds(burst=500)
    async with EchoServer(listen=listen, token=TOKEN, identity=own, clock=lambda: datetime.now(UTC), bounds=bounds):
        os.write(told, b"ready")
        os.close(told)
        await asyncio.Event().wait()
