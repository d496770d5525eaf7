"""Fields that came after documents had been hashed: old documents keep their ids, new facts are kept."""

from __future__ import annotations

from dataclasses import replace

from probes.document import document, measurement_from, measurement_id
from probes.model import Purpose
from tests.scenes import measured, shook, visit


def test_what_says_nothing_is_left_out() -> None:
    """A visit's document has neither purpose nor arrivals, as it had before there were any."""
    steps = document(measured(*visit()))["steps"]
    assert steps
    assert not any({"purpose", "arrivals"} & step.keys() for step in steps)


def test_what_says_something_is_kept_and_hashed() -> None:
    """A purpose is part of the facts: it survives the way through JSON, and changes the id."""
    plain = measured(shook())
    marked = replace(plain, steps=(replace(plain.steps[0], purpose=Purpose.TRIGGER_AT_ECHO),))
    assert document(marked)["steps"][0]["purpose"] == "trigger@echo"
    assert measurement_from(document(marked)) == marked
    assert measurement_id(marked) != measurement_id(plain)
