"""`presscanary collector run`: the collector in the foreground."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.collector.wired import Wired, wired
from monitor.cli.frame import FAULT, CommandError, err, load_settings, out, place
from monitor.cli.serve import Door, open_door
from monitor.prefixes import PrefixError

EVERY = 60.0
"""Seconds between two rounds of review, health, log and sealing."""


def command(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Where it listens.", show_default="targets.yaml: 127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.", show_default="8485")
    ] = None,
    receive_only: Annotated[
        bool, typer.Option("--receive-only", help="Leave reviews to another process on the same servers.")
    ] = False,
) -> None:
    """Take what agents deliver, keep it, and review it; it measures nothing itself.

    Agents ask for the targets and the schedule of targets.yaml; that file and the table of prefixes are read again at
    SIGHUP. SIGTERM or Ctrl-C
    finishes the batches that are being kept and exits 0. Where the store cannot be written, agents are asked to wait,
    and it goes on by itself. Exit code 1: the store, the key, the table of prefixes or the port cannot be used. Exit
    code 2: the configuration has mistakes.
    """
    if find_spec("fastapi") is None or find_spec("uvicorn") is None or find_spec("jinja2") is None:
        raise CommandError("the collector needs the extra `web`: pip install 'presscanary[web]'", FAULT)
    here = place(context)
    settings = load_settings(here.config)
    address = host or settings.collector.host, settings.collector.port if port is None else port
    with ExitStack() as held:
        door = held.enter_context(open_door(*address))
        made = held.enter_context(wired(here.where, settings, reviews=not receive_only))
        asyncio.run(_serve(made, door, here.config))
    out.print("Stopped; every batch that was acknowledged is stored.")


async def _serve(made: Wired, door: Door, config: Path) -> None:
    import uvicorn  # noqa: PLC0415 - the extra `web` may be absent

    from monitor.collector import create_app  # noqa: PLC0415

    chain = made.settings.collector.certificate, made.settings.collector.certificate_key
    given = uvicorn.Config(
        create_app(made.desk, network_of=made.network_of),
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=1000,
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=32 * 1024,
        ssl_certfile=None if chain[0] is None else str(chain[0]),
        ssl_keyfile=None if chain[1] is None else str(chain[1]),
    )

    class Server(uvicorn.Server):
        """Leaves the signals to the program around it."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    server, loop = Server(given), asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, _reload, made, config)
    _greet(made, door, tls=chain[0] is not None)
    assert door.listening is not None
    rounds = asyncio.create_task(_rounds(made))
    try:
        await server.serve(sockets=[door.listening])
    finally:
        rounds.cancel()
        await asyncio.wait([rounds])


async def _rounds(made: Wired) -> None:
    while True:
        await made.desk.review()
        await asyncio.sleep(EVERY)


def _reload(made: Wired, config: Path) -> None:
    """Go on with a changed file; one with mistakes leaves the old one in force."""
    try:
        made.reload(load_settings(config))
    except (CommandError, PrefixError) as fault:
        err.print(f"{fault}\nThe configuration was not reloaded; the old one stays in force.", markup=False)
    else:
        out.print(f"Reloaded {config}: {len(made.settings.targets)} targets.", markup=False)


def _greet(made: Wired, door: Door, *, tls: bool) -> None:
    shown = door.address if not tls else door.address.replace("http:", "https:", 1)
    out.print(f"Agents deliver at {shown} and sign with keys of their own.", soft_wrap=True, markup=False)
    out.print(f"Key of this collector: {made.desk.key.public.fingerprint}", soft_wrap=True, markup=False)
    if made.settings.collector.prefixes is None:
        out.print("No table of prefixes: networks are those that the invitations name.", soft_wrap=True)
    out.print("Addresses are neither stored nor logged.")
