"""What an import did, for people and for scripts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import typer
from rich.table import Table

from monitor.cli.frame import FAULT, USAGE, err, out, print_json
from monitor.cli.tell import event_line
from monitor.history import Unreadable
from monitor.model import BlockingEvent

_LISTED = 100
"""Unreadable places that are named one by one; the others are counted."""


@dataclass(slots=True)
class Receipt:
    """The counts of a running import."""

    new: int = 0
    known: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Documents of other tests, by the test's name."""
    refused: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    events: tuple[BlockingEvent, ...] = ()
    """Events that the review after the import found new or changed."""

    @property
    def read(self) -> int:
        """Documents or rows that were understood and are ours."""
        return self.new + self.known

    @property
    def code(self) -> int:
        """Exit code: 0 all could be read, FAULT something could not, USAGE nothing could."""
        if not self.refused:
            return 0
        return FAULT if self.read or self.skipped else USAGE

    def refuse(self, found: Unreadable) -> None:
        """Count a place that could not be read, and keep it for the list while that is short."""
        self.refused += 1
        if len(self.unreadable) < _LISTED:
            self.unreadable.append(found)


def show(receipt: Receipt, *, as_json: bool) -> None:
    """Print the receipt, and exit with its code where that is not 0."""
    if as_json:
        print_json(_document(receipt))
    else:
        _print(receipt)
    if receipt.code:
        raise typer.Exit(receipt.code)


def _document(receipt: Receipt) -> dict[str, object]:
    return {
        "read": receipt.read,
        "new": receipt.new,
        "known": receipt.known,
        "skipped": dict(sorted(receipt.skipped.items())),
        "unreadable": receipt.refused,
        "unreadable_places": receipt.unreadable,
        "events": [event.id for event in receipt.events],
    }


def _print(receipt: Receipt) -> None:
    table = Table("", "", box=None, show_header=False)
    rows = [("read", receipt.read), ("new", receipt.new), ("already known", receipt.known)]
    rows += [(f"skipped: {test}", count) for test, count in sorted(receipt.skipped.items())]
    for name, count in [*rows, ("unreadable", receipt.refused)]:
        table.add_row(name, f"{count:>8,}")
    out.print(table)
    for place in receipt.unreadable:
        err.print(f"{place.where}: {place.why}", style="yellow", markup=False, soft_wrap=True)
    if receipt.refused > len(receipt.unreadable):
        err.print(f"… and {receipt.refused - len(receipt.unreadable)} more places", style="yellow")
    for event in receipt.events:
        out.print(event_line(event), markup=False, soft_wrap=True)
