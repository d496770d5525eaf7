"""What a person says of alerts: into the store, or left for the monitor that is writing to it now."""

from __future__ import annotations

import getpass
from datetime import datetime
from secrets import token_hex

from monitor.alert import orders
from monitor.app import utc_now
from monitor.cli.frame import FAULT, USAGE, CommandError, out, print_json
from monitor.config.values import seconds
from monitor.model import Said, Saying
from monitor.outbox import orders_in
from monitor.store import Location, StoreBusy, StoreError, open_store


def say(where: Location, saying: Saying, *, as_json: bool, told: str) -> None:
    """Write the word down and print what was said; a running monitor takes it in within a minute."""
    try:
        with open_store(where) as store:
            store.say(saying)
    except StoreBusy:
        orders.leave(orders_in(where), saying)
        told = f"{told} The running monitor takes it in with its next review."
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json(saying)
    else:
        out.print(told, markup=False, soft_wrap=True)


def word(said: Said, subject: str, *, by: str | None, note: str, until: datetime | None = None) -> Saying:
    """What is said now, by the user of this machine unless they name themselves."""
    return Saying(
        id=f"{utc_now():%Y%m%dT%H%M%S}-{token_hex(6)}",
        said=said,
        subject=subject,
        by=by or user(),
        at=utc_now(),
        until=until,
        note=note,
    )


def user() -> str:
    """The name of the user of this machine, or nothing where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def until(text: str) -> datetime:
    """The moment so long from now; CommandError where the text is no duration."""
    try:
        return utc_now() + seconds(text)
    except ValueError:
        raise CommandError(f"--for: expected a duration such as 4h or 2d, found {text[:40]!r}", USAGE) from None


def plain_id(text: str) -> str:
    """An event's id as it stands in messages, where its dots are in brackets.

    >>> plain_id("24[.]kg-kg-2026-03-02-939538")
    '24.kg-kg-2026-03-02-939538'
    """
    return text.replace("[.]", ".")
