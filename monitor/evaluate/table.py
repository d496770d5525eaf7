"""Scores of several seeds, summed up to the rows of the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from monitor.evaluate.score import Score
from monitor.evaluate.world import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A figure over the seeds; None where no seed gives it."""

    median: float | None
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One detector: figures over all seeds together, and their spread from seed to seed."""

    detector: str
    precision: float | None
    recall: float | None
    recall_by_kind: Mapping[str, float]
    false_alarms_per_unit_year: float
    onset_error_p50_min: float | None
    onset_error_p90_min: float | None
    onset_middle_p50_min: float | None
    """The same for the middle of the reported interval, which halves what the pause between two measurements costs."""
    onset_middle_p90_min: float | None
    onset_in_interval: float | None
    """Share of the true onsets that lie within the reported interval; None for detectors that give none."""
    end_error_p50_min: float | None
    end_error_p90_min: float | None
    time_to_detect_p50_min: float | None
    time_to_detect_p90_min: float | None
    fragments: int
    alerts_per_event: float | None
    blocks: int
    found: int
    false_alarms: int
    unit_years: float
    seeds: int
    over_seeds: Mapping[str, Range]


def row(detector: str, scores: Sequence[Score], *, offline: bool = False) -> Row:
    """Sum up; `offline` detectors have no time to detect, because they speak after the end of the data."""
    hits, blocks = sum(each.hit for each in scores), sum(sum(each.truths.values()) for each in scores)
    false, years = sum(len(each.false) for each in scores), sum(each.unit_years for each in scores)
    events, dated = sum(each.events for each in scores), sum(each.intervals for each in scores)
    onset = [abs(error) for each in scores for error in each.onset]
    middle = [abs(error) for each in scores for error in each.middle]
    end = [abs(error) for each in scores for error in each.end]
    told = [] if offline else [wait for each in scores for wait in each.told]
    return Row(
        detector=detector,
        precision=_share(hits, hits + false),
        recall=_share(hits, blocks),
        recall_by_kind=_by_kind(scores),
        false_alarms_per_unit_year=round(false / years, 3),
        onset_error_p50_min=quantile(onset, 0.5),
        onset_error_p90_min=quantile(onset, 0.9),
        onset_middle_p50_min=quantile(middle, 0.5),
        onset_middle_p90_min=quantile(middle, 0.9),
        onset_in_interval=_share(sum(each.within for each in scores), dated),
        end_error_p50_min=quantile(end, 0.5),
        end_error_p90_min=quantile(end, 0.9),
        time_to_detect_p50_min=quantile(told, 0.5),
        time_to_detect_p90_min=quantile(told, 0.9),
        fragments=sum(each.fragments for each in scores),
        alerts_per_event=_share(sum(each.alerts for each in scores), events),
        blocks=blocks,
        found=hits,
        false_alarms=false,
        unit_years=round(years, 2),
        seeds=len(scores),
        over_seeds={
            "precision": _spread(_share(each.hit, each.hit + len(each.false)) for each in scores),
            "recall": _spread(_share(each.hit, sum(each.truths.values())) for each in scores),
            "false_alarms_per_unit_year": _spread(round(len(each.false) / each.unit_years, 3) for each in scores),
            "time_to_detect_p50_min": _spread(None if offline else quantile(each.told, 0.5) for each in scores),
            "onset_error_p90_min": _spread(quantile([abs(one) for one in each.onset], 0.9) for each in scores),
        },
    )


def quantile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least this share of the values does not exceed; None of none.

    >>> quantile([1, 2, 3, 4, 100], 0.9), quantile([1, 2, 3, 4, 100], 0.5), quantile([], 0.5)
    (100, 3, None)
    """
    ordered = sorted(values)
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))], 1)


def _by_kind(scores: Iterable[Score]) -> dict[str, float]:
    hits: dict[Kind, int] = {}
    blocks: dict[Kind, int] = {}
    for each in scores:
        for kind, count in each.truths.items():
            blocks[kind] = blocks.get(kind, 0) + count
            hits[kind] = hits.get(kind, 0) + each.hits.get(kind, 0)
    return {kind.value: round(hits[kind] / blocks[kind], 3) for kind in Kind if kind in blocks}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _spread(values: Iterable[float | None]) -> Range:
    known = [value for value in values if value is not None]
    if not known:
        return Range(median=None, lowest=None, highest=None)
    return Range(median=round(median(known), 4), lowest=min(known), highest=max(known))
