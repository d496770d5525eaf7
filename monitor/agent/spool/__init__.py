"""The spool: measurements on disk from the moment they are made until a receipt says that the collector has them.

One SQLite file, synced with each measurement. At most one batch is sealed at a time; it is kept byte for byte until its
receipt is there, and its measurements are removed in the transaction that writes the receipt down. What has to be
dropped (the cap, a full disk, a document that no batch can hold) is counted, and told in the next header.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.agent.clock import Comparison, Moment
from monitor.agent.spool.file import (
    SpoolError,
    SpoolFull,
    add_to,
    disk_free,
    opened,
    say,
    spare,
    transaction,
    used,
    word,
)
from monitor.agent.spool.kept import Backlog, Row, backlog, comparison, forget, insert, oldest, together
from monitor.agent.spool.losses import Losses, Why
from monitor.sshsig import SigningKey
from monitor.wire import ClockReading, Header, Letter, compose
from monitor.wire.batch import MOST_BYTES, MOST_INFLATED, MOST_ROWS, inflated
from probes.document import canonical, document, rfc3339
from probes.model import Measurement

__all__ = ["Backlog", "Sealed", "Spool", "SpoolError", "SpoolFull"]

MARGIN = 8 * 1024 * 1024
"""Bytes of the disk that are never used: a full disk is the operator's trouble, and SQLite's log of changes needs some
to make room at all."""
_SPARE = 256 * 1024
"""Bytes that a measurement takes at most, by far, where the file may not grow."""

DROP_AT_ONCE = 64
"""Oldest measurements that make room together where the spool is full."""

_AT_ONCE = 1024 * 1024
"""Inflated bytes of a batch as it is made here (a collector takes more): a small machine holds them many times."""
_HEADER = 128 * 1024
"""Bytes of a batch that are left for its header: 500 hashes and the signature take 35 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A batch that is ready to be sent, or was sent and has no receipt yet."""

    sequence: int
    sha256: str
    count: int
    content: bytes


class Spool:
    """Keeps measurements until they are delivered; for one thread at a time. SpoolError where the file cannot be used.

    `limit` are the bytes that it may take: above them the oldest measurements make room, as they do where the disk has
    less than MARGIN left (`free` says how much it has).
    """

    def __init__(self, path: Path, *, limit: int, free: Callable[[], int] | None = None) -> None:
        self._limit = limit
        self._free = free or (lambda: disk_free(path))
        self._connection = opened(path)
        self._losses = Losses(self._connection)
        self._most = MOST_ROWS

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def append(self, measurement: Measurement, moment: Moment, plan: str) -> bool:
        """Keep a measurement that was finished at a moment, under a plan (SHA-256 of its document): True once it is on
        disk, False where it was dropped.

        Where cap or disk leave no room, older ones make it; where that does not help, this one is counted as dropped.
        """
        content, made = canonical(document(measurement)), rfc3339(measurement.started)
        if len(content) > MOST_INFLATED - _HEADER:
            self._losses.add("too_large", 1, made, made)
            return False
        while (full := self._full()) and self._make_room(full):
            pass
        if full == "disk_full":
            self._losses.add("disk_full", 1, made, made)
            return False
        page = f"{measurement.kind} {measurement.url}"
        for _ in range(2):
            try:
                with transaction(self._connection):
                    insert(self._connection, content, page=page, made=made, moment=moment, plan=plan)
                    self._losses.write()
            except SpoolFull:
                if not self._make_room("disk_full"):
                    break
            else:
                self._losses.written()
                return True
        self._losses.add("disk_full", 1, made, made)
        return False

    def seal(self, key: SigningKey, moment: Moment, *, software: str, plan: str, empty: bool = False) -> Sealed | None:
        """The batch to be sent next: the one that has no receipt yet, else a new one; None where nothing waits.

        It names the plan that its measurements were made under; where there are none, the `plan` in force.
        With `empty` there is one without measurements then, which says that somebody is still there. SpoolFull where
        there is no room to keep it.
        """
        if (held := self._held()) is not None:
            return held
        self._losses.flush()
        most = self._most
        while True:
            rows, clock = self._next(most, moment)
            if not rows and not empty and not self._losses.untold():
                return None
            plan = rows[0].plan if rows else plan
            header = self._header(rows, clock, key=key.public.fingerprint, moment=moment, software=software, plan=plan)
            content = compose(header, [each.content or b"" for each in rows], key)
            if len(content) <= MOST_BYTES:
                return self._keep(header, rows, content)
            if len(rows) == 1:
                self._lose(rows[0].id, rows[0].id, "too_large")
            most = max(len(rows) // 2, 1)

    def acknowledge(self, sealed: Sealed, *, accepted: int, refused: int) -> None:
        """Write down that a batch has its receipt, and forget its measurements. SpoolFull where nothing can be
        written: the batch stays then, and is sent again."""
        found = self._connection.execute("SELECT first, last FROM sealed WHERE sequence = ?", (sealed.sequence,))
        row = found.fetchone()
        if row is None:
            return
        with transaction(self._connection):
            forget(self._connection, row["first"], row["last"])
            self._connection.execute("DELETE FROM sealed WHERE sequence = ?", (sealed.sequence,))
            for name, more in (("delivered", accepted), ("refused", refused)):
                add_to(self._connection, name, more)
        self._connection.execute("PRAGMA incremental_vacuum(2000)").fetchall()
        with suppress(sqlite3.Error):  # what was delivered stands in the log of changes, too
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def adopt(self, sequence: int, previous: str) -> None:
        """Go on with the chain where the collector says that it is, which a spool that knows of none has to (a new
        disk): what is sealed is sealed anew."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM sealed")
            say(self._connection, "sequence", str(sequence))
            say(self._connection, "previous", previous)

    def split(self, sealed: Sealed) -> None:
        """Take a batch apart that was too large for a front on the way: the next one is half as large. It has the same
        number, so this is only for a batch that surely did not arrive."""
        self._most = max(sealed.count // 2, 1)
        header = Letter.read(inflated(sealed.content).partition(b"\n")[0]).document
        with transaction(self._connection):
            if sealed.count == 1:
                row = self._connection.execute("SELECT first FROM sealed").fetchone()
                self._losses.note("too_large", *forget(self._connection, row["first"], row["first"]))
            self._connection.execute("DELETE FROM sealed")
            say(self._connection, "sequence", str(sealed.sequence - 1))
            say(self._connection, "previous", str(header["previous"]))

    @property
    def sequence(self) -> int:
        """The number of the last batch that was sealed; 0 before the first."""
        return int(self.word("sequence") or 0)

    def compare(self, comparison: Comparison) -> None:
        """Keep what a comparison of the clocks said; the newest of each boot counts. SpoolFull without room for it."""
        with transaction(self._connection):
            self._connection.execute(
                "INSERT OR REPLACE INTO comparison VALUES (?, ?, ?, ?)",
                (comparison.boot, comparison.steady, comparison.collector, comparison.within),
            )

    def comparison(self, boot: str) -> Comparison | None:
        """What is known of the collector's clock in a boot."""
        return comparison(self._connection, boot)

    def word(self, name: str) -> str:
        """Something that was written down under a name; empty where nothing was."""
        return word(self._connection, name)

    def say(self, **words: str) -> None:
        """Write some words down; nothing where the disk is full, for they are only for people."""
        with suppress(SpoolFull), transaction(self._connection):
            for name, value in words.items():
                say(self._connection, name, value)

    def backlog(self) -> Backlog:
        """What waits for a receipt."""
        return backlog(self._connection)

    def _next(self, most: int, moment: Moment) -> tuple[list[Row], ClockReading]:
        """The oldest measurements that fit into one batch and were made under one plan and offset of the clock."""
        rows: list[Row] = []
        damaged: list[int] = []
        left = _AT_ONCE
        known = self.comparison(moment.boot)
        clock = ClockReading() if known is None else known.reading(moment)
        for row in oldest(self._connection, most):
            if row.content is None:
                damaged.append(row.id)
                continue
            left -= len(row.content) + 1
            joined = together(clock, row.clock) if rows else row.clock
            if (rows and (left < 0 or row.plan != rows[0].plan)) or joined is None:
                break
            rows.append(row)
            clock = joined
        for each in damaged:
            self._lose(each, each, "damaged")
        return rows, clock

    def _header(
        self, rows: list[Row], clock: ClockReading, *, key: str, moment: Moment, software: str, plan: str
    ) -> Header:
        return Header(
            key=key,
            sequence=self.sequence + 1,
            previous=self.word("previous"),
            made=rfc3339(moment.wall),
            software=software,
            plan=plan,
            measurements=tuple(hashlib.sha256(each.content or b"").hexdigest() for each in rows),
            clock=clock,
            dropped=self._losses.untold(),
            waiting=self.backlog().waiting - len(rows),
        )

    def _keep(self, header: Header, rows: list[Row], content: bytes) -> Sealed:
        sealed = Sealed(sequence=header.sequence, sha256=header.sha256, count=len(rows), content=content)
        first, last = (rows[0].id, rows[-1].id) if rows else (0, 0)
        with transaction(self._connection):
            self._connection.execute(
                "INSERT INTO sealed VALUES (?, ?, ?, ?, ?, ?)",
                (sealed.sequence, sealed.sha256, first, last, sealed.count, content),
            )
            self._losses.told()
            say(self._connection, "sequence", str(sealed.sequence))
            say(self._connection, "previous", sealed.sha256)
        return sealed

    def _held(self) -> Sealed | None:
        row = self._connection.execute("SELECT sequence, sha256, count, content FROM sealed").fetchone()
        return None if row is None else Sealed(**dict(row))

    def _full(self) -> Why | None:
        """Why older measurements have to make room, before anything is tried; None where there is some."""
        if used(self._connection) > self._limit:
            return "spool_full"
        return "disk_full" if self._free() < MARGIN and spare(self._connection) < _SPARE else None

    def _make_room(self, why: Why) -> bool:
        """Give up the oldest measurements that no sealed batch holds; False where there are none, or no room even
        for that."""
        held = self._connection.execute("SELECT max(last) FROM sealed").fetchone()[0] or 0
        found = self._connection.execute(
            "SELECT min(id), max(id) FROM (SELECT id FROM measurement WHERE id > ? ORDER BY id LIMIT ?)",
            (held, DROP_AT_ONCE),
        )
        first, last = found.fetchone()
        if first is None:
            return False
        with suppress(sqlite3.Error):  # the log of changes gives back its room, where it can
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        try:
            self._lose(first, last, why)
        except SpoolFull:
            return False
        return True

    def _lose(self, first: int, last: int, why: Why) -> None:
        with transaction(self._connection):
            count, since, until = forget(self._connection, first, last)
            self._losses.note(why, count, since, until)
