"""A collector put together once: store, fleet, key, table of prefixes, desk."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.cli.frame import FAULT, CommandError, err
from monitor.cli.serve import folder_of
from monitor.collector import Desk, IdentityError, signing_key
from monitor.collector.identity import NAME
from monitor.collector.work import Rounds
from monitor.config import Settings
from monitor.fleet import FleetError
from monitor.pipeline import known_in
from monitor.pipeline.logged import tending_of
from monitor.pipeline.roster import open_fleet
from monitor.prefixes import PrefixError, Table, read_table
from monitor.store import Location, StoreError, open_store


@dataclass(slots=True)
class Wired:
    """A running collector; `settings` may be replaced while it runs."""

    settings: Settings
    desk: Desk
    table: Table

    def network_of(self, address: str) -> str:
        """What the table in force says of an address."""
        return self.table.network_of(address)

    def reload(self, settings: Settings) -> None:
        """Go on with other settings and the table as it is now; PrefixError, and nothing has changed, where that is
        none."""
        self.table = table_of(settings)
        self.settings = settings


def now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


@contextmanager
def wired(where: Location, settings: Settings, *, reviews: bool) -> Iterator[Wired]:
    """A collector on a store, opened for writing; CommandError says what cannot be used."""
    try:
        with ExitStack() as held:
            yield _wired(where, settings, held, reviews=reviews)
    except (StoreError, FleetError, IdentityError, PrefixError) as fault:
        raise CommandError(str(fault), FAULT) from fault


def _wired(where: Location, settings: Settings, held: ExitStack, *, reviews: bool) -> Wired:
    _log_to_the_terminal()
    table = table_of(settings)
    store = open_store(where)
    held.callback(store.close)
    tending = tending_of(store)
    if tending is not None:
        held.callback(tending.close)
    fleet = open_fleet(where)
    held.callback(fleet.close)
    fingerprints = known_in(where)
    box: list[Wired] = []

    def current() -> Settings:
        return box[0].settings if box else settings

    rounds = Rounds(store, fleet, settings=current, fingerprints=lambda: fingerprints, tending=tending, reviews=reviews)
    key = signing_key(settings.collector.key_file or folder_of(where) / NAME)
    desk = Desk(store, fleet, key, settings=current, rounds=rounds, clock=now, tending=tending)
    held.enter_context(desk)
    box.append(Wired(settings=settings, desk=desk, table=table))
    return box[0]


def table_of(settings: Settings) -> Table:
    """The table of prefixes that the configuration names; an empty one where it names none."""
    path = settings.collector.prefixes
    return Table(()) if path is None else read_table(path)


def _log_to_the_terminal() -> None:
    """Warnings as one line each; none of them holds an address or what a stranger sent."""
    handler = logging.StreamHandler(err.file)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("monitor.collector").addHandler(handler)
