"""`presscanary alerts pending`: what has not arrived yet, and what somebody has to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.alerts.list_ import show
from monitor.cli.frame import place, print_json
from monitor.cli.reading import reading
from monitor.model import Fate

_OPEN = (Fate.PROPOSED, Fate.WAITING, Fate.DEAD)


def command(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show messages that wait for approval, for their hour or for another attempt, and those that were given up."""
    with reading(place(context).where) as store:
        known = () if store is None else store.deliveries()
    chosen = [one for fate in _OPEN for one in known if one.fate is fate]
    if as_json:
        print_json(chosen)
    else:
        show(chosen, nothing="Nothing waits, and nothing was given up.")
