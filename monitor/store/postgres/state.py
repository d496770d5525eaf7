"""What is concluded, in PostgreSQL: events with every revision, health, and whether all of it is simulated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from monitor.model import BlockingEvent, Delivery, Fate, Saying, VantageStatus
from monitor.store import outbox
from monitor.store.errors import StoreError
from monitor.store.flat import HEALTH, SAME, same
from monitor.store.postgres.database import Connection, Database
from monitor.store.postgres.tables import insertion, replacing
from monitor.store.sql import sentence, where
from monitor.store.times import microseconds
from probes.document import canonical, document, record_from
from probes.model import Clock

_COLUMNS = ("target", "country", "revision", "onset")
_EVENT = insertion(
    "event", ("id", *_COLUMNS), replacing(("id",), _COLUMNS) + " WHERE excluded.revision > event.revision"
)
_REVISION = insertion("event_revision", ("event", "revision", "recorded", "document"), "")
_HEALTH = insertion("health", HEALTH.columns, replacing(("vantage",), HEALTH.columns))
_NEWEST = (
    "SELECT document FROM event JOIN event_revision ON event_revision.event = event.id "
    "AND event_revision.revision = event.revision"
)
_DELIVERY = insertion("delivery", outbox.COLUMNS, "ON CONFLICT (key) DO NOTHING")
_CHANGED = outbox.CHANGES.format(fate="%(fate)s", document="%(document)s", key="%(key)s").encode()
_SAYING = insertion("saying", ("id", "document"), "ON CONFLICT (id) DO NOTHING")
_FITTING = {"recipient": "recipient = %(recipient)s", "fate": "fate = %(fate)s"}
_CONDITIONS = {"target": "target = %(target)s", "country": "country = %(country)s"}


class PostgresState:
    """The StateStore protocol on one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._claimed: bool | None = None
        """What the store holds, once that is known: it never changes."""

    def claim(self, simulated: bool) -> None:
        """Say that what comes is simulated, or real; StoreError where the store holds the other. The first decides."""
        if self._claimed is not simulated:
            self._claimed = self._database.write(lambda connection: _claim(connection, simulated))

    def save_events(self, given: Sequence[BlockingEvent]) -> None:
        """Append each event as a new revision; a revision that is there already must be the same."""

        def work(connection: Connection) -> None:
            # One writer of events at a time: two reviews that end together must not both add the same revision.
            connection.execute("LOCK TABLE event_revision IN SHARE ROW EXCLUSIVE MODE")
            for event in given:
                _claim(connection, event.simulated)
                self._add(connection, event)

        if given:
            self._database.write(work)

    def save_health(self, statuses: Sequence[VantageStatus]) -> None:
        """Replace what is believed of these vantage points."""

        def work(connection: Connection) -> None:
            for status in sorted(statuses, key=lambda status: status.vantage):
                _claim(connection, status.simulated)
                connection.execute(_HEALTH, HEALTH.row(status, same))

        if statuses:
            self._database.write(work)

    def events(self, *, target: str | None = None, country: str | None = None) -> tuple[BlockingEvent, ...]:
        """The newest revision of each event, the latest onset first."""
        condition, parameters = where(_CONDITIONS, {"target": target, "country": country})
        statement = sentence(_NEWEST, condition, 'ORDER BY onset DESC, id COLLATE "C"')
        return tuple(_event(text) for (text,) in self._rows(statement, parameters))

    def revisions(self, event: str) -> tuple[BlockingEvent, ...]:
        """Every revision of one event, oldest first."""
        statement = "SELECT document FROM event_revision WHERE event = %(event)s ORDER BY revision"
        return tuple(_event(text) for (text,) in self._rows(statement, {"event": event.replace("\0", "")}))

    def health(self) -> tuple[VantageStatus, ...]:
        """What is believed of each vantage point."""
        rows = self._rows(f"SELECT {HEALTH.listed} FROM health", {})  # noqa: S608 - the columns' names
        return tuple(sorted((HEALTH.record(row, SAME) for row in rows), key=lambda status: status.vantage))

    def enqueue(self, given: Sequence[Delivery], changed: Sequence[Delivery] = ()) -> int:
        """Append deliveries whose key is new and write what became of `changed`, all at once; how many were new."""

        def work(connection: Connection) -> int:
            for delivery in changed:
                connection.execute(_CHANGED, outbox.row(delivery))
            return sum(connection.execute(_DELIVERY, outbox.row(delivery)).rowcount for delivery in given)

        return self._database.write(work)

    def deliveries(self, *, recipient: str | None = None, fate: Fate | None = None) -> tuple[Delivery, ...]:
        """The deliveries that fit, in the order in which they were planned."""
        condition, parameters = where(_FITTING, {"recipient": recipient, "fate": fate})
        rows = self._rows(sentence("SELECT document FROM delivery", condition, "ORDER BY seq"), parameters)
        return tuple(outbox.delivery_of(text) for (text,) in rows)

    def say(self, saying: Saying) -> None:
        """Append what a person said of alerts."""
        row = {"id": saying.id, "document": canonical(document(saying)).decode()}
        self._database.write(lambda connection: connection.execute(_SAYING, row))

    def sayings(self) -> tuple[Saying, ...]:
        """All that people said of alerts, oldest first."""
        rows = self._rows("SELECT document FROM saying ORDER BY seq", {})
        return tuple(outbox.saying_of(text) for (text,) in rows)

    @property
    def simulated(self) -> bool:
        """Whether this store holds simulated measurements; an empty one holds none."""
        return self._rows("SELECT value FROM meta WHERE key = 'simulated'", {}) == [("1",)]

    def counts(self) -> Mapping[str, int]:
        """How much is stored: events and their revisions."""
        ((events, revisions),) = self._rows(
            "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM event_revision)", {}
        )
        return {"events": events, "event_revisions": revisions}

    def close(self) -> None:
        """Let go of the connections; closing twice is once."""
        self._database.close()

    def _rows(self, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return self._database.read(lambda connection: connection.execute(statement.encode(), parameters).fetchall())

    def _add(self, connection: Connection, event: BlockingEvent) -> None:
        text = canonical(document(event)).decode()
        key = (event.id, event.revision)
        known = connection.execute(
            "SELECT document FROM event_revision WHERE event = %s AND revision = %s", key
        ).fetchone()
        if known is not None and known[0] != text:
            raise StoreError(
                f"revision {event.revision} of event {event.id} is written already, and revisions are never changed"
            )
        if known is None:
            row = {"id": event.id, "target": event.target, "country": event.country, "revision": event.revision}
            connection.execute(_EVENT, row | {"onset": microseconds(event.onset[1])})
            said = {"event": event.id, "revision": event.revision, "document": text}
            connection.execute(_REVISION, said | {"recorded": microseconds(self._clock())})


def _claim(connection: Connection, wanted: bool) -> bool:
    """What the store holds from now on: `wanted`; StoreError where it holds the other."""
    row = ("1" if wanted else "0",)
    connection.execute("INSERT INTO meta VALUES ('simulated', %s) ON CONFLICT DO NOTHING", row)
    found = connection.execute("SELECT value FROM meta WHERE key = 'simulated'").fetchone()
    if found != row:
        words = {True: "simulated", False: "real"}
        raise StoreError(
            f"this store holds {words[not wanted]} measurements and takes no {words[wanted]} ones: "
            "name another folder with --data-dir, or another database"
        )
    return wanted


def _event(text: str) -> BlockingEvent:
    return cast("BlockingEvent", record_from(BlockingEvent, json.loads(text)))
