"""`presscanary alerts mute`: silence for a while, about something or for somebody."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from monitor.cli.alerts.word import plain_id, say, until, word
from monitor.cli.frame import USAGE, CommandError, place
from monitor.model import Said
from probes.document import rfc3339

_SUBJECT = re.compile(r"all|(event|target|network|country|recipient):[^\s]{1,200}")


def command(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(help="all, or target:ID, event:ID, network:AS1, country:KG, recipient:NAME.")
    ],
    *,
    lasting: Annotated[str, typer.Option("--for", metavar="TIME", help="How long; a mute always ends.")] = "4h",
    off: Annotated[bool, typer.Option("--off", help="Take the mute back.")] = False,
    by: Annotated[str | None, typer.Option(help="Who says so.", show_default="the user of this machine")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written down as JSON.")] = False,
) -> None:
    """Hold back messages about something until the mute ends; retractions still come, and what was held is listed.

    What goes on when it ends is told then.
    """
    name = plain_id(subject)
    if not _SUBJECT.fullmatch(name):
        expected = "all, or event:, target:, network:, country: or recipient: and a name"
        raise CommandError(f"expected {expected}, found {subject[:60]!r}", USAGE)
    end = None if off else until(lasting)
    saying = word(Said.UNMUTED if off else Said.MUTED, name, by=by, note=note, until=end)
    told = f"No longer muted: {name}." if end is None else f"Muted {name} until {rfc3339(end.replace(microsecond=0))}."
    say(place(context).where, saying, as_json=as_json, told=told)
