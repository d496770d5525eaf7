"""How late our own loop was while a measurement ran: a busy prober must not be taken for a slow site."""

from __future__ import annotations

import asyncio

_TICK = 0.25
"""Seconds between two looks: shorter than any time-out worth the name, and four callbacks a second cost nothing."""


class Lateness:
    """Notices by how much a timer of ours comes too late, from its making until `most` is asked for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._most = loop, 0.0
        self._due = loop.time() + _TICK
        self._timer = loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._note()
        self._due = self._loop.time() + _TICK
        self._timer = self._loop.call_at(self._due, self._tick)

    def most(self) -> float:
        """The most seconds by which the loop was late, to the millisecond; it looks no more after that."""
        self._timer.cancel()
        self._note()
        return round(self._most, 3)

    def _note(self) -> None:
        self._most = max(self._most, self._loop.time() - self._due)
