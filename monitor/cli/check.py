"""`presscanary check`: documented block dates beside what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.check import check, folded
from monitor.cli.frame import USAGE, CommandError, err, load_settings, out, place, print_json
from monitor.config import Settings
from monitor.model import BlockingEvent, CheckReport, ClaimCheck, ClaimVerdict, Day, Source
from monitor.store import StoreError, StoreMissing, open_store

WIDE = 132
"""Columns of the table where nobody's window limits it."""

_LOOKS = {
    ClaimVerdict.SUPPORTED: "green",
    ClaimVerdict.CONSISTENT: "cyan",
    ClaimVerdict.CONTRADICTED: "red",
    ClaimVerdict.NOT_TESTABLE: "dim",
}


def command(
    context: typer.Context,
    country: Annotated[str | None, typer.Option(help="Only claims and events of this country, such as KG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare what was measured with the dates that are documented, claim by claim.

    A claim is supported, consistent, contradicted, or not testable because no data speak of it. Exit code 0 whatever
    the verdicts are; 1 where the store cannot be read; 2 where the configuration is wrong.
    """
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise CommandError(f"--country {country!r}: expected two letters such as KG", USAGE)
    here = place(context)
    settings = load_settings(here.config)
    try:
        stored = read(here.data_dir, None if country is None else country.upper())
    except StoreError as fault:
        raise CommandError(str(fault)) from fault
    if stored is None:
        err.print("Nothing has been measured here yet: there is no store in the data folder.", soft_wrap=True)
    report = compare(settings, stored, None if country is None else country.upper(), now=datetime.now(UTC))
    if as_json:
        print_json(report)
    else:
        render(report, out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the check reads from a store."""

    events: tuple[BlockingEvent, ...] = ()
    days: tuple[Day, ...] = ()
    simulated: bool = False


def read(data_dir: Path, country: str | None = None) -> Stored | None:
    """The events and days in a folder's store; None where there is no store yet, StoreError where it cannot be read."""
    try:
        store = open_store(data_dir, read_only=True)
    except StoreMissing:
        return None
    with store:
        days = store.days() + folded(store.cells())
        return Stored(events=store.events(country=country), days=days, simulated=store.simulated)


def compare(settings: Settings, stored: Stored | None, country: str | None = None, *, now: datetime) -> CheckReport:
    """The report on the claims of a configuration; without any stored data nothing is testable."""
    claims = [claim for claim in settings.documented if country in (None, claim.country)]
    if stored is None or not (stored.events or stored.days):
        stored = Stored(simulated=settings.simulated)
    return check(stored.events, claims, stored.days, now=now, simulated=stored.simulated)


def render(report: CheckReport, console: Console) -> None:
    """Print a report as a table of claims and a few lines; everything simulated is labelled."""
    if report.simulated:
        console.print("SIMULATED: these claims and measurements speak of no real network.", style="bold yellow")
    if report.checks:
        # In a pipe or a file there is no edge to keep to, and folded names are hard to search for.
        width = None if console.is_terminal or console.width >= WIDE else WIDE
        console.print(_table(report, width), crop=False)
    for line in summary(report):
        console.print(line, soft_wrap=True, markup=False)


def _table(report: CheckReport, width: int | None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width)
    for heading in ("claim", "source", "precision"):
        table.add_column(heading, overflow="fold")
    table.add_column("verdict", overflow="fold", min_width=12)
    for heading in ("days off", "coverage"):
        table.add_column(heading, justify="right")
    for each in report.checks:
        table.add_row(*_row(each))
    return table


def _row(each: ClaimCheck) -> tuple[Text, ...]:
    off = "" if each.distance_days is None else f"{each.distance_days:+.1f}" if each.distance_days else "0"
    return (
        Text.assemble(each.claim.id, (f"\n{each.claim.kind.replace('_', ' ')}, {each.claim.date}", "dim")),
        Text(_sources(each.claim.sources)),
        Text(each.claim.precision),
        Text.assemble((each.verdict.value, _LOOKS[each.verdict]), (f"\n{each.why}", "dim")),
        Text(off),
        Text(f"{each.days_covered} of {each.days_asked} d"),
    )


def _sources(sources: tuple[Source, ...]) -> str:
    """Where a claim comes from, briefly: the first source's host or name, and how many there are beside it.

    >>> _sources((Source(url="https://24.kg/english/1"), Source(url="doc:a joint statement")))
    '24.kg +1'
    """
    if not sources:
        return ""
    first = sources[0].url
    name = urlsplit(first).hostname or first.partition(":")[2].strip()[:40]
    return name if len(sources) == 1 else f"{name} +{len(sources) - 1}"


def summary(report: CheckReport) -> Iterator[str]:
    """What the table comes to, in sentences; it says plainly when nothing could be judged.

    >>> list(summary(CheckReport(checks=())))
    ['No claims to check.']
    """
    if not report.checks:
        yield "No claims to check."
    else:
        found = Counter(each.verdict for each in report.checks)
        yield f"{len(report.checks)} claims: " + ", ".join(
            f"{found[verdict]} {verdict.value}" for verdict in ClaimVerdict
        )
        if not any(each.measurements for each in report.checks):
            yield "No measurements fall on any claim's dates, so nothing here agrees or disagrees with a document."
    if report.unclaimed:
        yield f"Events that no claim speaks of: {', '.join(report.unclaimed)}"
    if report.unseen:
        yield f"Claims of a block for which there are data and no event: {', '.join(report.unseen)}"
