"""How far the walk looks around a measurement, and what it judges with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from monitor.detect.settings import DetectorSettings
from monitor.fleet import Trust
from monitor.verdict.fingerprints import Fingerprints


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """How far the walk looks around a measurement; durations follow the schedule's interval (`for_interval`)."""

    beside: timedelta = timedelta(minutes=20)
    """Controls and innocuous results at most so far away in time stand beside a measurement: two rounds of the
    schedule, so that one lost round does not leave a verdict without a control."""
    reach: timedelta = timedelta(minutes=10)
    """Experiments so near in time speak of a failure: one round of the schedule."""
    held: timedelta = timedelta(minutes=20)
    """So long what a look at the vantage point itself found holds where no next one follows: twice its interval."""
    lookback: timedelta | None = timedelta(days=7)
    """How much history a review reads; None for all of it."""
    cell: timedelta = timedelta(minutes=1)
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    due: Mapping[str, float] | None = None
    """Reports that each vantage point owes per second; None where nobody is expected to report."""
    fingerprints: Fingerprints = field(default_factory=Fingerprints)
    """Pages and addresses that verdicts are made with (`known_in` for those of a data folder)."""
    trust: Trust = field(default_factory=Trust)
    """Whose results count for nothing, and which were made by a clock that is off."""

    @classmethod
    def for_interval(cls, interval: timedelta, detector: DetectorSettings, *, bursts: bool = False) -> PipelineSettings:
        """Settings for a schedule that measures each target every `interval`, where failures are only repeated
        (`bursts`) or not.

        >>> PipelineSettings.for_interval(timedelta(minutes=5), DetectorSettings()).beside
        datetime.timedelta(seconds=600)
        """
        detector = detector.bursting() if bursts else detector
        return cls(beside=2 * interval, reach=interval, cell=min(timedelta(minutes=1), interval / 2), detector=detector)
