"""`presscanary export`: what is stored, as tables that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.cli.files import by_day, whole
from monitor.cli.frame import FAULT, USAGE, CommandError, err, load_settings, place, print_json
from monitor.cli.reading import reading
from monitor.cli.rows import Source, Wanted
from monitor.export.dataset import Dataset
from monitor.export.dictionary import NAME, dictionary, query_of
from monitor.export.format import Format, formats
from monitor.export.public import EXACT, coarse
from monitor.export.tables import datasets
from monitor.history import LICENCE

What = StrEnum("What", {name.upper(): name for name in datasets()})  # type: ignore[misc]
Form = StrEnum("Form", {name.upper(): name for name in formats()})  # type: ignore[misc]

DAILY = frozenset({"measurements", "observations", "verdicts", "cells"})
"""Tables that are parted by day in a folder; the others are one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an export wrote: rows now, and the files that hold all of it."""

    table: str
    rows: int
    files: tuple[str, ...]
    missing: int
    """Documents that are no longer kept."""
    simulated: bool


def command(
    context: typer.Context,
    what: Annotated[What, typer.Argument(help="Which table.")],
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE|DIR|-", help="A file, - for standard output, or a folder (DIR/)."),
    ] = "-",
    *,
    form: Annotated[
        Form | None, typer.Option("--format", help="Which format.", show_default="by the file's ending, else csv")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From this date or time (UTC) on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this date or time (UTC).")] = None,
    target: Annotated[str | None, typer.Option(help="Only this target.")] = None,
    network: Annotated[str | None, typer.Option(help="Only this network, such as AS8511.")] = None,
    country: Annotated[str | None, typer.Option(help="Only this country (two letters).")] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Coarse enough to be published: no small networks, no vantage points.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON what was written (not with -o -).")] = False,
) -> None:
    """Write a table of what is stored; times are UTC, and the same store gives the same bytes.

    Memory stays bounded, however much there is. Into a folder goes one file per day: called again, it goes on where it
    stopped, and only days that were not over are written anew; datapackage.json in it says what the columns mean. Exit
    code 1: nothing is stored, no room. Exit code 2: wrong options, or a format whose extra is not installed.
    """
    if as_json and output == "-":
        raise CommandError("--json: the table itself goes to standard output; name a file or a folder with -o", USAGE)
    chosen, dataset = _format(form, output), datasets()[what.value]
    if public and dataset.name in EXACT:
        raise CommandError(f"--public: {dataset.name} are exact by nature; export verdicts, cells or events", USAGE)
    wanted = Wanted(
        since=_moment("--since", since),
        until=_moment("--until", until),
        target=target,
        network=network,
        country=country and country.upper(),
    )
    here = place(context)
    settings = load_settings(here.config)
    with reading(here.where) as store:
        if store is None:
            raise CommandError("nothing was measured here yet: there is no store", FAULT)
        source = Source(store, settings, wanted)
        written = _write(source, Sheet(dataset, chosen, source.small() if public else None), output)
    if as_json:
        print_json(written)
    elif output != "-":
        err.print(f"{written.rows:,} rows; {len(written.files):,} files hold it all.", markup=False)
    if written.missing:
        err.print(f"{written.missing:,} documents are no longer kept; their results are in `verdicts`.", markup=False)


class Sheet:
    """One table in one format, as fine or as coarse as it was asked for."""

    def __init__(self, dataset: Dataset, form: Format, hidden: frozenset[str] | None) -> None:
        self.dataset, self.form, self._hidden = dataset, form, hidden
        self.public = hidden is not None

    def put(self, source: Source, file: BinaryIO, seen: Callable[[datetime], None]) -> int:
        """Write all records of a source; how many rows that were."""
        writer, count = self.form.begin(file, self.dataset), 0
        for end, records in source.records(self.dataset.name):
            rows = list(self.dataset.table(records))
            writer.write(rows if self._hidden is None else coarse(self.dataset, rows, self._hidden))
            count += len(rows)
            seen(end)
        writer.close()
        return count


def _write(source: Source, sheet: Sheet, output: str) -> Written:
    try:
        with _progress(source, sheet.dataset.name) as seen:
            if output == "-":
                rows, names = sheet.put(source, sys.stdout.buffer, seen), ["-"]
            elif output.endswith("/") or Path(output).is_dir():
                rows, names = _into_folder(source, sheet, Path(output), seen)
            else:
                with whole(Path(output)) as file:
                    rows, names = sheet.put(source, file, seen), [output]
    except ValueError as fault:
        raise CommandError(str(fault), USAGE) from fault
    except OSError as fault:
        if isinstance(fault, BrokenPipeError):
            raise
        raise CommandError(f"{output} could not be written: {fault.strerror or fault}", FAULT) from fault
    return Written(
        table=sheet.dataset.name,
        rows=rows,
        files=tuple(names),
        missing=source.missing,
        simulated=source.simulated,
    )


def _into_folder(source: Source, sheet: Sheet, folder: Path, seen: Callable[[datetime], None]) -> tuple[int, list[str]]:
    name, suffix = sheet.dataset.name, sheet.form.suffix
    names = [f"{name}-{day}{suffix}" for day in _days(source)] if name in DAILY else [f"{name}{suffix}"]
    _begin(source, sheet, folder, names)

    def put(file: BinaryIO, day: date) -> int:
        part = source.within(day)
        rows = sheet.put(part, file, seen)
        source.missing += part.missing
        return rows

    if name in DAILY:
        over = datetime.now(UTC).date()
        rows = by_day(folder, zip(_days(source), names, strict=True), over, put)
    else:
        with whole(folder / names[0]) as file:
            rows = sheet.put(source, file, seen)
    return rows, names


def _begin(source: Source, sheet: Sheet, folder: Path, names: list[str]) -> None:
    """Say in the folder what is exported into it, before anything is; ValueError where it holds another export."""
    asked = source.asked | {"table": sheet.dataset.name, "public": sheet.public}
    folder.mkdir(parents=True, exist_ok=True)
    if (before := query_of(folder)) not in (None, asked):
        raise ValueError(f"{folder} holds another export ({before}): name another folder")
    licences = [f"measured by others: {LICENCE}"] if source.crowd else []
    told = dictionary(
        sheet.dataset, names, sheet.form.suffix, simulated=source.simulated, licences=licences, query=asked
    )
    with whole(folder / NAME) as file:
        file.write(told)


def _days(source: Source) -> Iterator[date]:
    day, last = source.since.date(), (source.until - timedelta(microseconds=1)).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


@contextmanager
def _progress(source: Source, name: str) -> Iterator[Callable[[datetime], None]]:
    """A bar over the time that is exported, where somebody watches."""
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        total = max((source.until - source.since).total_seconds(), 1)
        task = bar.add_task(name, total=total)
        yield lambda end: bar.update(task, completed=(end - source.since).total_seconds())


def _format(form: Form | None, output: str) -> Format:
    known = formats()
    by_ending = next((each for each in known.values() if output.endswith(each.suffix)), None)
    chosen = by_ending or known["csv"] if form is None else known[form.value]
    if form is None and by_ending is None and output != "-" and Path(output).suffix and not output.endswith("/"):
        endings = ", ".join(each.suffix for each in known.values())
        raise CommandError(f"-o {output}: name a format with --format, or a file that ends in {endings}", USAGE)
    if not chosen.available:
        raise CommandError(f"{chosen.name} needs the extra `export`: pip install 'presscanary[export]'", USAGE)
    if output == "-" and chosen.seeks:
        raise CommandError(f"{chosen.name} cannot be written to a pipe: name a file with -o", USAGE)
    return chosen


def _moment(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{name}: expected a date or time such as 2026-01-18, found {text!r}", USAGE) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
