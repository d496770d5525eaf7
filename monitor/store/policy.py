"""What a store keeps, for how long, and where it says that it is large: the section `store:` of targets.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.store.segments import month_start

PRESSED = timedelta(days=2)
"""Over its limit, a store seals whatever is older than this, and keeps no sample of ok documents from then on."""
NO_SAMPLE = 2**32
"""One in so many: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """None keeps for ever; events, their revisions and their witnesses are kept for ever in any case."""

    seal_after: timedelta = timedelta(days=14)
    """Months are sealed when they ended so long ago."""
    ok_documents: int = 10
    """Of the raw documents of ok results in quiet times (`thinning`), one in so many is kept when a month is sealed."""
    raw: timedelta | None = None
    """How long results are kept one by one, by whole months."""
    hourly: timedelta | None = None
    daily: timedelta | None = None
    limit: int | None = None
    """Bytes of the data folder above which the store says that it is over its limit."""

    def __post_init__(self) -> None:
        """Refuse counts that would end before the rows that they are counted from."""
        for name, span in (("hourly", self.hourly), ("daily", self.daily)):
            if span is not None and (self.raw is None or span < self.raw):
                raise ValueError(f"{name} counts must be kept at least as long as raw results are")

    def seals_before(self, now: datetime, *, over: bool = False) -> datetime:
        """Up to when rows are to be sealed: a whole month's end, or close to now where the store is over its limit.

        >>> Policy().seals_before(datetime.fromisoformat("2024-05-10T12:00Z")).isoformat()
        '2024-04-01T00:00:00+00:00'
        """
        return now - PRESSED if over else month_start(now - self.seal_after)

    def sample(self, *, over: bool = False) -> int:
        """One in how many ok documents is kept."""
        return NO_SAMPLE if over else self.ok_documents

    def over(self, size: int) -> bool:
        """Whether a data folder of that size is over the limit."""
        return self.limit is not None and size > self.limit
