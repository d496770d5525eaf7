"""Rows as arrays: the same events as from cells, whatever their order, and from anybody's simulator."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect import Class, DetectorSettings, Null, Series, detect_series, series_of
from probes.model import Role

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "detector.md"
LETTERS = {
    "o": Class.OK, "a": Class.ARTEFACT, "x": Class.AMBIGUOUS, "s": Class.SERVER_ANSWER,
    "d": Class.DOWN, "i": Class.INSUFFICIENT,
}  # fmt: skip
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 40_000), st.sampled_from("ooooxxxasdi")), min_size=1, max_size=120
)
BLOCK = {"country": "KG", "vantages": ("bishkek-1", "osh-1")}


def arrays(rows, **more):
    """Rows of (vantage point, time, letter) as a series."""
    who, times, letters = zip(*rows, strict=True)
    return Series.measured("kloop", "AS1", np.array(times), who, [LETTERS[each] for each in letters], **more)


def told(events):
    """All of an event that does not need what plain arrays cannot say."""
    return [replace(event, technique=None, locus="", witnesses=(), spans=(), simulated=False) for event in events]


def test_the_documented_example_runs_and_finds_its_block(capsys):
    """What the page shows to writers of simulators is what works."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    assert "confirmed" in capsys.readouterr().out


def test_arrays_and_cells_tell_the_same(series, controls, find):
    """Cells are one way to make series, plain arrays are another."""
    line = "o" * 30 + "a" * 20 + "xd" * 3 + "i" + "o" * 30
    cells = series(line) + series(line, vantage="osh-1", offset=60)
    from_cells = find(cells + controls("o" * 90))
    rows = [(0, 600 * 10**6 * index, each) for index, each in enumerate(line)]
    rows += [(1, 600 * 10**6 * index + 60 * 10**6, each) for index, each in enumerate(line)]
    origin = cells[0].start
    start = np.datetime64(origin.replace(tzinfo=None), "us").astype(int)
    ours = arrays([(who, start + time, each) for who, time, each in rows], **BLOCK)
    ours = replace(ours, network="AS8511", networks=("AS8511", "AS8511"))
    found = detect_series([ours, *series_of(controls("o" * 90))], settings=DetectorSettings())
    assert len(found) == 1
    assert told(found) == told(from_cells)


@given(rows=ROWS, seed=st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_rows_changes_nothing(rows, seed):
    """Also where several rows have the same time, rows are one set: batches and delays leave no trace."""
    names = {"vantages": ("a", "b", "c", "d")}
    mixed = random.Random(seed).sample(rows, len(rows))
    stretched = [[(who, time * 10**7, each) for who, time, each in order] for order in (rows, mixed)]
    one, other = (detect_series([arrays(each, **names)], settings=DetectorSettings()) for each in stretched)
    assert one == other


@given(lines=st.lists(st.text("oxa.", min_size=40, max_size=90), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_silent_series_change_nothing(series, controls, lines):
    """A target where nothing fails has no say in another one's events, apart from what is usual on the line."""
    cells = [cell for number, line in enumerate(lines) for cell in series(line, vantage=f"v{number}")]
    cells += controls("o" * 90)
    null = Null.of(cells, DetectorSettings())
    quiet = series("o" * 90, vantage="v0", target="azattyk")
    alone = detect_series(series_of(cells), settings=DetectorSettings(), null=null)
    assert detect_series(series_of(cells + quiet), settings=DetectorSettings(), null=null) == alone


@pytest.mark.parametrize(
    ("times", "who", "classes"),
    [([0, 1], [0], [0]), ([0], [2], [0]), ([0], [-1], [0]), ([0], [0], [6]), ([0], [0], [-1]), ([[0]], [[0]], [[0]])],
)
def test_arrays_that_make_no_sense_are_refused(times, who, classes):
    """Lengths that differ, vantage points without a name and classes that are none are the caller's mistake."""
    with pytest.raises(ValueError, match="vantage point"):
        Series.measured("kloop", "AS1", times, who, classes, vantages=("a", "b"))


def test_seconds_datetimes_and_microseconds_are_the_same_time():
    """Three ways to say when; all are UTC."""
    micro = Series.measured("kloop", "AS1", np.array([1_500_000]), [0], [0])
    seconds = Series.measured("kloop", "AS1", [1.5], [0], [0])
    stamps = Series.measured("kloop", "AS1", np.array(["1970-01-01T00:00:01.5"], "datetime64[ms]"), [0], [0])
    assert micro.start.tolist() == seconds.start.tolist() == stamps.start.tolist() == [1_500_000]


def test_an_empty_series_is_quiet():
    """A target that nobody has measured yet has no events."""
    nothing = Series.measured("kloop", "AS1", np.zeros(0, np.int64), [], [])
    empty = Series.measured("kloop", "", np.zeros(0, np.int64), [], [], role=Role.CONTROL)
    assert detect_series([nothing, empty], settings=DetectorSettings()) == ()
