"""What holds for every reading of an experiment, whatever a network may do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Bearing, Finding
from monitor.verdict.experiments import READERS, find
from probes.model import Measurement
from tests.strategies import measurements


def _read(kind: str, measurement: Measurement) -> Finding:
    return find(replace(measurement, kind=kind))


@given(st.sampled_from(sorted(READERS)), measurements())
def test_no_steps_make_a_reader_raise(kind, measurement):
    """Any steps in any order, whatever they were made for, have a reading with a rule, a reason, and its own kind."""
    found = _read(kind, measurement)

    assert found.rule_id.startswith(f"{kind}.")
    assert found.why
    assert found.bearing is not Bearing.DECISIVE or found.technique


@given(st.sampled_from(sorted(READERS)), measurements())
def test_what_was_not_tried_proves_nothing(kind, measurement):
    """An experiment that was cut off before its first step is never decisive."""
    assert _read(kind, replace(measurement, steps=())).bearing is not Bearing.DECISIVE
