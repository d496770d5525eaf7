"""What each key delivered: a batch is begun with the network it came from, and durable once it has a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.fleet import members
from monitor.fleet.database import Connection, Database, FleetRefusal, Row, number, one, time
from monitor.fleet.words import Kept, Member


class Misplaced(FleetRefusal):
    """A batch whose number is not the next one, or is taken by another one (`fork`)."""

    def __init__(self, member: Member, *, fork: bool) -> None:
        super().__init__("the batch does not follow the newest one that is durable")
        self.expected, self.previous, self.fork = member.sequence + 1, member.previous, fork


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A batch as it came in, its signature checked."""

    key: str
    sequence: int
    sha256: str
    """Of its header."""
    previous: str
    letter: bytes
    """The signed header: with it a single measurement can be proven."""
    network: str
    """Where it came from."""
    first: datetime | None = None
    """When the oldest of its measurements was made …"""
    last: datetime | None = None
    """… and the newest."""
    skewed: bool = False
    """Whether its clock was more than five minutes off, or nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What came of a batch."""

    accepted: int
    refused: int
    dropped: int
    waiting: int
    offset: float | None
    software: str
    newest: datetime | None


def begin(database: Database, batch: Arrived, *, now: datetime) -> Kept:
    """Take a batch up: as it was begun the first time, where it was. Misplaced where it is not the key's next one.

    What was begun and has no receipt was interrupted; it is done again with the same network, and so with the same ids.
    """

    def work(connection: Connection) -> Kept:
        row = _row(connection, batch.key, batch.sequence)
        member = members.find(connection, batch.key)
        if member is None:
            raise FleetRefusal("the key is not known")
        if row is not None and row["sha256"] == batch.sha256:
            return _kept(row)
        if row is not None or (batch.sequence, batch.previous) != (member.sequence + 1, member.previous):
            raise Misplaced(member, fork=row is not None or batch.sequence <= member.sequence)
        made = {
            "key": batch.key, "sequence": batch.sequence, "sha256": batch.sha256, "network": batch.network,
            "letter": batch.letter, "begun": number(now), "skewed": int(batch.skewed),
            "oldest": _number(batch.first), "newest": _number(batch.last),
        }  # fmt: skip
        connection.do(
            "INSERT INTO fleet_batch VALUES "
            "(:key, :sequence, :sha256, :network, :letter, :begun, NULL, :oldest, :newest, :skewed)",
            **made,
        )
        return _kept(made | {"receipt": None})

    return database.write(work)


def finish(database: Database, kept: Kept, receipt: bytes, delivered: Delivered, *, now: datetime) -> bytes:
    """Say that a batch is durable; the receipt, or the one that another collector gave it meanwhile."""

    def work(connection: Connection) -> bytes:
        row, member = _row(connection, kept.key, kept.sequence), members.find(connection, kept.key)
        if row is None or member is None:
            raise FleetRefusal("the batch was never begun")
        if row["receipt"] is not None:
            return bytes(row["receipt"])
        connection.do(
            "UPDATE fleet_batch SET receipt = :receipt WHERE key = :key AND sequence = :sequence",
            receipt=receipt, key=kept.key, sequence=kept.sequence,
        )  # fmt: skip
        members.put(connection, member, **_told(member, kept, delivered, now))
        return receipt

    return database.write(work)


def known(database: Database, key: str, sequence: int, sha256: str) -> bool:
    """Whether this very batch has come before."""
    row = database.read(lambda connection: _row(connection, key, sequence))
    return row is not None and row["sha256"] == sha256


def letters(database: Database, key: str) -> tuple[bytes, ...]:
    """Every signed header of a key, by number: its chain."""
    rows = database.read(
        lambda connection: connection.rows("SELECT letter FROM fleet_batch WHERE key = :key ORDER BY sequence", key=key)
    )
    return tuple(bytes(row["letter"]) for row in rows)


def _told(member: Member, kept: Kept, delivered: Delivered, now: datetime) -> dict[str, object]:
    newest = max(filter(None, (member.newest, delivered.newest)), default=None)
    return {
        "sequence": kept.sequence,
        "previous": kept.sha256,
        "seen": number(now),
        "newest": _number(newest),
        "waiting": delivered.waiting,
        "accepted": member.accepted + delivered.accepted,
        "refused": member.refused + delivered.refused,
        "dropped": member.dropped + delivered.dropped,
        "offset": delivered.offset,
        "software": delivered.software,
    }


def _row(connection: Connection, key: str, sequence: int) -> Row | None:
    statement = "SELECT * FROM fleet_batch WHERE key = :key AND sequence = :sequence"
    return one(connection.rows(statement, key=key, sequence=sequence))


def _kept(row: Row) -> Kept:
    told = {name: row[name] for name in ("key", "sequence", "sha256", "network")}
    receipt = None if row["receipt"] is None else bytes(row["receipt"])
    return Kept(**told, begun=time(row["begun"]), receipt=receipt)


def _number(moment: datetime | None) -> int | None:
    return None if moment is None else number(moment)
