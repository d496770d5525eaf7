"""Asking our own control server, under any name, what reached it."""

from __future__ import annotations

from probes.model import Echo
from probes.steps.http import fetch
from probes.steps.request import Visit
from probes.steps.tcp import Channel, connect
from probes.steps.tls import handshake
from probes.steps.trace import Trace
from probes.steps.url import parse


async def shake(trace: Trace, echo: Echo, address: str, name: str) -> Channel | None:
    """TLS with the echo host under `name`; None where it failed, or where its key is not the pinned one.

    Without a pin nothing is proved, and the handshake's failure says what kind of certificate came.
    """
    stream = await connect(trace, address, echo.https_port)
    return None if stream is None else await handshake(trace, stream, name, pin=echo.pin)


async def ask(trace: Trace, echo: Echo, channel: Channel, scheme: str, name: str, *, timed: bool = False) -> None:
    """What reached it under `name`; `timed` asks for the object instead, and keeps how it came in.

    Without a token the server has no answer but 404, which still shows that the request went through.
    """
    path = f"{echo.token}/{'object' if timed else ''}" if echo.token else ""
    await fetch(trace, Visit(), channel, parse(f"{scheme}://{name}/{path}"), secret=echo.token, timed=timed)
