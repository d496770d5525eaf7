"""The detector's parameters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.detect import DetectorSettings


def test_impossible_parameters_are_all_named_at_once():
    """One ValueError names every parameter that cannot be."""
    with pytest.raises(ValueError) as caught:
        DetectorSettings(pi=1.0, alarm=-1.0, quiet=timedelta(0), null_range=(0.9, 0.1), artefact=(0.0, 0.1))
    for name in ("pi is", "alarm must", "quiet must", "null_range must", "artefact must", "quorum_cap must"):
        assert name in str(caught.value)


@pytest.mark.parametrize("factor", [0, -1, float("nan")])
def test_durations_cannot_be_scaled_to_nothing(factor):
    """A clock that stands still or runs backwards is refused."""
    with pytest.raises(ValueError):
        DetectorSettings().scaled(factor)
