"""Blocking events: every revision is kept as it was said, and the newest is found at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, cast

from monitor.model import BlockingEvent
from monitor.store.errors import StoreError
from monitor.store.sql import insertion, sentence, spells, updates, where
from monitor.store.times import microseconds
from monitor.store.transaction import Transaction, claim
from probes.document import canonical, document, record_from

_COLUMNS = ("target", "country", "revision", "onset")
_EVENT = insertion("event", ("id", *_COLUMNS), updates(_COLUMNS) + " WHERE excluded.revision > revision")
_REVISION = insertion("event_revision", ("event", "revision", "recorded", "document"))
_NEWEST = (
    "SELECT document FROM event JOIN event_revision ON event_revision.event = event.id "
    "AND event_revision.revision = event.revision"
)
_CONDITIONS = {"target": spells("target"), "country": spells("country")}


def add(transaction: Transaction, events: Iterable[BlockingEvent]) -> None:
    """Append each event as the revision that it says it is; said twice it is one, and said otherwise a StoreError."""
    for event in events:
        claim(transaction, event.simulated)
        text = canonical(document(event)).decode()
        if _is_new(transaction.connection, event, text):
            _append(transaction, event, text)


def newest(connection: sqlite3.Connection, *, target: str | None, country: str | None) -> tuple[BlockingEvent, ...]:
    """The newest revision of each event, the latest onset first."""
    condition, parameters = where(_CONDITIONS, {"target": target, "country": country})
    rows = connection.execute(sentence(_NEWEST, condition, "ORDER BY onset DESC, id"), parameters)
    return tuple(_event(row) for row in rows.fetchall())


def revisions(connection: sqlite3.Connection, event: str) -> tuple[BlockingEvent, ...]:
    """Everything that was ever said of an event, oldest first; nothing where it is not known."""
    rows = connection.execute("SELECT document FROM event_revision WHERE event = ? ORDER BY revision", (event,))
    return tuple(_event(row) for row in rows.fetchall())


def _is_new(connection: sqlite3.Connection, event: BlockingEvent, text: str) -> bool:
    key = (event.id, event.revision)
    known = connection.execute("SELECT document FROM event_revision WHERE event = ? AND revision = ?", key).fetchone()
    if known is not None and known["document"] != text:
        raise StoreError(
            f"revision {event.revision} of event {event.id} is written already, and revisions are never changed"
        )
    return known is None


def _append(transaction: Transaction, event: BlockingEvent, text: str) -> None:
    row: dict[str, Any] = {
        "id": event.id,
        "target": transaction.symbols(event.target),
        "country": transaction.symbols(event.country),
        "revision": event.revision,
        "onset": microseconds(event.onset[1]),
    }
    said = {
        "event": event.id,
        "revision": event.revision,
        "recorded": microseconds(transaction.clock()),
        "document": text,
    }
    transaction.connection.execute(_EVENT, row)
    transaction.connection.execute(_REVISION, said)


def _event(row: sqlite3.Row) -> BlockingEvent:
    return cast("BlockingEvent", record_from(BlockingEvent, json.loads(row["document"])))
