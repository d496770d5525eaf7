"""`presscanary fleet approve`: let a vantage point deliver."""

from __future__ import annotations

import typer

from monitor.cli.fleet.opened import ACTOR, Vantage, now, opened
from monitor.cli.frame import out
from monitor.fleet import members


def command(context: typer.Context, vantage: Vantage) -> None:
    """Let a vantage point deliver that was enrolled and waits; what it measured meanwhile comes then.

    Exit code 2: it is not waiting, or there is none of that id.
    """
    with opened(context) as fleet:
        member = members.approve(fleet, vantage, now=now(), actor=ACTOR)
    out.print(f"{vantage} may deliver, with the key {member.key}", markup=False, soft_wrap=True)
