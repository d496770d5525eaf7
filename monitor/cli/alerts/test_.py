"""`presscanary alerts test`: does a message reach each recipient?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer

from monitor.alert.channels import Answer, Delivered, Later, Refused, all_channels
from monitor.alert.letter import compose
from monitor.alert.outside import Outside, UnreachableError
from monitor.alert.settings import Address, Recipient
from monitor.app import utc_now
from monitor.cli.frame import FAULT, USAGE, CommandError, fail, load_settings, out, place, print_json
from monitor.model import Delivery, Form
from monitor.outbox import folder_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one test."""

    recipient: str
    address: str
    channel: str
    arrived: bool
    why: str = ""


def command(
    context: typer.Context,
    recipient: Annotated[str | None, typer.Argument(help="Only this one.", show_default="all of them")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Send a test message to each address of each recipient now, and say what became of it.

    Exit code 1 where one was not taken, 2 where nobody is configured.
    """
    here = place(context)
    settings = load_settings(here.config).alerts
    chosen = [each for each in settings.recipients if recipient in (None, each.name)]
    if not chosen:
        named = f"no recipient {recipient!r}" if recipient else "no recipient"
        raise CommandError(f"{here.config} has {named} under alerts", USAGE)
    outside = Outside(folder=folder_of(here.where), allow=settings.allow)
    tried = asyncio.run(_all(chosen, outside))
    if as_json:
        print_json(tried)
    else:
        for one in tried:
            said = "arrived" if one.arrived else f"NOT taken: {one.why}"
            out.print(f"{one.recipient} ({one.address}, {one.channel}): {said}", markup=False, soft_wrap=True)
    if not all(one.arrived for one in tried):
        fail("not every test message was taken", FAULT)


async def _all(recipients: list[Recipient], outside: Outside) -> list[Tried]:
    pairs = [(recipient, address) for recipient in recipients for address in recipient.addresses]
    return list(await asyncio.gather(*(_one(*pair, outside) for pair in pairs)))


async def _one(recipient: Recipient, address: Address, outside: Outside) -> Tried:
    now = utc_now()
    delivery = Delivery(
        key=f"test-{now:%Y%m%dT%H%M%S%f}",
        recipient=recipient.name,
        address=address.name,
        alerts=(),
        created=now,
        due=now,
        form=Form.TEST,
    )
    try:
        answer: Answer = await all_channels()[address.channel].send(compose(delivery, recipient, address), outside)
    except UnreachableError as fault:
        answer = Refused(why=str(fault))
    match answer:
        case Delivered():
            arrived, why = True, ""
        case Later(why=why) | Refused(why=why):
            arrived = False
    return Tried(recipient=recipient.name, address=address.name, channel=address.channel, arrived=arrived, why=why)
