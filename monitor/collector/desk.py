"""Where batches are kept: one thread carries each through `pipeline.record`; a receipt leaves when all is on disk.

What cannot be kept is not acknowledged: the agent keeps it and comes again. A batch that was interrupted is done again
with the same result, because a measurement's id is the hash of what it says.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from monitor.collector import rows
from monitor.collector.plans import point_of
from monitor.collector.refusal import RefusalError
from monitor.collector.work import Rounds
from monitor.config import Settings
from monitor.fleet import Database, FleetError, Member, batches, flags
from monitor.fleet.batches import Arrived, Delivered, Misplaced
from monitor.fleet.trust import CLOCK_OFF
from monitor.fleet.words import Kept
from monitor.pipeline import VISITS, note, record_all
from monitor.pipeline.logged import Tending
from monitor.sshsig import SigningKey
from monitor.store import Store, StoreError, StoreFull
from monitor.wire import Batch, Consent, Letter, Plan, Receipt, Refused
from monitor.wire.receipt import NAMESPACE
from probes.document import rfc3339
from probes.model import Clock, Measurement

T = TypeVar("T")

_log = logging.getLogger(__name__)
FULL = 60
"""Seconds after which an agent comes again where nothing can be kept now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A batch with what it is judged by: who sent it, from which network, under which plan, with whose consent."""

    batch: Batch
    member: Member
    network: str
    plan: Plan
    consent: Consent


class Desk:
    """Keeps batches, reviews what is kept, and looks after the store. Use it as a context manager.

    State: how many batches wait, how long one took, and what keeps us from storing or reviewing, if anything does.
    """

    def __init__(
        self,
        store: Store,
        fleet: Database,
        key: SigningKey,
        *,
        settings: Callable[[], Settings],
        rounds: Rounds,
        clock: Clock,
        tending: Tending | None = None,
    ) -> None:
        self.fleet, self.key, self.settings, self.clock = fleet, key, settings, clock
        self._troubles: dict[str, str] = {}
        self._kept_in, self._rounds, self._tending = store, rounds, tending
        self._waiting, self._pace = 0, 1.0
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.shutdown(wait=True)

    @property
    def trouble(self) -> str:
        """Why batches cannot be kept or reviewed, as it was last tried; empty while all is well."""
        return "; ".join(self._troubles.values())

    @property
    def waiting(self) -> int:
        """Batches that are being kept or wait for it."""
        return self._waiting

    async def take(self, parcel: Parcel) -> bytes:
        """The receipt of a batch, once everything in it is on disk. RefusalError where it is not taken."""
        if self._waiting >= self.settings().collector.waiting:
            seconds = min(max(math.ceil(self._waiting * self._pace), 1), FULL)
            raise RefusalError.busy(503, seconds, "too many batches wait already")
        self._waiting += 1
        began = time.monotonic()
        try:
            return await self.work(lambda: self._keep(parcel))
        except Misplaced as fault:
            raise _elsewhere(fault) from fault
        except (StoreError, FleetError) as fault:
            raise self._stuck("batches", fault) from fault
        finally:
            self._waiting -= 1
            self._pace += (time.monotonic() - began - self._pace) / 10

    async def review(self) -> None:
        """One round of what is due beside the batches; a fault is kept in `trouble`, and the next round tries again."""
        try:
            await self.work(lambda: self._rounds.turn(self.clock()))
        except (StoreError, FleetError) as fault:
            self._stuck("review", fault)
        else:
            self._troubles.pop("review", None)

    async def work(self, work: Callable[[], T]) -> T:
        """Do something on the one thread that writes."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _stuck(self, what: str, fault: Exception) -> RefusalError:
        if what not in self._troubles:
            _log.warning("%s: nothing can be kept now: %s", what, fault)
        self._troubles[what] = str(fault)
        said = "the disk is full" if isinstance(fault, StoreFull) else "the store cannot be written now"
        return RefusalError.busy(503, FULL, said)

    def _keep(self, parcel: Parcel) -> bytes:
        header, now = parcel.batch.header, self.clock()
        read, refused = rows.read(parcel.batch.documents, header.clock.offset)
        kept = self._begin(parcel, read)
        if kept.receipt is not None:
            return kept.receipt
        point = point_of(parcel.member, simulated=self.settings().simulated, network=kept.network)
        taken, more = rows.sort(read, parcel.plan, parcel.consent, point, kept.begun)
        stored, unjudged = self._store_all(taken, interrupted=kept.begun != now)
        refused = sorted([*refused, *more, *unjudged], key=lambda each: each.index)
        receipt = Receipt(
            key=header.key,
            sequence=header.sequence,
            batch=header.sha256,
            received=rfc3339(now),
            accepted=len(stored),
            refused=tuple(refused),
            log=None if self._tending is None else self._tending.places(stored, now),
        )
        delivered = Delivered(
            accepted=len(stored),
            refused=len(refused),
            dropped=sum(each.count for each in header.dropped),
            waiting=header.waiting,
            offset=header.clock.offset,
            software=header.software[:60],
            newest=max((row.made for row in read if row.made <= now), default=None),
        )
        letter = Letter.sign(receipt, self.key, NAMESPACE).content
        answer = batches.finish(self.fleet, kept, letter, delivered, now=now)
        self._troubles.pop("batches", None)
        return answer

    def _begin(self, parcel: Parcel, read: list[rows.Row]) -> Kept:
        """Take the batch up; what is odd about it raises a flag."""
        header, member, now = parcel.batch.header, parcel.member, self.clock()
        offset, times = header.clock.offset, [row.measurement.started for row in read]
        skewed = bool(times) and (offset is None or abs(offset) > CLOCK_OFF)
        arrived = Arrived(
            key=header.key,
            sequence=header.sequence,
            sha256=header.sha256,
            previous=header.previous,
            letter=parcel.batch.letter.content,
            network=parcel.network,
            first=min(times, default=None),
            last=max(times, default=None),
            skewed=skewed,
        )
        try:
            kept = batches.begin(self.fleet, arrived, now=now)
        except Misplaced as fault:
            if fault.fork:
                self._wave(member, "fork", "two histories of one key: a copy, or a disk that was restored")
            raise
        if skewed and offset is not None and kept.begun == now:
            self._wave(member, "clock", f"{offset / 60:+.0f} minutes off")
        return kept

    def _wave(self, member: Member, kind: str, said: str) -> None:
        self.fleet.write(lambda connection: flags.wave(connection, member, kind, said, now=self.clock()))

    def _store_all(self, taken: list[rows.Kept], *, interrupted: bool) -> tuple[list[Measurement], list[Refused]]:
        """Carry all through the walk. One that breaks our rules' expectations is refused, and holds up no other.

        Where none can be judged the mistake is rather ours: the agent keeps them, and comes again.
        """
        try:
            self._store(taken, interrupted=interrupted)
        except StoreError:
            raise
        except Exception as mistake:  # noqa: BLE001 - a stranger's row must not stop the rows of everybody
            _log.warning("a row could not be judged (%s)", type(mistake).__name__)
        else:
            return [each.measurement for each in taken], []
        stored, refused = self._store_each(taken)
        if not stored:
            raise RefusalError.busy(503, FULL, "the measurements could not be judged now")
        return stored, refused

    def _store_each(self, taken: list[rows.Kept]) -> tuple[list[Measurement], list[Refused]]:
        stored, refused = [], []
        for each in taken:
            try:
                self._store([each], interrupted=True)
            except StoreError:
                raise
            except Exception:  # noqa: BLE001 - told above
                refused.append(Refused(index=each.index, why="the measurement could not be judged"))
            else:
                stored.append(each.measurement)
        return stored, refused

    def _store(self, taken: list[rows.Kept], *, interrupted: bool) -> None:
        settings = self._rounds.pipeline()
        visits = [(each.measurement, each.original) for each in taken if each.measurement.kind in VISITS]
        record_all(visits, self._kept_in, settings=settings, interrupted=interrupted)
        for each in taken:
            if each.measurement.kind not in VISITS:
                note(each.measurement, self._kept_in, settings=settings)


def _elsewhere(fault: Misplaced) -> RefusalError:
    more = {"expected": fault.expected, "previous": fault.previous}
    return RefusalError(409, "sequence", "this is not the batch that follows", more=more)
