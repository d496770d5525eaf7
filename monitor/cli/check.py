"""`presscanary check`: documented block dates beside what was measured."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from monitor.check import check, folded, imagine, name_of
from monitor.check.power import Around
from monitor.cli import past
from monitor.cli.claims.page import page
from monitor.cli.claims.sheet import sheet
from monitor.cli.claims.text import WIDE, render
from monitor.cli.frame import USAGE, CommandError, err, load_settings, out, place
from monitor.config import Settings
from monitor.detect import detect
from monitor.evaluate.chronicle import tell
from monitor.evaluate.kyrgyz import CHRONICLE, UNTIL
from monitor.model import BlockingEvent, Cell, CheckReport, Claim, Day, Power
from monitor.store import Location, Store, StoreError, StoreMissing, open_store
from probes.document import document


class Form(StrEnum):
    """What the report is written as."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


class Language(StrEnum):
    """What the page of `--format html` speaks."""

    EN = "en"
    RU = "ru"
    KY = "ky"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which claims are looked at; None is all of them."""

    country: str | None = None
    target: str | None = None
    source: str | None = None


def command(
    context: typer.Context,
    *,
    country: Annotated[str | None, typer.Option(help="Only claims and events of this country, such as KG.")] = None,
    target: Annotated[str | None, typer.Option(help="Only this target, by its id.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Only claims with such a source, by a part of its host or name.")
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="How to write the report.", show_default="by the ending of -o, else text"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file.")] = None,
    language: Annotated[
        Language, typer.Option("--language", help="Of the page that --format html makes.")
    ] = Language.EN,
    simulated_history: Annotated[
        bool,
        typer.Option(
            "--simulated-history",
            help="Check the documented events of 2017 to 2026 as a simulator plays them; no store.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=1, help="Of --simulated-history.")] = 1,
) -> None:
    """Compare what was measured with the dates that are documented, claim by claim.

    A claim is supported, consistent, contradicted, or not testable because no data speak of it; beside it stands
    whether the detector would have seen a block with these data. Exit code 0 whatever the verdicts are; 1 where the
    store cannot be read; 2 where the configuration or an option is wrong.
    """
    here = place(context)
    settings = load_settings(here.config)
    wanted = _wanted(settings, country, target, source)
    chosen = _form(form, output, as_json=as_json)
    report = _played(settings, wanted, seed) if simulated_history else _measured(settings, wanted, here.where)
    _write(report, chosen, output, language.value)


def _wanted(settings: Settings, country: str | None, target: str | None, source: str | None) -> Wanted:
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise CommandError(f"--country {country!r}: expected two letters such as KG", USAGE)
    if target is not None and target not in {claim.target for claim in settings.documented}:
        raise CommandError(f"--target {target!r}: no claim of {settings.path} speaks of it", USAGE)
    if source is not None and not any(_cites(claim, source) for claim in settings.documented):
        raise CommandError(f"--source {source!r}: no claim of {settings.path} has such a source", USAGE)
    return Wanted(country=None if country is None else country.upper(), target=target, source=source)


def _form(form: Form | None, output: Path | None, *, as_json: bool) -> Form:
    if as_json and form not in (None, Form.JSON):
        raise CommandError(f"--json and --format {form}: expected one of the two", USAGE)
    ending = "" if output is None else output.suffix.lower().lstrip(".")
    by_ending = Form(ending) if ending in set(Form) else Form.TEXT
    return Form.JSON if as_json else form or by_ending


def _measured(settings: Settings, wanted: Wanted, data_dir: Location) -> CheckReport:
    """The report on what a store holds; CommandError where it cannot be read."""
    now = datetime.now(UTC)
    try:
        with ExitStack() as held:
            try:
                store = held.enter_context(open_store(data_dir, read_only=True))
            except StoreMissing:
                err.print("Nothing has been measured here yet: there is no store in the data folder.", soft_wrap=True)
                return compare(settings, None, now=now, wanted=wanted)
            stored = _read(store, wanted)
            around = past.of_store(store, {day.target for day in stored.days})
            return compare(settings, stored, now=now, wanted=wanted, around=around)
    except StoreError as fault:
        raise CommandError(str(fault)) from fault


def _played(settings: Settings, wanted: Wanted, seed: int) -> CheckReport:
    """The report on a simulated history: every claim is taken as a simulated one, or it could not be compared."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        bar.add_task("playing nine years", total=None)
        return played(settings, tell(CHRONICLE, seed), now=UNTIL, wanted=wanted)


def played(settings: Settings, cells: Sequence[Cell], *, now: datetime, wanted: Wanted | None = None) -> CheckReport:
    """The report on simulated cells, with the configuration's claims taken as if they were simulated too."""
    claims = tuple(replace(claim, simulated=True) for claim in settings.documented)
    stored = Stored(events=detect(cells, settings=settings.detection, now=now), days=folded(cells), simulated=True)
    pretended = replace(settings, documented=claims, simulated=True)
    return compare(pretended, stored, now=now, wanted=wanted, around=past.of_cells(cells))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the check reads from a store."""

    events: tuple[BlockingEvent, ...] = ()
    days: tuple[Day, ...] = ()
    simulated: bool = False


def read(data_dir: Location, country: str | None = None) -> Stored | None:
    """The events and days in a folder's store; None where there is no store yet, StoreError where it cannot be read."""
    try:
        store = open_store(data_dir, read_only=True)
    except StoreMissing:
        return None
    with store:
        return _read(store, Wanted(country=country))


def _read(store: Store, wanted: Wanted) -> Stored:
    days = store.days(target=wanted.target) + folded(store.cells(target=wanted.target))
    events = store.events(target=wanted.target, country=wanted.country)
    return Stored(events=events, days=days, simulated=store.simulated)


def compare(
    settings: Settings,
    stored: Stored | None,
    *,
    now: datetime,
    wanted: Wanted | None = None,
    around: Around | None = None,
) -> CheckReport:
    """The report on the claims of a configuration; without any stored data nothing is testable.

    With `around`, the power of the data is computed by the configured detector.
    """
    wanted = wanted or Wanted()
    claims = [claim for claim in settings.documented if _about(wanted, claim.country, claim.target)]
    if stored is None or not (stored.events or stored.days):
        stored = Stored(simulated=settings.simulated)
    events = [event for event in stored.events if _about(wanted, event.country, event.target)]
    power = None if around is None else partial(_power, settings=settings, around=around, now=now)
    report = check(events, claims, stored.days, now=now, simulated=stored.simulated, power=power)
    return report if wanted.source is None else narrowed(report, wanted.source)


def _power(claim: Claim, *, settings: Settings, around: Around, now: datetime) -> Power | None:
    def found(cells: Sequence[Cell], at: datetime) -> Sequence[BlockingEvent]:
        return detect(cells, settings=settings.detection, now=at)

    return imagine(claim, around=around, detect=found, now=now)


def narrowed(report: CheckReport, source: str) -> CheckReport:
    """The report with only the claims that such a source stands behind; they were judged among all others."""
    kept = {each.claim.id for each in report.checks if _cites(each.claim, source)}
    return replace(
        report,
        checks=tuple(each for each in report.checks if each.claim.id in kept),
        unseen=tuple(name for name in report.unseen if name in kept),
        sources=tuple(each for each in report.sources if source.lower() in each.source.lower()),
        enforcement=tuple(each for each in report.enforcement if each.claim in kept),
        terms=tuple(each for each in report.terms if each.claim in kept),
    )


def _about(wanted: Wanted, country: str, target: str) -> bool:
    return wanted.country in (None, country) and wanted.target in (None, target)


def _cites(claim: Claim, source: str) -> bool:
    return any(source.lower() in name_of(each).lower() for each in claim.sources)


def _write(report: CheckReport, form: Form, output: Path | None, language: str) -> None:
    if form is Form.TEXT and output is None:
        render(report, out)
        return
    text = written(report, form, language)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise CommandError(f"{output}: {fault.strerror or fault}", USAGE) from fault


def written(report: CheckReport, form: Form, language: str = "en") -> str:
    """The report as a text in one of its forms."""
    match form:
        case Form.JSON:
            return json.dumps(document(report), ensure_ascii=False, indent=2) + "\n"
        case Form.CSV:
            return sheet(report)
        case Form.HTML:
            return page(report, language)
        case Form.TEXT:
            console = Console(file=io.StringIO(), width=WIDE, highlight=False)
            render(report, console)
            assert isinstance(console.file, io.StringIO)
            return console.file.getvalue()
