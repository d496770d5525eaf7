"""`presscanary backtest`: the detector on a real series, beside documented dates and OONI's rule."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from monitor.cli.frame import USAGE, CommandError, err, load_settings, out, place, print_json
from monitor.evaluate.history import OURS, THEIRS, Finding, Stretch, Summary, Truth, backtest, summary
from monitor.history import Unreadable, recognised, series
from monitor.model import Cell, Interval

WIDE = 150
_NEEDED = ("target", "network", "onset_earliest", "onset_latest", "end_earliest", "end_latest")
_SHOWN = 10


def command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The series: CSV, one row per measurement.")],
    *,
    truth: Annotated[Path, typer.Option(help="CSV of documented blocks, as intervals.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run the detector over a real series and say how far it is from the documented dates; OONI's rule beside it.

    The truth has the columns target, network (or a country), onset_earliest, onset_latest, end_earliest and
    end_latest; with a column `file`, only the rows that name this file count. Exit code 2 where a file cannot be read.
    """
    settings = load_settings(place(context).config).detection
    cells, refused = read_series(file)
    findings = backtest(cells, read_truth(truth, file), settings)
    summaries = tuple(summary(detector, findings) for detector in (OURS, THEIRS))
    for fault in refused[:_SHOWN]:
        err.print(f"{fault.where}: {fault.why}", markup=False, soft_wrap=True)
    if as_json:
        print_json({"rows": summaries, "findings": findings, "cells": len(cells), "unreadable": len(refused)})
    else:
        render(findings, summaries, out)


def read_series(path: Path) -> tuple[tuple[Cell, ...], tuple[Unreadable, ...]]:
    """All rows of a file whose header tells its format, and what could not be read; CommandError where that is all."""
    header = _header(path)
    form = recognised(header)
    if form is None:
        known = "; ".join(f"{each.name}: {', '.join(each.columns[:6])}" for each in series().values())
        raise CommandError(f"{path}: the header belongs to no known series; known are {known}", USAGE)
    rows = list(form.read(path, {}))
    cells = tuple(row for row in rows if isinstance(row, Cell))
    refused = tuple(row for row in rows if isinstance(row, Unreadable))
    if not cells:
        why = f"{refused[0].where}: {refused[0].why}" if refused else f"{path}: no row"
        raise CommandError(why, USAGE)
    return cells, refused


def read_truth(path: Path, file: Path) -> tuple[Truth, ...]:
    """The documented blocks that speak of `file`; CommandError, with the line, where one cannot be understood."""
    found: list[Truth] = []
    for number, row in _truth_rows(path):
        if row.get("file") and not file.as_posix().endswith(row["file"]):
            continue
        try:
            found.append(_truth(row))
        except ValueError as fault:
            raise CommandError(f"{path}:{number}: {fault}", USAGE) from fault
    if not found:
        raise CommandError(f"{path}: no row speaks of {file.name}", USAGE)
    return tuple(found)


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            return next(csv.reader(opened), [])
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise CommandError(f"{path}: {fault}", USAGE) from fault


def _truth_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            reader = csv.DictReader(opened)
            missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise CommandError(f"{path}: expected the columns {', '.join(missing)}", USAGE)
            for row in reader:
                yield reader.line_num, {name: value or "" for name, value in row.items() if name is not None}
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise CommandError(f"{path}: {fault}", USAGE) from fault


def _truth(row: Mapping[str, str]) -> Truth:
    if not (row["target"] and row["network"]):
        raise ValueError("expected a target and a network or country")
    onset = _moment(row["onset_earliest"]), _moment(row["onset_latest"])
    found = Truth(target=row["target"], network=row["network"], onset=onset)
    if row["end_earliest"] or row["end_latest"]:
        found = replace(found, end=(_moment(row["end_earliest"]), _moment(row["end_latest"])))
    if onset[0] > onset[1] or (found.end and found.end[0] > found.end[1]):
        raise ValueError("an interval ends before it begins")
    return found


def _moment(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"expected a time, found {text!r:.40}") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def render(findings: tuple[Finding, ...], summaries: tuple[Summary, ...], console: Console) -> None:
    """Print one table of blocks and detectors, and one line per detector."""
    width = None if console.is_terminal or console.width >= WIDE else WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width)
    for heading in ("block", "who", "verdict", "onset", "alarm", "end", "onset off", "end off", "rows"):
        table.add_column(heading, overflow="fold")
    for each in findings:
        if each.detector == OURS:
            table.add_row(*_documented(each))
        table.add_row(*_row(each))
    console.print(table, crop=False)
    for one in summaries:
        console.print(_line(one), soft_wrap=True, markup=False)


def _documented(each: Finding) -> tuple[str, ...]:
    """The first row of a block: what documents say, and how sure anybody can be with these rows."""
    truth = each.truth
    end = _interval(truth.end) if truth.end else "not said"
    shows = f"a full block would show in {100 * each.sure.full:.0f} %, a leaky one in {100 * each.sure.leaky:.0f} %"
    return f"{truth.target} on {truth.network}", "documents", "", _interval(truth.onset), "", end, "", "", shows


def _row(each: Finding) -> tuple[str, ...]:
    rows = f"{each.rows}, {each.rows_inside} inside"
    false = f", {len(each.false)} false" if each.false else ""
    pieces = f" in {each.fragments + 1} pieces" if each.fragments else ""
    if each.found is None:
        return "", each.detector, each.verdict + false, "", "", "", "", "", rows
    off = f"{each.onset_error_hours:g} h ({each.onset_point_error_hours:g})"
    end = "" if each.end_error_hours is None else f"{each.end_error_hours:g} h"
    said = f"{each.verdict}{pieces}{false}{_tier(each.found)}"
    return "", each.detector, said, *_stretch(each.found), off, end, rows


def _tier(found: Stretch) -> str:
    return f" ({found.tier})" if found.tier else ""


def _stretch(found: Stretch) -> tuple[str, str, str]:
    return _interval(found.onset), _time(found.alarm), _interval(found.end) if found.end else "lasts to the last row"


def _interval(interval: Interval) -> str:
    """An interval as people read it.

    >>> _interval((None, datetime(2024, 1, 1, tzinfo=UTC)))
    'before 2024-01-01 00:00'
    """
    earliest, latest = interval
    if earliest is None:
        return f"before {_time(latest)}"
    return _time(latest) if earliest == latest else f"{_time(earliest)} - {_time(latest)}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _line(one: Summary) -> str:
    def known(value: float | None) -> str:
        return "n/a" if value is None else f"{value:g}"

    return (
        f"{one.detector}: precision {known(one.precision)}, recall {known(one.recall)} "
        f"({one.found} of {one.truths} found, {one.insufficient} with too few rows), {one.false_alarms} false alarms, "
        f"onset off by {known(one.onset_error_p50_hours)} h (median), end by {known(one.end_error_p50_hours)} h"
    )
