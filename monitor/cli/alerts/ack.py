"""`presscanary alerts ack`: somebody takes care of an event, so nobody else is told for want of an answer."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.alerts.word import plain_id, say, word
from monitor.cli.frame import USAGE, CommandError, place
from monitor.cli.reading import reading
from monitor.model import Said


def command(
    context: typer.Context,
    event: Annotated[str, typer.Argument(help="The event's id, as it stands in the message.")],
    *,
    by: Annotated[str | None, typer.Option(help="Who says so.", show_default="the user of this machine")] = None,
    note: Annotated[str, typer.Option(help="Why, or what is done about it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written down as JSON.")] = False,
) -> None:
    """Acknowledge an event: those who would be told next hear nothing. Exit code 2 where nobody was told of it."""
    name = plain_id(event)
    with reading(place(context).where) as store:
        known = () if store is None else store.deliveries()
    if not any(alert.story == name for one in known for alert in one.alerts):
        raise CommandError(f"nobody was told of an event {name[:80]!r}: `presscanary alerts list` shows who was", USAGE)
    saying = word(Said.ACKNOWLEDGED, f"event:{name}", by=by, note=note)
    say(place(context).where, saying, as_json=as_json, told=f"Acknowledged {name}.")
