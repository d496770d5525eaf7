"""`presscanary web`: the page over what another process measures, or measured."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.frame import FAULT, CommandError, err, load_settings, out, place
from monitor.cli.serve import Door, Look, open_door, open_to, serving
from monitor.config import Settings
from monitor.metrics import Runtime
from monitor.store import Location

REFRESH = 60
"""Seconds after which the front page renews itself."""


def command(
    context: typer.Context,
    *,
    host: Annotated[
        str | None, typer.Option(help="Where the page listens.", show_default="targets.yaml: 127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.", show_default="8484")
    ] = None,
) -> None:
    """Serve the page, the API and the metrics without measuring: beside `run`, over a copy, or for a collector's store.

    It only reads the store, so that many may run on one. A changed file is read at SIGHUP. SIGTERM or Ctrl-C exits 0.
    Exit code 1: the port cannot be had, or the extra `web` is not installed. Exit code 2: the configuration has
    mistakes.
    """
    here = place(context)
    settings = load_settings(here.config)
    address = host or settings.web.host, settings.web.port if port is None else port
    with open_door(*address) as door:
        if door.listening is None:
            raise CommandError(door.lines()[0], FAULT)
        asyncio.run(_serve(door, settings, here.where))
    out.print("Stopped.")


async def _serve(door: Door, settings: Settings, where: Location) -> None:
    from monitor.web.settings import version  # noqa: PLC0415 - the extra `web` may be absent

    held = [settings]
    stopping = asyncio.Event()
    look = Look(
        where=where,
        settings=lambda: held[0],
        refresh=lambda: REFRESH,
        clock=lambda: datetime.now(UTC),
        runtime=Runtime(version=version()),
        stopping=stopping,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, _reloading(held))
    for line in (*door.lines(), *open_to(settings, door.host)):
        out.print(line, soft_wrap=True)
    await serving(look, door)


def _reloading(held: list[Settings]) -> Callable[[], None]:
    def reload() -> None:
        try:
            held[0] = load_settings(held[0].path)
        except CommandError as fault:
            err.print(f"{fault}\nThe configuration was not reloaded; the old one stays in force.", markup=False)
        else:
            out.print(f"Reloaded {held[0].path}: {len(held[0].targets)} targets.", markup=False)

    return reload
