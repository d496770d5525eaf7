"""The outbox of alerts: deliveries in the order in which they were planned, and what people said of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, cast

from monitor.model import Delivery, Fate, Saying
from monitor.store.sql import insertion, sentence, where
from monitor.store.times import microseconds
from monitor.store.transaction import Transaction
from probes.document import canonical, document, record_from

COLUMNS = ("key", "recipient", "fate", "created", "document")
CHANGES = "UPDATE delivery SET fate = {fate}, document = {document} WHERE key = {key}"
"""A template: the engines write their parameters in different ways."""

_DELIVERY = insertion("delivery", COLUMNS, "ON CONFLICT (key) DO NOTHING")
_CHANGED = CHANGES.format(fate=":fate", document=":document", key=":key")
_SAYING = insertion("saying", ("id", "document"), "ON CONFLICT (id) DO NOTHING")
_CONDITIONS = {"recipient": "recipient = :recipient", "fate": "fate = :fate"}


def add(transaction: Transaction, given: Sequence[Delivery], changed: Sequence[Delivery]) -> int:
    """Append deliveries whose key is new, and write what became of known ones; how many were new."""
    for delivery in changed:
        transaction.connection.execute(_CHANGED, row(delivery))
    return sum(transaction.connection.execute(_DELIVERY, row(delivery)).rowcount for delivery in given)


def select(connection: sqlite3.Connection, *, recipient: str | None, fate: Fate | None) -> tuple[Delivery, ...]:
    """The deliveries that fit, in the order in which they were planned."""
    condition, parameters = where(_CONDITIONS, {"recipient": recipient, "fate": fate})
    rows = connection.execute(sentence("SELECT document FROM delivery", condition, "ORDER BY seq"), parameters)
    return tuple(delivery_of(text) for (text,) in rows.fetchall())


def say(transaction: Transaction, saying: Saying) -> None:
    """Append what a person said; said twice under one id it is once."""
    transaction.connection.execute(_SAYING, {"id": saying.id, "document": canonical(document(saying)).decode()})


def sayings(connection: sqlite3.Connection) -> tuple[Saying, ...]:
    """All that people said, oldest first."""
    rows = connection.execute("SELECT document FROM saying ORDER BY seq").fetchall()
    return tuple(saying_of(text) for (text,) in rows)


def row(delivery: Delivery) -> Mapping[str, Any]:
    """A delivery as the tables hold it."""
    return {
        "key": delivery.key,
        "recipient": delivery.recipient,
        "fate": delivery.fate.value,
        "created": microseconds(delivery.created),
        "document": canonical(document(delivery)).decode(),
    }


def delivery_of(text: str) -> Delivery:
    """A delivery from its document."""
    return cast("Delivery", record_from(Delivery, json.loads(text)))


def saying_of(text: str) -> Saying:
    """What a person said, from its document."""
    return cast("Saying", record_from(Saying, json.loads(text)))
