"""`presscanary fingerprints`: the block pages that are known, read in from public lists, and found anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import track
from rich.table import Column, Table

from monitor.cli.frame import FAULT, USAGE, CommandError, err, out, place, print_json
from monitor.cli.reading import reading
from monitor.cli.sightings import Seen, gather
from monitor.history import Skipped, Unreadable
from monitor.history import fingerprints as lists
from monitor.model import Fingerprint, Manner, Scope
from monitor.store import StoreError
from monitor.store.fingerprints import read_fingerprints, save_fingerprints
from monitor.verdict.pattern import compile_pattern
from monitor.verdict.recurring import LEAST, Candidate, recurring
from monitor.verdict.shipped import SHIPPED
from monitor.verdict.syntax import PatternError

_SHORT = 6
"""Characters that a phrase needs at least: shorter ones are in every other page."""

commands = typer.Typer(
    no_args_is_help=True, help="Block pages that are known: list them, read lists in, find new ones."
)


@dataclass(slots=True)
class Taken:
    """What an import came to."""

    read: int = 0
    new: int = 0
    """New ones, and ones that have changed."""
    total: int = 0
    """How many are read in now, from all lists."""
    scopes: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    """Reasons, and how many rows were left out for each."""


@commands.command("import")
def import_list(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="OONI's CSV (dns or http) or Censored Planet's JSON lines.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Forget first what was read in before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Read a list of known block pages into the data folder, beside the shipped one.

    Reading the same list again changes nothing. A file with a line that is wrong is not read in at all; patterns that
    cannot be looked for at a bounded cost (references back, looking around) are left out and counted.
    """
    taken, skipped = Taken(), Counter[str]()
    chosen = list(_usable(lists.read(file), skipped))
    taken.read, taken.skipped = len(chosen), dict(skipped.most_common())
    taken.scopes = dict(Counter(str(one.scope) for one in chosen).most_common())
    try:
        taken.new, taken.total = save_fingerprints(place(context).data_dir, _numbered(chosen), instead=replace)
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json(taken)
    else:
        _tell(taken)


@commands.command("list")
def list_all(
    context: typer.Context,
    *,
    country: Annotated[str | None, typer.Option(help="Only those seen in this country (two letters).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show every fingerprint that verdicts are made with: the shipped ones first, then those that were read in."""
    known = [*SHIPPED, *_stored(place(context).data_dir)]
    chosen = [one for one in known if country is None or country.upper() in one.countries]
    if as_json:
        print_json(chosen)
    else:
        _show(chosen)


@commands.command("suggest")
def suggest(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to look.")] = 30,
    least: Annotated[int, typer.Option(min=2, help="Unrelated sites that a page must stand in the place of.")] = LEAST,
    keep: Annotated[bool, typer.Option("--keep", help="Keep what would recognise them, as `recurring`.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Find pages that stand in the place of unrelated sites on one network, and that no control was shown.

    A new block notice looks like that, and so does a portal before its login. Look at the page before you keep what
    would recognise it; a verdict then calls it ambiguous, never proof.
    """
    data_dir = place(context).data_dir
    with reading(data_dir) as store:
        seen = Seen() if store is None else gather(store, since=datetime.now(UTC) - timedelta(days=days))
    found = recurring(seen.sightings, seen.at_controls, least=least)
    if keep and (chosen := [one.fingerprint for one in found if one.fingerprint]):
        try:
            save_fingerprints(data_dir, chosen)
        except StoreError as fault:
            raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json(found)
    else:
        _show_candidates(found, len(seen.sightings))


def _usable(found: Iterable[Fingerprint | Skipped | Unreadable], skipped: Counter[str]) -> Iterator[Fingerprint]:
    for one in track(found, "reading", console=err, transient=True, disable=not err.is_terminal):
        match one:
            case Unreadable():
                raise CommandError(f"{one.where}: {one.why}", USAGE)
            case Skipped():
                skipped[one.reason] += 1
            case Fingerprint():
                if reason := _lax(one):
                    skipped[reason] += 1
                else:
                    yield one


def _lax(one: Fingerprint) -> str | None:
    """Why a fingerprint cannot be used, or None."""
    if one.manner is not Manner.REGEXP:
        short = one.manner is not Manner.FULL and len(one.pattern) < _SHORT
        return f"the pattern is shorter than {_SHORT} characters" if short else None
    try:
        pattern = compile_pattern(one.pattern)
    except PatternError as fault:
        return f"the pattern cannot be bounded or read ({str(fault).partition(': ')[2] or fault})"
    return "the pattern matches an empty page" if pattern.empty else None


def _numbered(given: Iterable[Fingerprint]) -> Iterator[Fingerprint]:
    """Each with an id of its own: lists use the same name for several patterns of one notice."""
    times = Counter[str]()
    for one in given:
        times[one.id] += 1
        yield one if times[one.id] == 1 else replaced(one, id=f"{one.id}:{times[one.id]}")


def _stored(data_dir: Path) -> tuple[Fingerprint, ...]:
    try:
        return read_fingerprints(data_dir)
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault


def _tell(taken: Taken) -> None:
    scopes = ", ".join(f"{count} {scope}" for scope, count in taken.scopes.items())
    out.print(f"{taken.read} read ({scopes or 'none'}): {taken.new} new or changed, {taken.total} now.", markup=False)
    for reason, count in taken.skipped.items():
        out.print(f"{count} left out: {reason}", markup=False, soft_wrap=True)


def _show_candidates(found: Sequence[Candidate], looked_at: int) -> None:
    if not found:
        out.print(f"No page stands in the place of unrelated sites, among {looked_at} answers in the clear.")
        return
    table = Table("network", "sites", Column("page", overflow="fold", ratio=2), "what makes them one", box=SIMPLE_HEAD)
    for one in found:
        shown = f"to {one.leads_to}" if one.leads_to else f"{one.status} {one.title or 'without a title'}"
        why = (
            f"{one.why}; sites that nobody blocks show it too: a portal, or a broken network" if one.portal else one.why
        )
        words = [f"{one.country} {one.network}", f"{len(one.sites)}: {', '.join(one.sites[:5])}", shown, why]
        table.add_row(*map(escape, words))
    out.print(table)


def _show(chosen: Iterable[Fingerprint]) -> None:
    pattern = Column("pattern", overflow="fold", ratio=2)
    table = Table("id", "whose", "where", "seen in", pattern, Column("source", overflow="fold"), box=SIMPLE_HEAD)
    for one in chosen:
        seen = " ".join((*one.countries, *one.networks))
        words = [one.id, str(one.scope), f"{one.place} {one.manner}", seen, one.pattern, one.source]
        table.add_row(*map(escape, words), style="dim" if one.scope is Scope.FALSE_POSITIVE else None)
    out.print(table)
