"""Every number that the detector rests on, with its source; durations can be scaled, so that a demo runs fast.

Sources, as named below. **study**: the project's own simulation study of ten-minute series (120 days, 10 targets, 6
networks, censors and look-alikes; docs/reference/detector.md says what was measured and how far to trust it).
**Page**: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954). **Mei**: Y. Mei, Efficient scalable
schemes for monitoring a large number of data streams, Biometrika 97 (2010). **OONI**: the published detector of
ooni/data (2026).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from math import isfinite
from typing import Any, Self

from monitor.model import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSettings:
    """The detector's parameters; ValueError, with all reasons at once, where they cannot be.

    Evidence is in nats: 12 nats say that a block explains the data e^12 times better.
    """

    pi: float = 0.9
    """Share of measurements that a block makes fail (study: 0.9 finds blocks that leak up to 30 %)."""
    discount: float = 0.6
    """Lambda: failures follow each other in time, so each counts for less (study: 1.0 costs 3.5 times the false
    alarms)."""
    failure_cap: float = 3.2
    """Nats that one failure can bring at most, however telling it is (study)."""
    artefact: tuple[float, float] = (0.60, 0.08)
    """How often a failure shows an artefact of interference: in blocks, elsewhere (study, start values)."""
    ambiguous: tuple[float, float] = (0.38, 0.80)
    """The same for a bare timeout or reset (study; one new connection in five looks so without a censor: Cloudflare
    2024)."""
    server_answer: tuple[float, float] = (0.004, 0.12)
    """The same for an answer that the server itself gave (study)."""
    decisive: tuple[float, float] = (0.70, 0.05)
    """How often an experiment beside a failure shows that the network makes the difference: in blocks, elsewhere (own
    choice, on purpose less sure than the simulator's experiments; development seeds of `presscanary evaluate`)."""

    baseline_floor: float = 0.003
    baseline_ceiling: float = 0.2
    """A vantage point that fails more often than this is for the innocuous targets to excuse; without a ceiling, a
    block of half of its targets would end up as its normal state (own choice)."""
    baseline_peers: int = 3
    """A baseline needs so many other targets; with fewer, their block and a poor line look the same (own choice)."""
    baseline_window: timedelta = timedelta(days=14)
    baseline_step: timedelta = timedelta(days=1)
    controls_prior: tuple[float, float] = (0.01, 3.0)
    """Mean and strength, in measurements, of what is believed of a target's failures before any control speaks
    (study)."""
    controls_window: timedelta = timedelta(minutes=20)
    innocuous_prior: tuple[float, float] = (0.01, 2.0)
    innocuous_window: timedelta = timedelta(minutes=20)
    null_range: tuple[float, float] = (0.004, 0.995)
    """The probability of a failure without a block is never believed to be nearer to 0 or 1 than this (study)."""

    alarm: float = 12.0
    """h (Page): for the sum over a network's vantage points, and for a pooled one by itself (study: 100 % of the false
    alarms that remain at 12 are trouble on the path, which no threshold removes)."""
    quorum_cap: float = 8.0
    """What one vantage point can add to that sum (Mei): less than `alarm`, so that it takes two."""
    lone_alarm: float = 16.0
    """What a vantage point needs to raise the alarm alone, with at least `lone_failures` failures (study)."""
    lone_failures: int = 4
    accuser: float = 4.0
    """A vantage point whose sum reached this stands behind an event: half of the cap (own choice)."""

    pooled_alarm: float = 12.0
    """What pooled rows need alone, to raise the alarm as well as to end it; no burst follows a stranger's failure (the
    same as `alarm`)."""
    burst_alarm: float = 14.0
    burst_cap: float = 9.0
    burst_lone: float = 18.0
    """The three thresholds where failures are measured again within minutes, without experiments: these follow each
    other more closely (study)."""

    leaky_pi: float = 0.5
    """What a second watch runs with, beside the first: blocks that let half of the measurements through, and
    throttling (GLR over pi; Page)."""
    leaky_extra: float = 4.0
    """Nats by which the thresholds of that watch are higher, since it is easier to raise (development seeds of
    `presscanary evaluate`)."""

    recovery_cap: float = 4.7
    recovery_failure: float = 2.5
    """What a failure takes away at most from the evidence of recovery (study)."""
    recovery_base: float = 6.0
    recovery_share: float = 0.6
    recovery_each: float = 4.6
    """Closed at min(base * max(1, share * n), each * n) nats from n active vantage points (study); a unit that only
    pooled rows speak for closes at `alarm`, because a few strangers behind a VPN look like a recovery."""
    quiet: timedelta = timedelta(minutes=30)
    """No failure for so long before a block counts as over (study)."""
    active: timedelta = timedelta(hours=6)
    """A vantage point that was silent for longer has no vote on a recovery (own choice)."""
    flap_join: timedelta = timedelta(hours=4)
    """A block that returns so soon is the same one (study: without this the Ugandan series falls into pieces)."""

    gap: timedelta = timedelta(hours=24)
    """Silence that makes earlier knowledge stale (OONI)."""
    gap_half_life: timedelta = timedelta(hours=48)
    """Beyond a gap the accumulated evidence halves in this time (OONI)."""
    onset_spread: timedelta = timedelta(minutes=45)
    """Vantage points whose first failures lie this near to the median tell the onset (study)."""
    network_join: timedelta = timedelta(minutes=180)
    """Onsets on several networks this close belong to one event (study)."""

    rule_push: timedelta = timedelta(minutes=15)
    """Onsets of several targets on one network this close are consistent with one change of its rules (study)."""

    collapse_slot: timedelta = timedelta(minutes=15)
    """Reports are counted in slots of this length (study)."""
    collapse_pi: float = 0.9
    """Share of reports that an outage of a network swallows (study: the same as for blocks)."""
    collapse_prior: tuple[float, float] = (0.02, 3.0)
    """Mean and strength, in vantage points, of what is believed of silence before others speak (own choice)."""

    lone_persistence: timedelta = timedelta(minutes=60)
    """How long the only vantage point of a network must see a block for `likely` (study) …"""
    lone_decisive: int = 3
    """… unless so many of its experiments show that only the target fails: they are the second opinion that the hour
    waits for (development seeds)."""
    controls_needed: int = 3
    """Control vantage points that must reach the target for `likely` (CA/B Forum ballot SC-067 asks the same of
    CAs)."""
    controls_networks: int = 2
    """Networks that these must stand in: one operator's fault is one fault (the same ballot)."""
    server_share: float = 0.10
    """At `likely`, fewer of the failures than this may look like the server's own answer (study)."""
    artefacts_needed: int = 3
    artefact_share: float = 0.5
    """At `confirmed`, failures with an artefact: so many, and so large a part (study: no false one in 79
    unit-years)."""
    decisive_points: int = 2
    """At `confirmed`, vantage points whose experiments show that the network makes the difference (study) …"""
    decisive_repeats: int = 2
    """… and how many such experiments each of them needs: one may be mistaken (development seeds)."""
    witnesses: int = 20
    """Measurements named by each event and each network: the earliest ones."""

    def __post_init__(self) -> None:
        if problems := tuple(_problems(self)):
            raise ValueError("; ".join(problems))

    def shares(self, evidence: Evidence) -> tuple[float, float]:
        """How often failures of this class occur in blocks and elsewhere; a class that nobody gave counts as
        ambiguous."""
        known = {Evidence.ARTEFACT: self.artefact, Evidence.SERVER_ANSWER: self.server_answer}
        return known.get(evidence, self.ambiguous)

    def bursting(self) -> Self:
        """The settings where each failure is measured again at once.

        >>> DetectorSettings().bursting().alarm
        14.0
        """
        return replace(self, alarm=self.burst_alarm, quorum_cap=self.burst_cap, lone_alarm=self.burst_lone)

    def leaky(self) -> Self:
        """The settings of the second watch.

        >>> DetectorSettings().leaky().alarm
        16.0
        """
        extra = self.leaky_extra
        return replace(
            self,
            pi=self.leaky_pi,
            alarm=self.alarm + extra,
            pooled_alarm=self.pooled_alarm + extra,
            quorum_cap=self.quorum_cap + extra / 2,
            lone_alarm=self.lone_alarm + extra,
        )

    def scaled(self, factor: float) -> Self:
        """The same settings with every duration multiplied by `factor`; ValueError where it is not positive.

        >>> DetectorSettings().scaled(1 / 100).quiet
        datetime.timedelta(seconds=18)
        """
        if not factor > 0:
            raise ValueError(f"durations can be scaled by a positive number, not {factor}")
        durations: dict[str, Any] = {
            field.name: value * factor
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), timedelta)
        }
        return replace(self, **durations)


def _problems(settings: DetectorSettings) -> Iterator[str]:
    """Why these parameters cannot be, one sentence each."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, timedelta) and value <= timedelta(0):
            yield f"{field.name} must be longer than nothing"
        elif isinstance(value, int | float) and not (isfinite(value) and value > 0):
            yield f"{field.name} must be positive"
        elif isinstance(value, tuple) and not all(isfinite(number) and number > 0 for number in value):
            yield f"{field.name} must be two positive numbers"
    for name in (
        "pi",
        "leaky_pi",
        "collapse_pi",
        "baseline_floor",
        "baseline_ceiling",
        "server_share",
        "artefact_share",
    ):
        if getattr(settings, name) > 1 or (name.endswith("pi") and getattr(settings, name) == 1):
            yield f"{name} is a probability"
    if not 0 < settings.null_range[0] < settings.null_range[1] < 1:
        yield "null_range must be two probabilities, the smaller one first"
    if settings.quorum_cap >= settings.alarm:
        yield "quorum_cap must be smaller than alarm, or a single vantage point raises it"
    if settings.burst_cap >= settings.burst_alarm:
        yield "burst_cap must be smaller than burst_alarm"
