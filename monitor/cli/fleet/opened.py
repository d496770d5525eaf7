"""What the verbs share: the fleet's database, the clock, and refusals as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.frame import FAULT, USAGE, CommandError, place
from monitor.fleet import Database, FleetError, FleetRefusal
from monitor.pipeline.roster import open_fleet
from monitor.store import StoreError

ACTOR = "command"
"""Who changed something, in the record: no name of a person stands there."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Vantage = Annotated[str, typer.Argument(help="The vantage point's id.")]


@contextmanager
def opened(context: typer.Context) -> Iterator[Database]:
    """The fleet's database; CommandError with exit code 2 for what cannot be done, 1 where it cannot be used."""
    try:
        database = open_fleet(place(context).where)
        try:
            yield database
        finally:
            database.close()
    except FleetRefusal as fault:
        raise CommandError(str(fault), USAGE) from fault
    except (FleetError, StoreError) as fault:
        raise CommandError(str(fault), FAULT) from fault


def now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)
