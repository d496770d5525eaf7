"""`presscanary store copy`: everything from one store into another, of any engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from monitor.cli.frame import FAULT, USAGE, CommandError, Place, err, out, print_json
from monitor.store import Location, Servers, StoreError, open_store
from monitor.store.addresses import address, shared
from monitor.store.copying import Compared, Told, copy


def command(
    source: Annotated[str, typer.Argument(metavar="FROM", help="A data folder, a targets.yaml, or postgresql://…")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The same; it is made where it is missing.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Copy measurements, documents, experiments, series, events and health into another store, and compare both.

    A targets.yaml stands for the store that it names, on servers or in a folder; a postgresql:// address for both
    halves in one database. Ended at any moment, the same command goes on. Exit code 1 where the two differ in the end,
    or a store cannot be used; 2 where FROM or TO is no store.
    """
    here, there = _location(source), _location(target)
    if str(here) == str(there):
        raise CommandError("FROM and TO are the same store", USAGE)
    try:
        with open_store(here, read_only=True) as ours, open_store(there) as theirs, _progress() as told:
            compared = copy(ours, theirs, told)
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault
    show(compared, as_json=as_json)
    if not all(kind.same for kind in compared):
        raise typer.Exit(FAULT)


def show(compared: tuple[Compared, ...], *, as_json: bool) -> None:
    """Print both sides of every kind, and whether they are the same."""
    if as_json:
        print_json({"same": all(kind.same for kind in compared), "kinds": compared})
        return
    table = Table("kind", "in FROM", "in TO", "checksum of TO", "")
    for kind in compared:
        verdict = "same" if kind.same else "DIFFERENT"
        table.add_row(kind.kind, f"{kind.source:,}", f"{kind.target:,}", kind.target_checksum[:16], verdict)
    out.print(table)
    for kind in compared:
        if kind.left_out:
            err.print(
                f"{kind.left_out:,} {kind.kind} were not copied: FROM kept no document that would prove them.",
                soft_wrap=True,
            )


def _location(text: str) -> Location:
    """The store that an argument names; CommandError where it names none."""
    if text.startswith("clickhouse"):
        raise CommandError("a ClickHouse keeps one half of a store: name a targets.yaml that names both", USAGE)
    if "://" in text:
        try:
            place = address(shared(text))
        except ValueError as fault:
            raise CommandError(str(fault), USAGE) from fault
        return Servers(folder=Path.cwd(), measurements=place, state=place)
    if text.endswith((".yaml", ".yml")):
        if not Path(text).is_file():
            raise CommandError(f"{text}: no such file", USAGE)
        return Place(config=Path(text), named=None).where
    return Path(text)


@contextmanager
def _progress() -> Iterator[Told]:
    """Counts what was compared and copied, on a terminal only."""
    counts: dict[str, int] = {}
    columns = SpinnerColumn(), TextColumn("copying"), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def told(kind: str, count: int) -> None:
            counts[kind] = counts.get(kind, 0) + count
            bar.update(task, description=", ".join(f"{number:,} {name}" for name, number in counts.items()))

        yield told
