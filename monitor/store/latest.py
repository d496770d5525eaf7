"""The newest outcome of each page at each vantage point, and since when its state has been the same.

A page is one URL of one target. Outcomes that come late, or are judged again, may change the past: then the answer is
found anew with one look per state into the index, however long the past is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.model import State
from monitor.store import segments
from monitor.store.archive import SealedPast
from monitor.store.sql import batch_insertion, insertion, sentence, updates
from monitor.store.transaction import Transaction

_KEY = ("target", "url", "vantage")
_COLUMNS = (*_KEY, "seq", "time", "state", "since")
_PAGE = "target = :target AND url = :url AND vantage = :vantage"
NEWEST = "(SELECT observation.*, latest.since FROM latest JOIN observation USING (seq))"
"""The newest observation of each page at each vantage point, and its run's first moment."""

_FOLLOW = batch_insertion(
    "latest",
    _COLUMNS,
    "ON CONFLICT DO UPDATE SET seq = excluded.seq, time = excluded.time, state = excluded.state, "
    "since = CASE state WHEN excluded.state THEN since ELSE excluded.since END "
    "WHERE (excluded.time, excluded.seq) >= (latest.time, latest.seq)",
)
_REPLACE = insertion("latest", _COLUMNS, updates(("seq", "time", "state", "since")))
_NEWEST = sentence(
    "SELECT seq, time, state FROM observation WHERE",
    _PAGE,
    "AND state = :state ORDER BY time DESC, seq DESC LIMIT 1",
)
_FIRST_AFTER = sentence(
    "SELECT time FROM observation WHERE",
    _PAGE,
    "AND state = :state AND time >= :time AND (time, seq) > (:time, :seq) ORDER BY time, seq LIMIT 1",
)


def follow(transaction: Transaction, row: Mapping[str, Any]) -> None:
    """Take in a new row: it is the newest, or it came late."""
    values = [row[name] for name in (*_KEY, "seq", "time", "state", "time")]
    if not transaction.connection.execute(_FOLLOW, values).rowcount:
        recompute(transaction, row)


def recompute(transaction: Transaction, row: Mapping[str, Any]) -> None:
    """Find the newest row of a page, and the first of its unbroken run, from the rows themselves."""
    key = _key(row)
    newest = _newest_of_each_state(transaction, key)
    last, other = newest[0], newest[1] if len(newest) > 1 else {"time": -(2**62), "seq": 0}
    after = other["time"], other["seq"]
    if past := _sealed_past(transaction, key | {"state": last["state"]}, after[0]):
        after = max([after, *past.others(after)])
    run = key | {"state": last["state"], "time": after[0], "seq": after[1]}
    (since,) = transaction.connection.execute(_FIRST_AFTER, run).fetchone()
    _write(transaction, key | last, since=min([since, *past.same(after)] if past else [since]))


def _newest_of_each_state(transaction: Transaction, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = (
        transaction.connection.execute(_NEWEST, {**key, "state": transaction.symbols(state.value)}).fetchone()
        for state in State
    )
    return sorted((dict(row) for row in found if row), key=lambda row: (row["time"], row["seq"]), reverse=True)


def _sealed_past(transaction: Transaction, run: Mapping[str, Any], since: int) -> SealedPast | None:
    """What is sealed of a page from `since` on; None where nothing is. The newest row itself is always in the tail."""
    if not segments.live(transaction.connection, since):
        return None
    page = {name: transaction.symbols.text(run[name]) for name in (*_KEY, "state")}
    return SealedPast(archive=transaction.archive, connection=transaction.connection, page=page, since=since)


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _KEY}


def _write(transaction: Transaction, row: Mapping[str, Any], *, since: int) -> None:
    transaction.connection.execute(_REPLACE, {name: row[name] for name in _COLUMNS[:-1]} | {"since": since})
