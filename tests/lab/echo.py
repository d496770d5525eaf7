"""Our own control server among the lab's servers: the program's own, in a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from probes.echo import Bounds, EchoServer, Identity, identity
from tests.lab.topology import AT_TARGET, ECHO_ONE, ECHO_TWO

TOKEN = "a-token-of-the-lab"


def open_echo(settle: Callable[[], None], site: Path) -> str:
    """Start the server where `settle` leads; return the pin of its key as soon as it listens.

    The target's own HTTP/3 is played beside it, with the certificate and key in `site`.
    """
    target = identity(site, datetime.now(UTC))
    own = identity(None, datetime.now(UTC))
    listening, told = os.pipe()
    if os.fork() == 0:
        os.close(listening)
        try:
            settle()
            asyncio.run(_serve(own, target, told))
        finally:
            os._exit(1)
    os.close(told)
    with os.fdopen(listening) as file:
        if not file.read():
            raise RuntimeError("the echo server did not start")
    return own.pin


async def _serve(own: Identity, target: Identity, told: int) -> None:
    listen = [(address, port) for address in (ECHO_ONE, ECHO_TWO) for port in (80, 443)]
    bounds = Bounds(burst=500)
    quic = [(address, 443) for address in (ECHO_ONE, ECHO_TWO)]
    common = partial(EchoServer, token=TOKEN, clock=lambda: datetime.now(UTC), bounds=bounds)
    async with (
        common(listen=listen, quic=quic, identity=own),
        common(listen=(), quic=[(AT_TARGET, 443)], identity=target),
    ):
        os.write(told, b"ready")
        os.close(told)
        await asyncio.Event().wait()
