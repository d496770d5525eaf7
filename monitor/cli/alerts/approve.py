"""`presscanary alerts approve`: a person lets a message to the public go, or stops it."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.alerts.word import say, word
from monitor.cli.frame import USAGE, CommandError, place
from monitor.cli.reading import reading
from monitor.model import Delivery, Fate, Said


def command(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The message's key, or its first characters (`alerts pending`).")],
    *,
    decline: Annotated[bool, typer.Option("--decline", help="It is not to be sent.")] = False,
    by: Annotated[str | None, typer.Option(help="Who says so.", show_default="the user of this machine")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written down as JSON.")] = False,
) -> None:
    """Approve a message that waits for it, or decline it. Exit code 2 where none, or several, begin with the key."""
    with reading(place(context).where) as store:
        known = () if store is None else store.deliveries(fate=Fate.PROPOSED)
    chosen = _chosen(key, known)
    saying = word(Said.DECLINED if decline else Said.APPROVED, f"delivery:{chosen.key}", by=by, note=note)
    verb = "Declined" if decline else "Approved"
    say(place(context).where, saying, as_json=as_json, told=f"{verb}: to {chosen.recipient}, {_about(chosen)}.")


def _chosen(key: str, proposed: tuple[Delivery, ...]) -> Delivery:
    found = [one for one in proposed if key and one.key.startswith(key)]
    if len(found) != 1:
        count = "no message that waits for approval begins" if not found else f"{len(found)} messages begin"
        raise CommandError(f"{count} with {key[:60]!r}: `presscanary alerts pending` lists them", USAGE)
    return found[0]


def _about(one: Delivery) -> str:
    return ", ".join(f"{alert.stage} {alert.story}" for alert in one.alerts)
