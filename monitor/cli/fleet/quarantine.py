"""`presscanary fleet quarantine`: keep a vantage point's results, and take its vote away."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.fleet.opened import ACTOR, Vantage, now, opened
from monitor.cli.frame import USAGE, CommandError, out
from monitor.fleet import flags, members


def command(
    context: typer.Context,
    vantage: Vantage,
    *,
    why: Annotated[str, typer.Option(help="For the record; names no person.")] = "",
    release: Annotated[bool, typer.Option("--release", help="Give the vote back, and lower its flags.")] = False,
) -> None:
    """Keep what a vantage point delivers and delivered, and count it for nothing; --release ends that.

    Its operator notices nothing. Exit code 2: there is none of that id, or it is so already.
    """
    if release and why:
        raise CommandError("--why goes with a quarantine, not with --release", USAGE)
    with opened(context) as fleet:
        if release:
            member = members.release(fleet, vantage, now=now(), actor=ACTOR)
            flags.lower(fleet, member, now=now(), actor=ACTOR)
        else:
            members.quarantine(fleet, vantage, why=why[:200], now=now(), actor=ACTOR)
    out.print(f"{vantage} has {'its' if release else 'no'} vote{' again' if release else ''}", markup=False)
