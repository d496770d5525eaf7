"""One target on one network: the sum over its vantage points, which raises the alarm, and its mirror, which ends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median_low

from monitor.detect.cusum import Stream
from monitor.detect.null import Null
from monitor.detect.settings import DetectorSettings
from monitor.model import Cell, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch during which one network blocked the target, and who says so."""

    onset: Interval
    alarm: datetime
    score: float
    """Nats at the highest; a vantage point counts for at most the lone threshold, since repeats prove persistence
    only."""
    accusers: frozenset[str]
    end: Interval | None = None
    flaps: int = 0


def walk(cells: Sequence[Cell], null: Null, settings: DetectorSettings) -> tuple[Span, ...]:
    """The spans of one unit, from its cells in the order of time; the last one may be open.

    Two watches run side by side, one for blocks that stop nearly everything and one for leaky ones; where both see
    something it is the same block. Pooled rows have the first watch only: strangers differ too much to tell a leak.
    """
    strict = _watch(cells, null, settings)
    if all(cell.pooled for cell in cells):
        return strict
    return tuple(_join_flaps(_united([*strict, *_watch(cells, null, settings.leaky())]), settings))


def _watch(cells: Iterable[Cell], null: Null, settings: DetectorSettings) -> tuple[Span, ...]:
    unit = Unit(null=null, settings=settings)
    for cell in cells:
        if cell.blocked:
            unit.fail(cell)
        elif cell.ok:
            unit.succeed(cell)
    return unit.finish()


def _united(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap as one, dated by the one that raised the alarm first."""
    united: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.onset[1], span.alarm)):
        before = united[-1] if united else None
        if before is None or (before.end is not None and before.end[1] < span.onset[1]):
            united.append(span)
            continue
        first = min(before, span, key=lambda each: each.alarm)
        united[-1] = replace(
            first,
            end=_later(before.end, span.end),
            score=max(before.score, span.score),
            accusers=before.accusers | span.accusers,
            flaps=max(before.flaps, span.flaps),
        )
    return united


@dataclass(slots=True, kw_only=True)
class Unit:
    """The running state of a unit: either watching for an alarm (`current` is None) or for a recovery."""

    null: Null
    settings: DetectorSettings
    streams: dict[str, Stream] = field(default_factory=dict)
    current: Span | None = None
    done: list[Span] = field(default_factory=list)

    def succeed(self, cell: Cell) -> None:
        """Take in successes: they can only end a block."""
        self._stream(cell).succeed(cell)
        if self.current is not None and self._recovered(cell.end):
            self._close(self.current, cell.end)

    def fail(self, cell: Cell) -> None:
        """Take in failures: they raise the alarm, or add to a block that is under way."""
        stream = self._stream(cell)
        stream.fail(cell, self.null.probability(cell.target, cell.vantage, cell.end))
        if self.current is not None:
            self.current = self._grown(self.current)
        elif self._alarming(stream, cell.end):
            self.current = self._grown(
                Span(onset=self._onset(cell.end), alarm=cell.end, score=0.0, accusers=frozenset())
            )
            for other in self.streams.values():
                other.relief = 0.0

    def finish(self) -> tuple[Span, ...]:
        """All spans, those joined that are one block with a pause in it."""
        spans = [*self.done, *([] if self.current is None else [self.current])]
        return tuple(_join_flaps(spans, self.settings))

    def _stream(self, cell: Cell) -> Stream:
        stream = self.streams.get(cell.vantage)
        if stream is None:
            stream = self.streams[cell.vantage] = Stream(cell.vantage, cell.pooled, self.settings)
        return stream

    def _alarming(self, stream: Stream, now: datetime) -> bool:
        ours = self.settings
        alone = ours.alarm if stream.pooled else ours.lone_alarm
        if stream.level >= alone and stream.failures >= ours.lone_failures:
            return True
        return sum(min(each.level, ours.quorum_cap) for each in self._recent(now)) >= ours.alarm

    def _recent(self, now: datetime) -> list[Stream]:
        return [each for each in self.streams.values() if each.last_seen and now - each.last_seen <= self.settings.gap]

    def _onset(self, now: datetime) -> Interval:
        """That of the earliest vantage point which is near to the median: one early stray failure dates nothing."""
        onsets = [each.onset for each in self._recent(now) if each.onset is not None]
        middle = median_low(latest for _, latest in onsets)
        near = [onset for onset in onsets if abs(onset[1] - middle) <= self.settings.onset_spread]
        return min(near, key=lambda onset: (onset[1], onset[0] or onset[1]))

    def _grown(self, span: Span) -> Span:
        ours = self.settings
        score = sum(min(each.level, ours.lone_alarm) for each in self.streams.values())
        accusers = {each.vantage for each in self.streams.values() if each.level >= ours.accuser}
        if not accusers | span.accusers:  # many vantage points, each with very little
            accusers = {each.vantage for each in self.streams.values() if each.level}
        return replace(span, score=max(span.score, score), accusers=span.accusers | accusers)

    def _recovered(self, now: datetime) -> bool:
        ours = self.settings
        last_failure = max(each.last_failure for each in self.streams.values() if each.last_failure)
        if now - last_failure < ours.quiet:
            return False
        voting = [each for each in self.streams.values() if each.last_seen and now - each.last_seen <= ours.active]
        if all(each.pooled for each in voting):
            return sum(each.relief for each in voting) >= ours.alarm
        needed = min(ours.recovery_base * max(1.0, ours.recovery_share * len(voting)), ours.recovery_each * len(voting))
        return sum(min(each.relief, ours.recovery_cap) for each in voting) >= needed

    def _close(self, span: Span, now: datetime) -> None:
        self.done.append(replace(span, end=self._end(span, now)))
        self.current = None
        for each in self.streams.values():
            each.reset()

    def _end(self, span: Span, now: datetime) -> Interval:
        """[last seen blocked, first seen ok afterwards by all who said that it was blocked and still report]."""
        accusers = [each for each in self.streams.values() if each.vantage in span.accusers]
        last_failure = max(each.last_failure for each in accusers if each.last_failure)
        seen = [each.first_ok for each in accusers if each.first_ok and each.first_ok >= last_failure]
        return last_failure, max(seen, default=max(now, last_failure))


def _later(one: Interval | None, other: Interval | None) -> Interval | None:
    """The end of what ended with both; None where one of them lasts."""
    if one is None or other is None:
        return None
    return max(one[0] or one[1], other[0] or other[1]), max(one[1], other[1])


def _join_flaps(spans: Iterable[Span], settings: DetectorSettings) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before and before.end and span.onset[1] - before.end[1] <= settings.flap_join:
            joined[-1] = replace(
                before,
                end=span.end,
                score=max(before.score, span.score),
                accusers=before.accusers | span.accusers,
                flaps=before.flaps + span.flaps + 1,
            )
        else:
            joined.append(span)
    return joined
