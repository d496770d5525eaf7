"""A chart to take away: the same drawing as on the page, as SVG, PNG or CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from typing import Any

from fastapi import HTTPException
from starlette.responses import Response

from monitor.detect.trace import Point, Trace
from monitor.model import Day, Outcome, State
from monitor.web.api.column import plain
from monitor.web.band import Band
from monitor.web.render import render
from monitor.web.style import SHEET
from probes.document import rfc3339

WIDTH = 1000
"""Pixels of the drawing; a PNG has twice as many, for print and for fine screens."""
FORMS = ("svg", "png", "csv")
_TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8; header=present"}


def forms() -> tuple[str, ...]:
    """What can be taken away here: PNG needs the extra `png`."""
    return FORMS if find_spec("resvg_py") else ("svg", "csv")


def svg(language: str, **facts: Any) -> str:
    """The drawing as a file that stands alone, on white paper with the colours of the light scheme.

    It is that of `heat` with its `timeline`, of a `timeline` alone, of `tempos`, or of `curves`.
    """
    absent: dict[str, Any] = {"heat": None, "timeline": None, "tempos": None, "curves": None, "ticks": (), "names": {}}
    return render("picture.svg", language, **(absent | {"width": WIDTH, "style": _style()} | facts))


def png(drawing: str) -> bytes:
    """An SVG of ours as PNG; HTTP 404 where the extra that draws it is not installed."""
    try:
        import resvg_py  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as fault:
        raise HTTPException(404) from fault
    return bytes(resvg_py.svg_to_bytes(svg_string=drawing, zoom=2))


def sheet_of_days(days: Iterable[Day]) -> str:
    """Counts per network and day as CSV."""
    columns = ("target", "country", "network", "day", "ok", "down", "blocked", "insufficient")
    ordered = sorted(days, key=lambda day: (day.day, day.country, day.network))
    return _sheet(columns, ([getattr(day, name) for name in columns] for day in ordered))


def sheet_of_statistic(traces: Iterable[Trace]) -> str:
    """Each result with what it added to the sums, as CSV; evidence in nats."""
    columns = ("network", "time", "vantage", "ok", "failed", "p0", "added", "level", "total", "recovery", "measurement")
    rows = (
        [
            each.network,
            rfc3339(p.time),
            p.vantage,
            p.ok,
            p.failed,
            p.p0,
            p.added,
            p.level,
            p.total,
            p.recovery,
            _first(p),
        ]
        for each in traces
        for p in each.points
    )
    return _sheet(columns, rows)


def _first(point: Point) -> str:
    """The measurement that a point is of, or the first of several; empty where it has none."""
    return next(iter(point.witnesses), "")


def sheet_of_speed(outcomes: Iterable[Outcome]) -> str:
    """How long each answer that was ok took, as CSV; seconds."""
    columns = ("time", "vantage", "country", "network", "role", "seconds", "measurement")
    rows = (
        [rfc3339(row.time), row.vantage, row.country, row.network, row.role.value, row.timings.total, row.measurement]
        for row in outcomes
        if row.verdict.state is State.OK and row.timings.total is not None
    )
    return _sheet(columns, rows)


def sheet_of_bands(bands: Iterable[Band]) -> str:
    """Bands as CSV: whose, from when to when, and how many results of each state."""
    columns = ("role", "country", "network", "series", "start", "end", "ok", "down", "blocked", "insufficient")
    rows = ([*band.series, rfc3339(band.start), rfc3339(band.end), *_counts(band)] for band in bands)
    return _sheet(columns, rows)


def taken(form: str, content: str | bytes, name: str, at: datetime) -> Response:
    """The file as an attachment with a name that says whose it is and when it was made."""
    kept = re.sub(r"[^0-9A-Za-z-]", "", name)[:40] or "chart"
    stamp = f"{at:%Y%m%dT%H%MZ}"
    headers = {"Content-Disposition": f'attachment; filename="presscanary-{kept}-{stamp}.{form}"'}
    return Response(content, media_type=_TYPES[form], headers=headers)


def _counts(band: Band) -> list[int]:
    found = {state.value: count for state, count in band.counts.items()}
    return [found.get(name, 0) for name in ("ok", "down", "blocked", "insufficient")]


def _sheet(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([plain(value) for value in row] for row in rows)
    return file.getvalue()


@cache
def _style() -> str:
    """The chart's rules of the style sheet, with the light scheme's colours put in: a file has no scheme to ask."""
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", SHEET.partition("@media")[0]))
    rules = re.findall(r"^svg\.timeline [^{]*\{[^}]*\}", SHEET, re.MULTILINE)
    return "\n".join(re.sub(r"var\(--([\w-]+)\)", lambda found: colours[found[1]], rule) for rule in rules)
