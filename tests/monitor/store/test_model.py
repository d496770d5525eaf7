"""Whatever is done to a store, in whatever order, it answers like a plain list."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Latest, State
from monitor.store import engine, open_store
from monitor.store.compaction import compact
from monitor.store.folder import Folder
from monitor.store.readers import connect
from monitor.store.sealing import seal
from monitor.store.verification import verify
from probes.model import Role

MIDNIGHT = datetime(2024, 3, 1, tzinfo=UTC)
"""Of a day and of a month: what is sealed goes to two months."""

places = st.fixed_dictionaries(
    {
        "time": st.integers(-3, 3).map(lambda step: MIDNIGHT + timedelta(minutes=20 * step)),
        "url": st.sampled_from(["https://kloop.example/", "https://ky.kloop.example/"]),
        "vantage": st.sampled_from(["kg-1", "kg-2"]),
        "role": st.sampled_from(Role),
        "innocuous": st.booleans(),
        "state": st.sampled_from(State),
    }
)
steps = st.one_of(
    st.tuples(st.just("append"), places),
    st.tuples(st.just("append"), places),
    st.tuples(st.just("append_all"), st.tuples(st.lists(places, min_size=2, max_size=6), st.integers(0, 12))),
    st.tuples(st.just("again"), st.integers(0, 12)),
    st.tuples(st.just("revise"), st.tuples(st.integers(0, 12), st.sampled_from(State), st.none() | st.floats(0, 9))),
    st.tuples(st.just("reopen"), st.none()),
    st.tuples(st.just("seal"), st.tuples(st.integers(-3, 4), st.integers(1, 4))),
    st.tuples(st.just("compact"), st.integers(1, 2)),
)


class PlainList:
    """What a store promises, without any of its means: a list in the order of arrival."""

    def __init__(self):
        self.kept = []

    def outcomes(self):
        return tuple(sorted(self.kept, key=lambda outcome: outcome.time))

    def latest(self):
        pages = {}
        for outcome in self.outcomes():
            pages.setdefault((outcome.url, outcome.vantage), []).append(outcome)
        return sorted((self._latest(run) for run in pages.values()), key=str)

    def counts(self, width):
        return Counter(
            (outcome.time.replace(minute=0, hour=outcome.time.hour if width == "hour" else 0), outcome.verdict.state)
            for outcome in self.kept
        )

    @staticmethod
    def _latest(run):
        since = run[-1].time
        for outcome in reversed(run):
            if outcome.verdict.state is not run[-1].verdict.state:
                break
            since = outcome.time
        return Latest(outcome=run[-1], since=since)


def rollup(folder, table, column, width):
    """A rollup's counts as the plain list gives them, zeroes left out."""
    found = Counter()
    with closing(connect(Folder(path=folder), "ro")) as connection:
        for row in connection.execute(f"SELECT * FROM {table}"):
            for state in State:
                found[datetime.fromtimestamp(row[column] * width, UTC), state] += row[state.value]
    return Counter({key: count for key, count in found.items() if count})


class Beside:
    """A store and a plain list to which the same things are done."""

    def __init__(self, folder, made):
        self.folder, self.made = folder, made
        self.plain, self.store = PlainList(), open_store(folder)

    def append(self, number, what):
        measurement, outcome = self.made.entry(number, **what)
        assert self.store.append(measurement, outcome) is True
        self.plain.kept.append(outcome)

    def append_all(self, number, what):
        """New ones, one of them twice, and one that is there already."""
        places, index = what
        new = [self.made.entry(1000 * (number + 1) + place, **each) for place, each in enumerate(places)]
        again = [(self.store.measurement(old.measurement), old) for old in self.plain.kept[index : index + 1]]
        given = [(*pair, None) for pair in (*again, *new, new[0])]
        assert self.store.append_all(given) == (*(False for _ in again), *(True for _ in new), False)
        self.plain.kept += [outcome for _, outcome in new]

    def reopen(self, *_):
        self.store.close()
        self.store = open_store(self.folder)

    def again(self, _, index):
        for outcome in self.plain.kept[index : index + 1]:
            assert self.store.append(self.store.measurement(outcome.measurement), outcome) is False

    def revise(self, _, what):
        index, state, total = what
        for old in self.plain.kept[index : index + 1]:
            verdict = replace(old.verdict, state=state, rule_id="again")
            new = replace(old, verdict=verdict, timings=replace(old.timings, total=total))
            self.store.revise(new)
            self.plain.kept[index] = new

    def seal(self, _, what):
        until, piece = what
        if engine.available():
            seal(self.store.upkeep, MIDNIGHT + timedelta(minutes=20 * until), piece=piece)

    def compact(self, _, parts):
        if engine.available():
            compact(self.store.upkeep, parts=parts)

    def compare(self):
        assert self.store.outcomes() == self.plain.outcomes()
        assert self.store.outcomes(newest_first=True) == self.plain.outcomes()[::-1]
        assert sorted(self.store.latest(), key=str) == self.plain.latest()
        assert rollup(self.folder, "hourly", "hour", 3600) == self.plain.counts("hour")
        assert rollup(self.folder, "daily", "day", 86400) == self.plain.counts("day")
        shown = [outcome for outcome in self.plain.kept if outcome.role is Role.VANTAGE and not outcome.innocuous]
        assert sum(day.ok + day.down + day.blocked + day.insufficient for day in self.store.days()) == len(shown)

    def compare_durations(self):
        with closing(connect(Folder(path=self.folder), "ro")) as connection:
            (total, timed) = connection.execute("SELECT sum(total), sum(timed) FROM hourly").fetchone()
        seconds = [outcome.timings.total for outcome in self.plain.kept if outcome.timings.total is not None]
        assert (total or 0, timed or 0) == (sum(round(second * 1e6) for second in seconds), len(seconds))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25))
def test_a_store_is_a_list(made, doings):
    """Appending, repeating, judging again, sealing, merging and opening again, in any order, are as with a list."""
    with tempfile.TemporaryDirectory() as folder:
        beside = Beside(Path(folder), made)
        for number, (doing, what) in enumerate(doings):
            getattr(beside, doing)(number, what)
        with beside.store:
            beside.compare()
            beside.compare_durations()
            assert verify(beside.store.upkeep).problems == ()
