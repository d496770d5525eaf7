"""What `throttle` shows: is one name slower than another for the same bytes, and is a policer at work?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, pstdev

from monitor.model import Layer, Locus
from monitor.verdict import words
from monitor.verdict.experiments.reading import Reading, made_for
from monitor.verdict.pace import EXTREME, frozen
from probes.model import HTTPRoundTrip, Measurement, Purpose

SHARE = 0.75
"""A ratio counts where it shows in at least this share of the pairs: 3 of 4."""
SLOWER = 0.5
STEADY = 0.3
"""Coefficient of variation below which slices of a transfer have one rate: what a policer leaves."""
_SLICE = 0.5
_SLICES = 4
_BURST = 20 * 1024
"""The first bytes pass a token bucket at full speed."""
_LEAST = 64 * 1024
"""Objects smaller than this are over before a rate shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedReading:
    """A reading, and the numbers that it rests on."""

    reading: Reading
    ratios: tuple[float, ...] = ()
    """Goodput of the target's name divided by that of the innocuous one at our echo host, pair by pair."""
    target_ratios: tuple[float, ...] = ()
    """The same at the target's own address."""
    goodput: float | None = None
    """Bytes a second under the target's name at the echo host: the median."""
    plateau: float | None = None
    """Bytes a second that transfers under the target's name kept to, where they did."""


def read_throttle(measurement: Measurement) -> SpeedReading:
    """What a `throttle` shows; never raises for what a network did."""
    slow = _transfers(measurement, Purpose.TRIGGER_AT_ECHO)
    fast = _transfers(measurement, Purpose.INNOCUOUS_AT_ECHO)
    ratios = _ratios(slow, fast)
    at_target = _ratios(
        _transfers(measurement, Purpose.TRIGGER_AT_TARGET), _transfers(measurement, Purpose.INNOCUOUS_AT_TARGET)
    )
    return SpeedReading(
        reading=_judged(measurement, slow, fast, ratios, at_target),
        ratios=ratios,
        target_ratios=at_target,
        goodput=median(map(goodput, slow)) if slow else None,
        plateau=_plateau(slow),
    )


def _judged(
    measurement: Measurement,
    slow: Sequence[HTTPRoundTrip],
    fast: Sequence[HTTPRoundTrip],
    ratios: Sequence[float],
    at_target: Sequence[float],
) -> Reading:
    """The first of these that fits; each pair counts once."""
    layer = Layer.TLS if measurement.url[:8].lower() == "https://" else Layer.HTTP
    qualifier = "sni" if layer is Layer.TLS else "host"

    def found(rule: str, why: str, technique: str | None = None, *, decisive: bool = False) -> Reading:
        return Reading(
            rule_id=f"throttle.{rule}",
            why=why,
            technique=technique,
            layer=layer if technique else None,
            locus=Locus.NETWORK if decisive else Locus.UNKNOWN,
            decisive=decisive,
            steps=made_for(measurement, (Purpose.TRIGGER_AT_ECHO, Purpose.INNOCUOUS_AT_ECHO)),
        )

    if not any(map(_whole, fast)):
        return found("no_measure", "Our server's object does not come in whole under the innocuous name either.")
    if not ratios:
        return found("nothing_came", "No transfer began under the target's name; a swap of names tells why.")
    if _mostly(_frozen(one) for one in slow):
        why = "Under the target's name transfers stand still after the first kilobytes, under another one they end."
        return found("frozen", why, f"{layer}.timeout.{qualifier}", decisive=len(ratios) > 1)
    if _mostly(ratio <= EXTREME for ratio in ratios):
        why = "The same bytes from our server are at least ten times slower under the target's name, again and again."
        return found("extreme", why, f"{layer}.throttle.{qualifier}", decisive=len(ratios) > 1)
    if max(ratios) <= SLOWER and _plateau(slow) is not None:
        why = "The same bytes are slower under the target's name each time, and keep to one rate as behind a policer."
        return found("policed", why, f"{layer}.throttle.{qualifier}")
    if max(ratios) <= SLOWER:
        return found("slower", "Our server is slower under the target's name each time, though not extremely so.")
    if at_target and max(at_target) <= EXTREME:
        return found("at_target_only", "Only the target's own address is slower under its name: its server may be so.")
    return found("even", "Both names are served alike.")


def _mostly(holding: Iterable[bool]) -> bool:
    held = tuple(holding)
    return bool(held) and sum(held) >= SHARE * len(held)


def _transfers(measurement: Measurement, purpose: Purpose) -> tuple[HTTPRoundTrip, ...]:
    """The transfers of one sort in which anything came, in their order."""
    trips = (step for step in measurement.steps if isinstance(step, HTTPRoundTrip) and step.purpose is purpose)
    return tuple(trip for trip in trips if trip.arrivals and trip.status is not None and trip.status < 400)


def goodput(trip: HTTPRoundTrip) -> float:
    """Bytes a second from the request to the last byte or, where the transfer was given up, to then."""
    received = trip.arrivals[-1][1]
    ended = trip.arrivals[-1][0] if trip.failure is None else trip.duration
    return received / max(ended, 1e-4)


def _ratios(slow: Sequence[HTTPRoundTrip], fast: Sequence[HTTPRoundTrip]) -> tuple[float, ...]:
    pairs = zip(slow, fast, strict=False)
    return tuple(goodput(one) / goodput(other) for one, other in pairs)


def _whole(trip: HTTPRoundTrip) -> bool:
    return trip.failure is None and trip.arrivals[-1][1] >= _LEAST


def _frozen(trip: HTTPRoundTrip) -> bool:
    """Whether a transfer stopped for good within the first kilobytes, and not merely came slowly."""
    return trip.failure in words.TIMEOUT and frozen(trip.arrivals, trip.duration)


def _plateau(trips: Sequence[HTTPRoundTrip]) -> float | None:
    """The rate that most transfers kept to after their first burst; None where they did not."""
    rates = [rate for trip in trips if (rate := steady_rate(trip.arrivals)) is not None]
    return median(rates) if rates and len(rates) >= SHARE * len(trips) else None


def steady_rate(arrivals: Sequence[tuple[float, int]]) -> float | None:
    """The one rate at which bytes came after the first burst, in bytes a second; None where there was none.

    >>> steady_rate([(second / 2, 20_000 + 8_000 * second) for second in range(12)])
    16000.0
    >>> steady_rate([(0.1, 70_000), (0.2, 140_000)]) is None
    True
    """
    later = [(moment, received) for moment, received in arrivals if received >= _BURST]
    slices = _sliced(later)
    if len(slices) < _SLICES:
        return None
    mean = fmean(slices)
    return mean if mean > 0 and pstdev(slices) / mean < STEADY else None


def _sliced(arrivals: Sequence[tuple[float, int]]) -> list[float]:
    """Rates over stretches of at least half a second each."""
    edges = list(arrivals[:1])
    for moment, received in arrivals:
        if moment - edges[-1][0] >= _SLICE:
            edges.append((moment, received))
    return [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(edges)]
