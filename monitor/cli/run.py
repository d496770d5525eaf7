"""`presscanary run`: schedule, probes, store, detector, page and metrics in one process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from monitor.app import App
from monitor.cli.frame import FAULT, CommandError, err, load_settings, out, place, print_json
from monitor.cli.reload import Reloader
from monitor.cli.serve import Door, open_door, open_to, serve
from monitor.cli.status import flat, gather, render
from monitor.cli.tell import Teller
from monitor.cli.ways import refuse_unfit
from monitor.config import Settings
from monitor.store import Location, StoreError


def command(
    context: typer.Context,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Measure each target one time, print a table, and exit.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print JSON instead of a table.")] = False,
    host: Annotated[
        str | None, typer.Option(help="Where the page listens.", show_default="targets.yaml: 127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.", show_default="8484")
    ] = None,
) -> None:
    """Measure on schedule, keep the results, and serve the page and the metrics.

    SIGTERM or Ctrl-C finishes what is running, writes it, and exits 0. Exit code 1: the store or the page could not be
    used (a full disk, a second run on the same folder, a port in use), or a network namespace could not be entered.
    Exit code 2: the configuration has mistakes.
    """
    here = place(context)
    settings = load_settings(here.config)
    if as_json and not once:
        raise typer.BadParameter("--json goes with --once", ctx=context)
    refuse_unfit(settings)
    try:
        if once:
            asyncio.run(_once(settings, here.where, as_json=as_json))
        else:
            asyncio.run(
                _watch(settings, here.where, host or settings.web.host, settings.web.port if port is None else port)
            )
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault


async def _once(settings: Settings, data_dir: Location, *, as_json: bool) -> None:
    columns = (
        TextColumn("measuring"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    bars = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
    with App(settings, data_dir) as app, bars as progress:
        stop_on_signals(app)
        bar = progress.add_task("", total=len(app.schedule.visits))
        await app.once(lambda order: progress.update(bar, advance=1, description=order.id))
        status = gather(app.store, data_dir)
    if as_json:
        print_json(flat(status))
    else:
        render(status, out)


async def _watch(settings: Settings, data_dir: Location, host: str, port: int) -> None:
    teller = Teller(out)
    with (
        open_door(host, port) as door,
        App(
            settings,
            data_dir,
            on_review=teller.reviewed,
            on_untended=teller.untended,
            on_mistake=teller.mistaken,
        ) as app,
    ):
        stop_on_signals(app)
        Reloader(app).watch()
        _greet(app, door)
        await serve(app, door)
    out.print("Stopped; everything that was measured is stored.")


def _greet(app: App, door: Door) -> None:
    settings = app.settings
    points: Sequence[str] = [station.point.id for station in settings.vantage_points]
    out.print(
        f"Watching {len(settings.targets)} targets from {', '.join(points)}. Measurements are kept in {app.data_dir}"
    )
    for line in (*door.lines(), *open_to(settings, door.host)):
        out.print(line, soft_wrap=True)


def stop_on_signals(app: App) -> None:
    """SIGTERM and SIGINT ask the app to finish; the second one ends the process at once, as it would without us."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        app.stop()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
