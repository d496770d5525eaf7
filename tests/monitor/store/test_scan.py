"""A scan is over tail and segments as over one table."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import State
from monitor.store.scan import Scan, scan
from monitor.store.sealing import seal
from monitor.store.times import microseconds

pytest.importorskip("duckdb", reason="scans need the extra `store`")

T0 = datetime(2024, 1, 20, tzinfo=UTC)


@pytest.mark.parametrize("sealed", [0, 20, 90])
def test_a_scan_counts_each_result_once(store, made, sealed):
    """Whatever share is sealed, counts per target and state are those of the outcomes; a revision is seen."""
    pairs = [made.entry(n, time=T0 + timedelta(hours=6 * n), target=("kloop", "azattyk's")[n % 2]) for n in range(90)]
    store.append_all((*pair, None) for pair in pairs)
    seal(store.upkeep, T0 + timedelta(hours=6 * sealed))
    store.revise(made.outcome_of(pairs[3][0], State.DOWN))
    outcomes = store.outcomes()
    counted = scan(store.upkeep, Scan(statement="SELECT target, state, count(*) FROM result GROUP BY ALL"))
    assert {row[:2]: row[2] for row in counted} == Counter((it.target, it.verdict.state.value) for it in outcomes)

    edge = T0 + timedelta(days=7)
    asked = Scan(
        statement="SELECT count(*) FROM result WHERE state = $state",
        given={"state": "ok"},
        columns=("state", "time", "target"),
        target="azattyk's",
        since=microseconds(edge),
    )
    expected = [it for it in store.outcomes(since=edge, target="azattyk's") if it.verdict.state is State.OK]
    assert scan(store.upkeep, asked) == [(len(expected),)]
