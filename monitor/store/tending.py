"""Tending a store while it is in use: one small piece of sealing, merging or pruning at a time."""

from __future__ import annotations

from datetime import datetime

from monitor.store import engine
from monitor.store.compaction import compact
from monitor.store.inventory import folder_size
from monitor.store.policy import Policy
from monitor.store.retention import prune
from monitor.store.sealing import seal
from monitor.store.upkeep import Upkeep

CROWDED = 4
"""So many segments of one month are worth merging while the store is in use: a merger writes the whole month anew."""
DAILY = 86_400
"""Seconds between prunings."""


class Tender:
    """Takes care of one store. State: when it was pruned last."""

    def __init__(self, upkeep: Upkeep) -> None:
        self._upkeep = upkeep
        self._pruned: datetime | None = None
        self.size: int | None = None
        """Bytes of the data folder at the last turn."""

    def turn(self, policy: Policy, now: datetime) -> str:
        """Do one piece of what is due and say what it was, empty where nothing is; StoreError as the piece raises it.

        Without DuckDB nothing is sealed or merged: the tail grows, and `store status` says so.
        """
        self.size = folder_size(self._upkeep.folder.path)
        over = policy.over(self.size)
        if engine.available():
            if seal(self._upkeep, policy.seals_before(now, over=over), keep_ok=policy.sample(over=over)):
                return "sealed"
            if compact(self._upkeep, parts=CROWDED):
                return "compacted"
        if self._pruned is None or (now - self._pruned).total_seconds() >= DAILY:
            self._pruned = now
            prune(self._upkeep, policy)
            return "pruned"
        return ""
