"""Appends of many threads, gathered: while one batch is on its way, what comes in waits and is the next batch.

Nobody waits for company: the first one goes at once. It suits engines for which a hundred rows cost as much as one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting(Generic[T]):
    items: Sequence[T]
    leads: Future[bool]
    """True when it is this thread's turn to write; False when another one has written its items."""
    done: Future[Sequence[bool]]


class Gathering(Generic[T]):
    """Hands items to `write` in batches. State: who waits, and whether a thread is writing just now."""

    def __init__(self, write: Callable[[Sequence[T]], Sequence[bool]], *, most: int) -> None:
        """`write` says of each item whether it was new; a batch that has `most` items takes no more."""
        self._write, self._most = write, most
        self._waiting: list[_Waiting[T]] = []
        self._busy = False
        self._gate = threading.Lock()

    def add(self, items: Sequence[T]) -> Sequence[bool]:
        """What `write` answered for these, when it is done; its error is for all whose items were in the batch."""
        mine = _Waiting(items=items, leads=Future[bool](), done=Future[Sequence[bool]]())
        with self._gate:
            self._waiting.append(mine)
            if not self._busy:
                self._busy = True
                mine.leads.set_result(True)
        if mine.leads.result():
            self._lead()
        return mine.done.result()

    def _lead(self) -> None:
        """Write one batch, whose first is the caller's, and let the next one lead: nobody works for others for ever."""
        batch: list[_Waiting[T]] = []
        with self._gate:
            while self._waiting and sum(len(each.items) for each in batch) < self._most:
                batch.append(self._waiting.pop(0))
        self._hand_over(batch)
        for each in batch[1:]:
            each.leads.set_result(False)
        with self._gate:
            self._busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads.set_result(True)

    def _hand_over(self, batch: Sequence[_Waiting[T]]) -> None:
        try:
            answers = iter(self._write([item for each in batch for item in each.items]))
            told = [[next(answers) for _ in each.items] for each in batch]
        except BaseException as fault:  # noqa: BLE001 - it is raised in every thread that waits for this batch
            for each in batch:
                each.done.set_exception(fault)
            return
        for each, answer in zip(batch, told, strict=True):
            each.done.set_result(answer)
