"""What a store holds and how large it is, and whether that is as its policy says."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.store import engine, schema, segments
from monitor.store.policy import Policy
from monitor.store.times import microseconds
from monitor.store.upkeep import Upkeep


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """A store's contents in numbers; bytes are those of the files."""

    data_dir: str
    version: int
    tail_rows: int
    sealed_rows: int
    segments: int
    months: int
    documents: int
    database_bytes: int
    segment_bytes: int
    pack_bytes: int
    limit: int | None
    over_limit: bool
    sealable_rows: int
    """Rows of the tail that the policy would have sealed."""
    can_seal: bool
    """Whether DuckDB is installed."""
    advice: tuple[str, ...] = ()
    """What needs attention, one sentence each."""

    @property
    def bytes(self) -> int:
        """The size of the data folder."""
        return self.database_bytes + self.segment_bytes + self.pack_bytes


def take(upkeep: Upkeep, policy: Policy, now: datetime) -> Inventory:
    """Count what a store holds now, beside whoever writes."""
    return upkeep.read(lambda connection: _take(connection, upkeep.folder.path, policy, now))


def folder_size(path: Path) -> int:
    """Bytes of all files of a data folder; those that vanish meanwhile are not counted."""
    return sum(map(_size, path.rglob("*")))


def _take(connection: sqlite3.Connection, path: Path, policy: Policy, now: datetime) -> Inventory:
    live = segments.live(connection)
    total = folder_size(path)
    packs = sum(map(_size, (path / "packs").glob("*")))
    sealed = sum(map(_size, (path / "segments").rglob("*")))
    over = policy.over(total)
    before = microseconds(policy.seals_before(now, over=over))
    sealable = _one(connection, "SELECT count(*) FROM observation WHERE sealed IS NULL AND time < ?", before)
    return Inventory(
        data_dir=str(path),
        version=schema.version(connection, path),
        tail_rows=_one(connection, "SELECT count(*) FROM observation WHERE sealed IS NULL"),
        sealed_rows=sum(segment.rows for segment in live),
        segments=len(live),
        months=len({segment.month for segment in live}),
        documents=_one(connection, "SELECT count(*) FROM document"),
        database_bytes=total - packs - sealed,
        segment_bytes=sealed,
        pack_bytes=packs,
        limit=policy.limit,
        over_limit=over,
        sealable_rows=sealable,
        can_seal=engine.available(),
        advice=tuple(_advice(policy, over=over, sealable=sealable)),
    )


def _advice(policy: Policy, *, over: bool, sealable: int) -> list[str]:
    said = []
    if over:
        said.append(
            f"The store is over its limit of {(policy.limit or 0) / 1e9:g} GB. Everything is still measured and kept: "
            "results older than two days are sealed, and no sample of ok documents is kept. Raise `store: limit`, or "
            "set `store: raw`."
        )
    if sealable and not engine.available():
        said.append(
            f"{sealable:,} results could be sealed, for which DuckDB is missing: pip install 'presscanary[store]'. "
            "Until then the database keeps growing, and nothing is lost."
        )
    elif sealable:
        said.append(f"{sealable:,} results can be sealed: `run` does it in quiet moments, `store seal` at once.")
    return said


def _one(connection: sqlite3.Connection, statement: str, *given: int) -> int:
    (found,) = connection.execute(statement, given).fetchone()
    return int(found)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
