"""`presscanary check`: documented block dates beside what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
from monitor.cli.frame import USAGE, CommandError, load_settings, out, place, print_json
from monitor.config import Settings
from monitor.model import BlockingEvent, CheckReport, ClaimCheck, ClaimVerdict, Day, Source
from monitor.store import StoreError, StoreMissing, open_store

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

    A claim is supported, consistent, contradicted, or not testable because no data speak of it. Exit code 0 whatever the
    verdicts are; 1 where the store cannot be read; 2 where the configuration is wrong.
    """
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise CommandError(f"--country {country!r}: expected two letters such as KG", USAGE)
    here = place(context)
    settings = load_settings(here.config)
    try:
        report = gather(settings, here.data_dir, country=country and country.upper(), now=datetime.now(UTC))
    except StoreError as fault:
        raise CommandError(str(fault)) from fault
    if as_json:
        print_json(report)
    else:
        render(report, out)


def gather(settings: Settings, data_dir: Path, *, country: str | None, now: datetime) -> CheckReport:
    """The report on the claims in a configuration and the data in a folder; without a store nothing is testable."""
    claims = [claim for claim in settings.documented if country in (None, claim.country)]
    events, days, simulated = _stored(data_dir, country)
    if simulated is None:
        simulated = settings.simulated
    return check(events, claims, days, now=now, simulated=simulated)


def _stored(data_dir: Path, country: str | None) -> tuple[tuple[BlockingEvent, ...], tuple[Day, ...], bool | None]:
    try:
        store = open_store(data_dir, read_only=True)
    except StoreMissing:
        return (), (), None
    with store:
        events = store.events(country=country)
        days = store.days() + folded(store.cells())
        return events, days, store.simulated if events or days else None


def render(report: CheckReport, console: Console) -> None:
    """Print a report as a table of claims and a few lines; everything simulated is labelled."""
    if report.simulated:
        console.print("SIMULATED: these claims and measurements were made by a demonstration.", style="bold yellow")
    if report.checks:
        console.print(_table(report))
    for line in summary(report):
        console.print(line, soft_wrap=True, markup=False)


def _table(report: CheckReport) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("claim", "source", "precision", "verdict"):
        table.add_column(heading, overflow="fold")
    table.add_column("days off", justify="right")
    table.add_column("coverage", justify="right")
    table.add_column("why", overflow="fold")
    for each in report.checks:
        table.add_row(*_row(each))
    return table


def _row(each: ClaimCheck) -> tuple[Text, ...]:
    off = "" if each.distance_days is None else f"{each.distance_days:+.1f}" if each.distance_days else "0"
    return (
        Text(f"{each.claim.id}\n{each.claim.kind.replace('_', ' ')}, {each.claim.date}"),
        Text(_sources(each.claim.sources)),
        Text(each.claim.precision),
        Text(each.verdict.value, style=_LOOKS[each.verdict]),
        Text(off),
        Text(f"{each.days_covered}/{each.days_asked} d\n{each.measurements} m"),
        Text(each.why),
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
