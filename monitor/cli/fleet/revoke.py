"""`presscanary fleet revoke`: take a vantage point's key away."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.fleet.opened import ACTOR, Vantage, now, opened
from monitor.cli.frame import out
from monitor.fleet import members


def command(
    context: typer.Context,
    vantage: Vantage,
    *,
    why: Annotated[str, typer.Option(help="For the record; names no person.")] = "",
) -> None:
    """Take a vantage point's key away, for good and at once: it gets no plan and delivers nothing more.

    What it delivered stays and keeps its vote: `fleet quarantine` takes that. Exit code 2: no key of it holds.
    """
    with opened(context) as fleet:
        member = members.revoke(fleet, vantage, why=why[:200], now=now(), actor=ACTOR)
    out.print(f"{vantage}: the key {member.key} opens nothing any more", markup=False, soft_wrap=True)
