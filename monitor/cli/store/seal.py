"""`presscanary store seal`: months that are over become Parquet files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.frame import USAGE, CommandError, load_settings, out, place, print_json
from monitor.cli.log.opened import bring_in
from monitor.cli.store.opened import AsJson, existing, progress, size
from monitor.store.sealing import seal
from monitor.store.segments import Written


def command(
    context: typer.Context,
    *,
    before: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Seal what is before this date (UTC).",
            show_default="months over for `store: seal_after`",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Move the results of months that are over into sorted, compressed Parquet files.

    Needs DuckDB (pip install 'presscanary[store]') and the data folder for itself; `presscanary run` does the same in
    quiet moments. Everything is read as before, and ended at any moment, nothing is lost. Exit code 1: no store,
    another writer, no DuckDB, no room. Exit code 2: the date is none.
    """
    policy = load_settings(place(context).config).keeping
    edge = policy.seals_before(datetime.now(UTC)) if before is None else _date(before)
    written: list[Written] = []
    with existing(context) as store, progress("sealing") as told:
        bring_in(store)
        while made := seal(store.upkeep, edge, keep_ok=policy.ok_documents, told=told):
            written.append(made)
    show(written, as_json=as_json, nothing=f"Nothing before {edge.date()} is left to be sealed.")


def show(written: list[Written], *, as_json: bool, nothing: str) -> None:
    """Print which segments were written."""
    if as_json:
        print_json({"segments": [_document(it) for it in written], "rows": sum(it.rows for it in written)})
        return
    for it in written:
        out.print(f"{it.path}: {it.rows:,} results, {size(it.size)}", markup=False)
    if not written:
        out.print(nothing, markup=False)


def _document(written: Written) -> dict[str, object]:
    return {
        "path": written.path,
        "month": written.month,
        "rows": written.rows,
        "bytes": written.size,
        "sha256": written.sha256.hex(),
    }


def _date(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--before: expected a date such as 2026-01-01, found {text!r}", USAGE) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
