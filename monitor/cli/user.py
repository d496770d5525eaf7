"""`presscanary user`: who may sign in on the page."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from monitor.access import AccessError, Database, User, UserRole, totp, users
from monitor.cli.frame import FAULT, USAGE, CommandError, out, place, print_json

commands = typer.Typer(
    no_args_is_help=True,
    help="Who may sign in on the page: add, list, remove, give another password, ask for one-time codes.",
)
ACTOR = "command line"

Name = Annotated[str, typer.Argument(help="The user's name: a-z, 0-9 and . _ @ -")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", help="Read the password from the first line of this file.", show_default="ask for it"
    ),
]


@commands.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[
        str, typer.Option(help="viewer: everything that was measured; operator: also who has access.")
    ] = "viewer",
    password_file: PasswordFile = None,
) -> None:
    """Let somebody sign in. The password is asked for, or read from a file; it never stands on a command line."""
    database, wanted = opened(context), role_of(role)
    try:
        users.add(database, name, wanted, _password(password_file), now=now(), actor=ACTOR)
    except AccessError as fault:
        raise CommandError(str(fault), USAGE) from fault
    out.print(f"{name} may sign in as {wanted.word}.", markup=False)


@commands.command(name="list")
def list_(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Who may sign in, as what, and whether a one-time code is asked for."""
    try:
        found = users.users(opened(context))
    except AccessError as fault:
        raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json([_row(each) for each in found])
    elif not found:
        out.print("Nobody may sign in yet: presscanary user add NAME")
    else:
        table = Table("name", "role", "one-time code", "since (UTC)", box=None)
        for each in found:
            table.add_row(each.name, each.role.word, "yes" if each.totp else "no", f"{each.created:%Y-%m-%d %H:%M}")
        out.print(table)


@commands.command()
def remove(context: typer.Context, name: Name) -> None:
    """Take somebody's access away; they are signed out at once."""
    try:
        users.remove(opened(context), name, now=now(), actor=ACTOR)
    except AccessError as fault:
        raise CommandError(str(fault), USAGE) from fault
    out.print(f"{name} may not sign in any more.", markup=False)


@commands.command()
def passwd(context: typer.Context, name: Name, password_file: PasswordFile = None) -> None:
    """Give somebody another password; sessions that were begun with the old one end."""
    try:
        users.passwd(opened(context), name, _password(password_file), now=now(), actor=ACTOR)
    except AccessError as fault:
        raise CommandError(str(fault), USAGE) from fault
    out.print(f"{name} has another password now.", markup=False)


@commands.command(name="totp")
def totp_(
    context: typer.Context,
    name: Name,
    *,
    off: Annotated[bool, typer.Option("--off", help="Ask for no code any more, as when a phone is lost.")] = False,
) -> None:
    """Ask for a one-time code beside the password, and print the secret for an authenticator app, once."""
    secret = None if off else totp.new_secret()
    try:
        users.set_totp(opened(context), name, secret, now=now(), actor=ACTOR)
    except AccessError as fault:
        raise CommandError(str(fault), USAGE) from fault
    if secret is None:
        out.print(f"{name} signs in with a password alone.", markup=False)
    else:
        out.print(f"{name} needs a one-time code from now on. For the app, shown only now:", markup=False)
        out.print(totp.address(secret, name), markup=False, soft_wrap=True)


def opened(context: typer.Context) -> Database:
    """The database of the data folder that the options name."""
    return Database(place(context).data_dir)


def now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def role_of(word: str) -> UserRole:
    """The role of that name; CommandError where there is none that can be given."""
    try:
        return UserRole.of(word)
    except ValueError:
        raise CommandError(f"--role {word!r}: expected viewer or operator", USAGE) from None


def _row(user: User) -> dict[str, object]:
    return {"name": user.name, "role": user.role.word, "created": user.created, "totp": user.totp}


def _password(file: Path | None) -> str:
    if file is None:
        if not sys.stdin.isatty():
            raise CommandError("there is no terminal to ask for a password: name a file with --password-file", USAGE)
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise CommandError(f"{file}: {reason}", USAGE) from fault
    return lines[0] if lines else ""
