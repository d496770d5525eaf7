"""`presscanary fleet token`: an invitation for one vantage point."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer

from monitor.cli.fleet.opened import ACTOR, AsJson, Vantage, now, opened
from monitor.cli.frame import USAGE, CommandError, out, print_json
from monitor.fleet import Token, tokens
from probes.model import Role

LONGEST = 90
"""Days."""


def command(
    context: typer.Context,
    vantage: Vantage,
    *,
    country: Annotated[str, typer.Option(help="Where it is: ISO 3166-1 alpha-2, such as KG.")],
    network: Annotated[
        str, typer.Option(help="Its network as far as you know, such as AS12997; a prefix table knows better.")
    ] = "AS0",
    role: Annotated[str, typer.Option(help="vantage, or control for one where no censor sits.")] = "vantage",
    approve: Annotated[bool, typer.Option("--approve", help="Who uses it need not wait for approval.")] = False,
    days: Annotated[int, typer.Option(min=1, max=LONGEST, help="How long it can be used.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Make an invitation and print it, once; only its hash is kept. It enrols one key, one time.

    The id names a place and never a person: kg-1, not the name of who runs it. Send the token over a channel that you
    trust. Exit code 2: the id is taken or none, the country or network is not one.
    """
    token = Token(
        vantage=vantage,
        country=_matching("--country", country.upper(), r"[A-Z]{2}", "two letters such as KG"),
        network=_matching("--network", network.upper(), r"AS\d{1,10}", "AS and its number, such as AS47237"),
        role=_role(role),
        approved=approve,
        made=now(),
        expires=now() + timedelta(days=days),
    )
    with opened(context) as fleet:
        secret = tokens.issue(fleet, token, actor=ACTOR)
    show(token, secret, as_json=as_json)


def show(token: Token, secret: str, *, as_json: bool) -> None:
    """Print an invitation."""
    if as_json:
        print_json({"token": secret, "vantage": token.vantage, "expires": token.expires})
        return
    out.print(f"For {token.vantage}, until {token.expires:%Y-%m-%d %H:%M} UTC. Shown only now:", markup=False)
    out.print(secret, markup=False, soft_wrap=True)


def _matching(option: str, text: str, form: str, expected: str) -> str:
    if not re.fullmatch(form, text, re.ASCII):
        raise CommandError(f"{option}: expected {expected}, found {text[:40]!r}", USAGE)
    return text


def _role(text: str) -> str:
    try:
        return Role(text).value
    except ValueError:
        raise CommandError(f"--role: expected vantage or control, found {text[:40]!r}", USAGE) from None
