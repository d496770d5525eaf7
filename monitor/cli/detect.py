"""`presscanary detect`: run the detector again over a stretch of what is stored, and show why it says what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.cli.events import render
from monitor.cli.frame import USAGE, CommandError, err, load_settings, out, place, print_json
from monitor.cli.reading import reading
from monitor.cli.statistic import sparkline, svg
from monitor.config import Settings
from monitor.detect import Null, Series, detect_series, series_of
from monitor.detect.collapse import outages, without
from monitor.detect.events import offline
from monitor.detect.settings import DetectorSettings
from monitor.detect.trace import Trace, trace
from monitor.model import BlockingEvent, Cell
from monitor.pipeline import PipelineSettings, gather
from probes.model import Role

_AROUND = timedelta(hours=12)
"""So much before and after an event is drawn with it."""
_MOVERS = 12
"""Measurements that are listed beside a drawing."""


def command(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option(metavar="TIME", help="From this date or time (UTC) on.")],
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Up to this date or time (UTC).", show_default="now")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Only this target.")] = None,
    network: Annotated[str | None, typer.Option(help="Only this network, such as AS8511.")] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="EVENT", help="Show the statistic behind the event with this id.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.svg", help="With --explain: draw into this file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: the events, or the points of --explain.")
    ] = False,
) -> None:
    """Run the detector over a stretch of stored measurements and print the events; nothing is stored or alerted.

    Detection sees nothing before --since: an event that began earlier has no earliest onset here. With --explain, the
    sums over time are drawn for each network of the event, with the thresholds and the measurements that moved them.
    """
    first, last = _stretch(since, until)
    if output is not None and (explain is None or output.suffix != ".svg"):
        raise CommandError("-o: expected a file named *.svg, together with --explain", USAGE)
    here = place(context)
    settings = load_settings(here.config)
    bursts = settings.experiments.only_repeats
    walk = PipelineSettings.for_interval(settings.schedule.interval, settings.detection, bursts=bursts)
    with reading(here.data_dir) as store, err.status("reading"):
        cells = () if store is None else gather(store, walk, since=first, until=last)
    everything = series_of(cells)
    silent = outages(everything, _due(settings), now=last, settings=walk.detector)
    series = [without(each, silent) for each in _chosen(everything, target, network)]
    null = Null.among(everything, walk.detector)
    events = detect_series(series, settings=walk.detector, null=null)
    if target is None:
        events += tuple(offline(each) for each in silent if network in (None, each.network))
    if explain is None:
        _print(events, cells, as_json=as_json)
        return
    event = next((each for each in events if each.id == explain), None)
    if event is None:
        known = ", ".join(each.id for each in events) or "none"
        raise CommandError(f"--explain: no event {explain!r} in this stretch; found: {known}", USAGE)
    traces = _traces(event, series, null, walk.detector)
    if as_json:
        print_json({"event": event, "traces": traces})
    else:
        show(event, traces, out)
    if output is not None:
        _draw(event, traces, output)


def _due(settings: Settings) -> dict[str, float]:
    """Reports per second that each vantage point owes by the schedule."""
    rates: dict[str, float] = {}
    for _, station, interval in settings.pairs():
        rates[station.point.id] = rates.get(station.point.id, 0.0) + 1 / interval.total_seconds()
    return rates


def _stretch(since: str, until: str | None) -> tuple[datetime, datetime]:
    first = _moment("--since", since)
    last = datetime.now(UTC) if until is None else _moment("--until", until)
    if last <= first:
        raise CommandError("--until: expected a time after --since", USAGE)
    return first, last


def _moment(name: str, text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{name}: expected a date or time such as 2026-01-18, found {text!r}", USAGE) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _chosen(series: Sequence[Series], target: str | None, network: str | None) -> tuple[Series, ...]:
    """The series that are asked for, and everything that says how far they can be believed."""
    return tuple(
        each
        for each in series
        if each.role is Role.CONTROL
        or each.innocuous
        or (target in (None, each.target) and network in (None, each.network))
    )


def _print(events: Sequence[BlockingEvent], cells: Sequence[Cell], *, as_json: bool) -> None:
    if as_json:
        print_json(events)
        return
    if not cells:
        err.print("Nothing was measured in this stretch.", soft_wrap=True)
    render(events, out)


def _traces(
    event: BlockingEvent, series: Sequence[Series], null: Null, settings: DetectorSettings
) -> tuple[Trace, ...]:
    """The statistic of each network of an event, some hours around it."""
    networks = {span.network for span in event.spans}
    found = (
        trace(each, null, settings)
        for each in series
        if each.role is Role.VANTAGE
        and not each.innocuous
        and (each.target, each.country) == (event.target, event.country)
        and each.network in networks
    )
    first, last = event.onset[1] - _AROUND, None if event.end is None else event.end[1] + _AROUND
    return tuple(each.between(first, last) for each in found)


def show(event: BlockingEvent, traces: Sequence[Trace], console: Console) -> None:
    """Print each network's statistic and the measurements that moved it most."""
    render([event], console)
    for each in traces:
        watch = "for leaky blocks" if each.leaky else "for full blocks"
        console.print(f"\n{each.network}: the sum of the vantage points' evidence, watch {watch}", style="bold")
        for line in sparkline(each, max(20, min(100, console.width - 10))):
            console.print(line, markup=False, soft_wrap=True)
        if each.points:
            console.print(f"{'':8}{each.points[0].time:%Y-%m-%d %H:%M} to {each.points[-1].time:%Y-%m-%d %H:%M} UTC")
        console.print(_movers(each))


def _movers(each: Trace) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("time (UTC)", "vantage point", "what", "p0", "nats", "own sum", "sum", "measurement"):
        table.add_column(
            heading, overflow="fold", justify="right" if heading in ("p0", "nats", "own sum", "sum") else "left"
        )
    for point in each.movers(_MOVERS):
        table.add_row(
            f"{point.time:%m-%d %H:%M:%S}",
            Text(point.vantage),
            f"{point.failed} failed, {point.evidence.value}" if point.failed else f"{point.ok} ok",
            "" if point.p0 is None else f"{point.p0:.3f}",
            f"{point.added:+.2f}",
            f"{point.level:.1f}",
            f"{point.total:.1f}",
            Text(point.witnesses[0][:20] if point.witnesses else ""),
        )
    return table


def _draw(event: BlockingEvent, traces: Sequence[Trace], path: Path) -> None:
    """One file for each network; of several, the network stands in the name."""
    for each in traces:
        named = path if len(traces) == 1 else path.with_stem(f"{path.stem}-{each.network}")
        title = f"{event.target}, {event.country}, {each.network}: {event.tier.value}"
        title += " (SIMULATED)" if event.simulated else ""
        try:
            named.write_text(svg(each, title), encoding="utf-8")
        except OSError as fault:
            raise CommandError(f"{named}: {fault.strerror or fault}") from fault
        err.print(f"drawn: {named}", markup=False, soft_wrap=True)
