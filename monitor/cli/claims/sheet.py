"""The check's report for a spreadsheet: CSV, one row per claim."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from monitor.check import name_of
from monitor.model import CheckReport, ClaimCheck
from probes.document import rfc3339

COLUMNS = (
    "claim", "target", "country", "kind", "date", "precision", "earliest", "latest", "weight", "networks", "sources",
    "verdict", "why", "distance_days", "days_covered", "days_asked", "measurements", "power_full", "power_full_hours",
    "power_leaky", "power_leaky_hours", "events", "enforcement", "simulated",
)  # fmt: skip


def sheet(report: CheckReport) -> str:
    """The report as CSV (RFC 4180); `latest` is excluded, lists are joined by semicolons, what is unknown is empty."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    followed = {each.claim: each.finding for each in report.enforcement}
    for each in report.checks:
        rows.writerow(_safe(value) for value in _row(each, followed.get(each.claim.id, ""), simulated=report.simulated))
    return written.getvalue()


def _row(each: ClaimCheck, enforcement: str, *, simulated: bool) -> Iterator[object]:
    claim, power = each.claim, each.power
    yield from (claim.id, claim.target, claim.country, claim.kind, claim.date, claim.precision)
    yield from (rfc3339(claim.interval[0]), rfc3339(claim.interval[1]), claim.weight, ";".join(claim.networks))
    yield ";".join(name_of(source) for source in claim.sources)
    yield from (each.verdict.value, each.why, each.distance_days, each.days_covered, each.days_asked, each.measurements)
    if power is None:
        yield from (None,) * 4
    else:
        yield from (power.full, power.full_hours, power.leaky, power.leaky_hours)
    yield from (";".join(each.events), enforcement, str(simulated).lower())


def _safe(value: object) -> object:
    """A text that a spreadsheet would run as a formula begins with an apostrophe.

    >>> _safe("=1+1"), _safe(-66.0), _safe("kloop-ru")
    ("'=1+1", -66.0, 'kloop-ru')
    """
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
