"""`presscanary key`: keys for programs that ask the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from monitor.access import AccessError, Key, keys
from monitor.cli.frame import FAULT, USAGE, CommandError, out, print_json
from monitor.cli.user import ACTOR, now, opened, role_of

commands = typer.Typer(no_args_is_help=True, help="Keys for programs that ask the API: add, list, revoke.")
SCOPES = (
    "targets",
    "vantage-points",
    "networks",
    "measurements",
    "cells",
    "events",
    "claims",
    "series",
    "health",
    "state",
    "metrics",
    "alertmanager",
    "probe",
)
"""What a key can be for: the resources of the API, /metrics, what an Alertmanager posts, and /probe."""
LONGEST = 3660
"""Days."""

Name = Annotated[str, typer.Argument(help="The key's name: a-z, 0-9 and . _ -; never used twice.")]


@commands.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[str, typer.Option(help="viewer or operator.")] = "viewer",
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"Only for this ({', '.join(SCOPES)}); may be given several times.", show_default="all"),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=LONGEST, help="How long it holds.")] = 365,
) -> None:
    """Make a key and print it, once: Authorization: Bearer KEY. Only its hash is kept."""
    if unknown := [each for each in scope or () if each not in SCOPES]:
        raise CommandError(f"--scope {unknown[0]!r}: expected one of {', '.join(SCOPES)}", USAGE)
    expires, database = now() + timedelta(days=days), opened(context)
    try:
        secret = keys.add(database, name, role_of(role), scope or (), expires, now=now(), actor=ACTOR)
    except AccessError as fault:
        raise CommandError(str(fault), USAGE) from fault
    out.print(f"The key {name} holds until {expires:%Y-%m-%d}. Shown only now:", markup=False)
    out.print(secret, markup=False, soft_wrap=True)


@commands.command(name="list")
def list_(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Every key that was ever made: what it is for, until when, when it was last used; never the key itself."""
    try:
        found = keys.keys(opened(context))
    except AccessError as fault:
        raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json([_row(each) for each in found])
    elif not found:
        out.print("There is no key yet: presscanary key add NAME")
    else:
        table = Table("name", "role", "for", "state", "last used (UTC)", box=None)
        for each in found:
            used = f"{each.used:%Y-%m-%d %H} h" if each.used else "never"
            table.add_row(each.name, each.role.word, ", ".join(each.scopes) or "all", _state(each), used)
        out.print(table)


@commands.command()
def revoke(context: typer.Context, name: Name) -> None:
    """End a key now; it stays in the list."""
    try:
        keys.revoke(opened(context), name, now=now(), actor=ACTOR)
    except AccessError as fault:
        raise CommandError(str(fault), USAGE) from fault
    out.print(f"The key {name} opens nothing any more.", markup=False)


def _row(key: Key) -> dict[str, object]:
    names = ("name", "scopes", "created", "expires", "revoked", "used")
    return {"role": key.role.word} | {name: getattr(key, name) for name in names}


def _state(key: Key) -> str:
    if key.revoked:
        return f"revoked {key.revoked:%Y-%m-%d}"
    return f"{'expired' if key.expires <= now() else 'until'} {key.expires:%Y-%m-%d}"
