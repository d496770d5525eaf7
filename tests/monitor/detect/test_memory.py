"""The short look: what it leaves out cannot have changed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect import Class, DetectorSettings, Null, Series
from monitor.detect.memory import Memory, News
from monitor.detect.unit import walk

ROUND = 600 * 10**6
RUNS = st.lists(st.tuples(st.sampled_from("ooxao"), st.integers(1, 12)), min_size=1, max_size=8)
LINES = st.lists(RUNS.map(lambda runs: "".join(letter * count for letter, count in runs)), min_size=2, max_size=5)
CLASSES = {"o": Class.OK, "x": Class.AMBIGUOUS, "a": Class.ARTEFACT}


def rows(lines, first, last):
    """(vantage point, time, class) of the rounds from first to last."""
    return [
        (who, number * ROUND + who * 10**6, CLASSES[letter])
        for who, line in enumerate(lines)
        for number, letter in enumerate(line)
        if first <= number < last
    ]


def unit(lines, last):
    """All rows up to a round, as a series."""
    told = rows(lines, 0, last)
    columns = (np.array([row[column] for row in told], np.int64) for column in (1, 0, 2))
    return Series.measured("kloop", "AS1", *columns, vantages=[f"v{number}" for number in range(len(lines))])


def told(spans):
    """What a unit's answer comes to, without what only grows."""
    return [(span.onset, span.end) for span in spans]


@given(lines=LINES, step=st.integers(1, 5))
@settings(max_examples=80, deadline=None)
def test_looking_only_where_something_can_have_changed_gives_the_same_answers(lines, step):
    """Round by round, the remembered answer is that of a look at everything."""
    ours = DetectorSettings()
    start = 1
    null = Null.among([unit(lines, start)], ours)
    memory = Memory.of([unit(lines, start)], null, ours)
    for last in range(start + step, max(map(len, lines)) + step, step):
        new = rows(lines, last - step, last)
        if not new:
            break
        who, time, what = (np.array(column, np.int64) for column in zip(*new, strict=True))
        tracks = np.array([memory.tracks[0, each] for each in who.tolist()])
        news = News(track=tracks, time=time, ok=what == Class.OK, blocked=what != Class.OK)
        whole = unit(lines, last)
        null = Null.among([whole], ours)
        for number in memory.changed(news).tolist():
            memory.look(number, whole, null)
        assert told(memory.answers[0]) == told(walk(whole, null, ours))


def test_a_quiet_fleet_is_not_looked_at_again():
    """Successes, and a failure here and there, raise nobody's alarm."""
    ours, lines = DetectorSettings(), ["o" * 50] * 3
    memory = Memory.of([unit(lines, 40)], Null.among([unit(lines, 40)], ours), ours)
    news = News(
        track=np.array([0, 1, 2]),
        time=np.array([40 * ROUND, 40 * ROUND, 40 * ROUND]),
        ok=np.array([1, 1, 0]),
        blocked=np.array([0, 0, 1]),
    )
    assert memory.changed(news).tolist() == []


def test_a_late_row_is_a_reason_to_look():
    """What is older than what was known may change anything."""
    ours, lines = DetectorSettings(), ["o" * 50]
    memory = Memory.of([unit(lines, 40)], Null.among([unit(lines, 40)], ours), ours)
    late = News(track=np.array([0]), time=np.array([3 * ROUND]), ok=np.array([1]), blocked=np.array([0]))
    assert memory.changed(late).tolist() == [0]
