"""The tables of a package: CSV for people and programs, JSON lines for exact replay, and what the columns mean."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.evidence.slice import Slice
from monitor.export.formats.csv_ import cell
from monitor.model import BlockingEvent, Outcome
from probes.document import canonical, document, rfc3339

SERIES = {
    "time": ("datetime", "when the measurement began, UTC"),
    "target": ("string", "what is watched"),
    "url": ("string", "the address that was asked for"),
    "vantage": ("string", "the vantage point's name"),
    "country": ("string", "its country, two letters"),
    "network": ("string", "its network (autonomous system)"),
    "role": ("string", "vantage (inside) or control (where no censor sits)"),
    "innocuous": ("boolean", "whether this is a site that nobody blocks, measured to see whether the place works"),
    "state": ("string", "ok, blocked, down, or insufficient (cannot be said)"),
    "rule": ("string", "the rule that said so (method/rules.json)"),
    "technique": ("string", "how the block shows, where it is one"),
    "failure": ("string", "what failed, in OONI's words (df-007)"),
    "controls_agree": ("integer", "so many controls agree"),
    "controls_total": ("integer", "of so many that were asked"),
    "seconds": ("number", "how long the visit took"),
    "status": ("integer", "HTTP status"),
    "measurement": ("string", "id: the first half of the SHA-256 of its document"),
    "document": ("boolean", "whether the document is in measurements/ or controls/"),
}
"""Columns of series.csv: type (Frictionless Table Schema) and meaning."""

EVENTS = {
    "event": ("string", "the event's id"),
    "revision": ("integer", "its revision, from 1"),
    "target": ("string", "what was blocked"),
    "country": ("string", "where"),
    "networks": ("string", "networks, parted by spaces"),
    "onset_earliest": ("datetime", "last seen ok before, UTC; empty where nothing was seen before"),
    "onset_latest": ("datetime", "first seen blocked, UTC"),
    "end_earliest": ("datetime", "last seen blocked, UTC; empty where it goes on"),
    "end_latest": ("datetime", "first seen ok again, UTC; empty where it goes on"),
    "tier": ("string", "how sure: suspected, likely, confirmed"),
    "technique": ("string", "how"),
    "retracted": ("boolean", "whether later data took it back"),
}
"""Columns of events.csv."""

CELLS = {
    "day": ("date", "UTC day"),
    "network": ("string", "network"),
    "role": ("string", "vantage or control"),
    "ok": ("integer", "results that were ok"),
    "blocked": ("integer", "blocked"),
    "down": ("integer", "down for the controls as well"),
    "insufficient": ("integer", "of which nothing can be said"),
}
"""Columns of cells.csv: the target's results per network and day."""


def series(facts: Slice) -> bytes:
    """Every result of the slice as CSV, by time."""
    return _table(SERIES, (_result(row, facts) for row in facts.outcomes))


def events(revisions: Sequence[BlockingEvent]) -> bytes:
    """Every revision of the event as CSV, oldest first."""
    return _table(EVENTS, map(_event, revisions))


def cells(facts: Slice) -> bytes:
    """Counts of the event's target per day, network and role as CSV."""
    counts: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in facts.own:
        place = counts.setdefault((row.time.date().isoformat(), row.network, row.role.value), {})
        place[row.verdict.state.value] = place.get(row.verdict.state.value, 0) + 1
    return _table(
        CELLS,
        (
            {"day": day, "network": network, "role": role} | counts[day, network, role]
            for day, network, role in sorted(counts)
        ),
    )


def lines(records: Iterable[Any]) -> bytes:
    """Records as canonical JSON, one per line.

    >>> lines([{"b": 1, "a": None}])
    b'{"a":null,"b":1}\\n'
    """
    return b"".join(canonical(document(record)) + b"\n" for record in records)


def dictionary(name: str, *, simulated: bool) -> bytes:
    """The Frictionless data package that describes the tables (datapackage.json)."""
    tables = {"series.csv": SERIES, "events.csv": EVENTS, "cells.csv": CELLS}
    told = {
        "profile": "tabular-data-package",
        "name": name,
        "title": f"{'SIMULATED: ' if simulated else ''}Measurements and results around {name}",
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": [_resource(path, columns) for path, columns in tables.items()],
    }
    return pretty(told)


def pretty(value: Any) -> bytes:
    """A JSON document for people, always the same bytes for the same value.

    >>> pretty({"b": 1, "a": "ы"})
    b'{\\n  "a": "\\xd1\\x8b",\\n  "b": 1\\n}\\n'
    """
    return json.dumps(document(value), ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"


def _table(columns: Mapping[str, object], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\r\n", restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: cell(value) for name, value in row.items()})
    return text.getvalue().encode()


def _result(row: Outcome, facts: Slice) -> Mapping[str, Any]:
    verdict = row.verdict
    return {
        "time": rfc3339(row.time),
        "target": row.target,
        "url": row.url,
        "vantage": row.vantage,
        "country": row.country,
        "network": row.network,
        "role": row.role.value,
        "innocuous": row.innocuous,
        "state": verdict.state.value,
        "rule": verdict.rule_id,
        "technique": verdict.technique,
        "failure": verdict.failure,
        "controls_agree": verdict.controls_agree,
        "controls_total": verdict.controls_total,
        "seconds": row.timings.total,
        "status": row.status,
        "measurement": row.measurement,
        "document": row.measurement in facts.documents,
    }


def _event(event: BlockingEvent) -> Mapping[str, Any]:
    end = (None, None) if event.end is None else event.end
    return {
        "event": event.id,
        "revision": event.revision,
        "target": event.target,
        "country": event.country,
        "networks": " ".join(event.networks),
        "onset_earliest": event.onset[0] and rfc3339(event.onset[0]),
        "onset_latest": rfc3339(event.onset[1]),
        "end_earliest": end[0] and rfc3339(end[0]),
        "end_latest": end[1] and rfc3339(end[1]),
        "tier": event.tier.value,
        "technique": event.technique,
        "retracted": event.retracted,
    }


def _resource(path: str, columns: Mapping[str, tuple[str, str]]) -> Mapping[str, Any]:
    described = [{"name": name, "type": kind, "description": said} for name, (kind, said) in columns.items()]
    return {
        "name": path.removesuffix(".csv"),
        "path": path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": described, "missingValues": [""]},
    }
