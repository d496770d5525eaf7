"""The page beside the schedule: a listening socket that is taken before anything is measured, and uvicorn on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from monitor.app import App
from monitor.cli.frame import FAULT, CommandError
from monitor.cli.spools import spools_in
from monitor.config import Settings
from monitor.metrics import Runtime
from monitor.store import Location, Servers, open_store
from probes.model import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the page is served; without a socket there is no page, because the `web` extra is not installed."""

    host: str
    listening: socket.socket | None

    @property
    def address(self) -> str:
        """The page's address for people."""
        assert self.listening is not None
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.listening.getsockname()[1]}/"

    def lines(self) -> tuple[str, ...]:
        """What to say about it when the program starts."""
        if self.listening is None:
            return ("No page and no metrics: they need the extra `web` (pip install 'presscanary[web]').",)
        return (f"Look at {self.address}", f"Metrics at {self.address}metrics")


@contextmanager
def open_door(host: str, port: int) -> Iterator[Door]:
    """Take the port; CommandError where it is in use or cannot be had."""
    if find_spec("fastapi") is None or find_spec("uvicorn") is None or find_spec("jinja2") is None:
        yield Door(host=host, listening=None)
        return
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as fault:
        number = getattr(fault, "errno", None)
        reason = os.strerror(number) if number and number > 0 else "no such host name"
        raise CommandError(
            f"cannot listen on {host} port {port}: {reason}; choose another with --port", FAULT
        ) from fault
    with listening:
        yield Door(host=host, listening=listening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a page is made from, in whichever process it is served."""

    where: Location
    settings: Callable[[], Settings]
    refresh: Callable[[], int]
    clock: Clock
    runtime: Runtime
    stopping: asyncio.Event


async def serve(app: App, door: Door) -> None:
    """Run the schedule, and the page where there is one, until the app is asked to stop; a page that fails stops it."""
    if door.listening is None:
        await app.watch()
        return
    look = Look(
        where=app.data_dir,
        settings=lambda: app.settings,
        refresh=lambda: _refresh(app),
        clock=app.clock,
        runtime=app.runtime,
        stopping=app.stopping,
    )
    page = asyncio.create_task(_page(look, door.listening))
    page.add_done_callback(lambda _: app.stop())
    try:
        await app.watch()
    finally:
        page.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await page


async def serving(look: Look, door: Door) -> None:
    """Serve a page alone until `stopping` is set."""
    assert door.listening is not None
    page = asyncio.create_task(_page(look, door.listening))
    stopped = asyncio.create_task(look.stopping.wait())
    await asyncio.wait([page, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in (page, stopped):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _page(look: Look, listening: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 - the extra `web` may be absent

    from monitor.web import PageSettings, create_app  # noqa: PLC0415

    class Server(uvicorn.Server):
        """Leaves the signals to the program around it."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    look.runtime.spools = spools_in(look.where)
    page = create_app(
        lambda: open_store(look.where, read_only=True),
        settings=lambda: PageSettings.of(look.settings(), refresh=look.refresh()),
        clock=look.clock,
        runtime=look.runtime,
        folder=folder_of(look.where),
        stopping=look.stopping,
    )
    config = uvicorn.Config(
        page,
        log_config=None,
        lifespan="off",
        access_log=False,
        proxy_headers=False,  # whom to believe stands in the configuration (monitor.web.proxy)
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    await Server(config).serve(sockets=[listening])


def open_to(settings: Settings, host: str) -> tuple[str, ...]:
    """What to say where everybody who reaches the page sees everything; nothing where that is only this machine.

    >>> open_to(Settings(path=Path(), targets=(), vantage_points=()), "127.0.0.1")
    ()
    """
    if settings.web.public or settings.web.sign_in or host in ("127.0.0.1", "::1", "localhost"):
        return ()
    told = f"Whoever reaches {host} sees everything that is measured here: set `public` or `sign_in` under `web:`"
    return (f"{told} (docs/how-to/publish.md).",)


def folder_of(where: Location) -> Path:
    """The data folder, also where the store is on servers."""
    return where.folder if isinstance(where, Servers) else where


def _refresh(app: App) -> int:
    """Seconds after which the page loads itself anew: as often as something can have changed, at most once a minute."""
    interval = min((order.interval for order in app.schedule.visits), default=app.settings.schedule.interval)
    return min(60, max(2, int(interval.total_seconds())))
