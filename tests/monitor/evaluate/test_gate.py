"""The gate: a change that makes the detector worse than it may be does not pass."""

from __future__ import annotations

import pytest

from monitor.detect import DetectorSettings
from monitor.evaluate.bench import BURSTS, Case, rows, run
from monitor.evaluate.world import World

SEEDS = (401, 402)
"""Of nobody else: neither tuned on nor in the published table."""


@pytest.mark.slow
def test_the_detector_stays_as_good_as_it_has_to_be():
    """On small worlds with every kind of trouble, `likely` finds nearly all blocks, soon, and hardly anything else."""
    case = Case(name=BURSTS, world=World(days=14, bursts=True), settings=DetectorSettings())
    table = {row.detector: row for row in rows(run(case, seed) for seed in SEEDS)}
    likely, confirmed = table[f"likely, {BURSTS}"], table[f"confirmed, {BURSTS}"]

    assert likely.blocks > 30
    assert (likely.recall or 0) >= 0.95
    assert (likely.onset_middle_p90_min or 99) <= 15
    assert likely.false_alarms_per_unit_year <= 1
    assert confirmed.false_alarms == 0
