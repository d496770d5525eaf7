"""The check's report for people at a terminal: one table of claims, shorter ones below it, and sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.check import name_of
from monitor.model import CheckReport, ClaimCheck, ClaimVerdict, Enforcement, Power, Source, SourceScore, Term

WIDE = 132
"""Columns of the table where nobody's window limits it."""

_LOOKS = {
    ClaimVerdict.SUPPORTED: "green",
    ClaimVerdict.CONSISTENT: "cyan",
    ClaimVerdict.CONTRADICTED: "red",
    ClaimVerdict.NOT_TESTABLE: "dim",
}
_QUIET = ("not_enforced", "look_alike")


def render(report: CheckReport, console: Console) -> None:
    """Print a report as tables and a few lines; everything simulated is labelled."""
    if report.simulated:
        console.print("SIMULATED: these claims and measurements speak of no real network.", style="bold yellow")
    if report.checks:
        # In a pipe or a file there is no edge to keep to, and folded names are hard to search for.
        width = None if console.is_terminal or console.width >= WIDE else WIDE
        for table in _tables(report, width):
            console.print(table, crop=False)
    for line in summary(report):
        console.print(line, soft_wrap=True, markup=False)


def summary(report: CheckReport) -> Iterator[str]:
    """What the tables come to, in sentences; it says plainly when nothing could be judged.

    >>> list(summary(CheckReport(checks=())))
    ['No claims to check.']
    """
    if not report.checks:
        yield "No claims to check."
    else:
        yield f"{len(report.checks)} claims: {_counted(report.checks)}"
        if quiet := [each for each in report.checks if each.claim.kind in _QUIET]:
            yield f"Of these, {len(quiet)} expect no block: {_counted(quiet)}"
        if strong := [each for each in report.checks if each.claim.weight == "strong"]:
            yield f"Of these, {len(strong)} are dated well enough to score a detector by: {_counted(strong)}"
        if not any(each.measurements for each in report.checks):
            yield "No measurements fall on any claim's dates, so nothing here agrees or disagrees with a document."
    if report.unclaimed:
        yield f"Events that no claim speaks of: {', '.join(report.unclaimed)}"
    if report.unseen:
        yield f"Claims of a block for which there are data and no event: {', '.join(report.unseen)}"


def power_of(power: Power | None) -> str:
    """What share of full and of leaky blocks would have been seen, and how soon; empty where nothing was imagined.

    >>> power_of(Power(imagined=5, full=1.0, leaky=0.6, full_hours=5.25, leaky_hours=30.0))
    '100 % in 5 h, leaky 60 % in 30 h'
    >>> power_of(Power(imagined=5, full=0.0, leaky=0.0)), power_of(Power(imagined=0, full=0.0, leaky=0.0))
    ('0 %, leaky 0 %', '')
    """
    if power is None or not power.imagined:
        return ""
    return f"{_seen(power.full, power.full_hours)}, leaky {_seen(power.leaky, power.leaky_hours)}"


def _seen(share: float, hours: float | None) -> str:
    return f"{share:.0%}".replace("%", " %") + ("" if hours is None else f" in {hours:.0f} h")


def _counted(checks: list[ClaimCheck] | tuple[ClaimCheck, ...]) -> str:
    found = Counter(each.verdict for each in checks)
    return ", ".join(f"{found[verdict]} {verdict.value}" for verdict in ClaimVerdict)


def _tables(report: CheckReport, width: int | None) -> Iterator[Table]:
    yield _claims(report, width)
    scores = [score for score in report.sources if score.claims > score.not_testable]
    if scores:
        yield _sources(scores, width)
    told = [each for each in report.enforcement if each.finding != "not_testable"]
    if told:
        yield _enforcement(told, width)
    if report.terms:
        yield _terms(report.terms, width)


def _claims(report: CheckReport, width: int | None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width)
    table.add_column("claim", overflow="fold")
    table.add_column("source", overflow="fold", max_width=22)
    table.add_column("precision", overflow="fold")
    table.add_column("verdict", overflow="fold", min_width=12 if width is None else 44)
    for heading in ("days off", "coverage"):
        table.add_column(heading, justify="right")
    for each in report.checks:
        table.add_row(*_row(each))
    return table


def _row(each: ClaimCheck) -> tuple[Text, ...]:
    off = "" if each.distance_days is None else f"{each.distance_days:+.1f}" if each.distance_days else "0"
    power = power_of(each.power)
    return (
        Text.assemble(each.claim.id, (f"\n{each.claim.kind.replace('_', ' ')}, {each.claim.date}", "dim")),
        Text(_cited(each.claim.sources)),
        Text(each.claim.precision),
        Text.assemble(
            (each.verdict.value, _LOOKS[each.verdict]),
            (f"\n{each.why}", "dim"),
            (f"\na block would have been seen: {power}" if power else "", "dim"),
        ),
        Text(off),
        Text(f"{each.days_covered} of {each.days_asked} d"),
    )


def _cited(sources: tuple[Source, ...]) -> str:
    """Where a claim comes from, briefly: the first source's host or name, and how many there are beside it.

    >>> _cited((Source(url="https://24.kg/english/1"), Source(url="doc:a joint statement")))
    '24.kg +1'
    """
    if not sources:
        return ""
    name = name_of(sources[0])[:40]
    return name if len(sources) == 1 else f"{name} +{len(sources) - 1}"


def _small(title: str, width: int | None, *headings: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, width=width, title=title, title_justify="left", title_style="bold"
    )
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _sources(scores: list[SourceScore], width: int | None) -> Table:
    table = _small("How often each source agrees", width, "source", *(verdict.value for verdict in ClaimVerdict))
    for each in scores:
        counts = each.supported, each.consistent, each.contradicted, each.not_testable
        table.add_row(Text(each.source), *(Text(str(count)) for count in counts))
    return table


def _enforcement(told: list[Enforcement], width: int | None) -> Table:
    table = _small("Paper and wire", width, "threat, order or ruling", "what was seen", "why", "days")
    for each in told:
        days = "" if each.days is None else f"{each.days:+.1f}"
        table.add_row(Text(each.claim), Text(each.finding.replace("_", " ")), Text(each.why), Text(days))
    return table


def _terms(terms: tuple[Term, ...], width: int | None) -> Table:
    table = _small("Terms that ran out", width, "claim", "ran out", "the block", "days beyond")
    for each in terms:
        finding = each.finding.replace("_", " ") + (", and lasts" if each.lasts else "")
        days = "" if each.days is None else f"{each.days:+.1f}"
        table.add_row(Text(each.claim), Text(f"{each.ran_out:%Y-%m-%d %H:%M}"), Text(finding), Text(days))
    return table
