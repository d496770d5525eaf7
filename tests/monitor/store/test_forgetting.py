"""What the page on scale says of forgetting on servers is done as it stands there: old rows go, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import State
from monitor.store import Servers, open_store
from monitor.store.addresses import address

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "scale.md"
YEAR_2025 = datetime(2025, 1, 1, tzinfo=UTC)


def statements(beginning):
    """The statements of the page's section that begin so."""
    section = PAGE.read_text(encoding="utf-8").partition("## Forgetting on servers")[2].partition("\n## ")[0]
    found = [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", section)]
    return [each.rstrip(";") for each in found if each.startswith(beginning)]


def filled(store, made):
    """One page with a result a day from December into January, and one that ended in December."""
    old = [made.entry(n, time=YEAR_2025 + timedelta(days=n - 20, hours=1), state=State.OK) for n in range(30)]
    ended = [
        made.entry(100 + n, time=YEAR_2025 + timedelta(days=n - 20), url="https://ended.example/") for n in range(3)
    ]
    store.append_all((*pair, None) for pair in (*old, *ended))
    return old, ended


@pytest.mark.slow
def test_postgresql_forgets_and_keeps_newest_states_and_counts(postgresql_18, tmp_path, made):
    """Rows and documents from before 2025 go; what is newest of a page, and the counts per day, stay."""
    place = address(postgresql_18.database())
    with open_store(Servers(folder=tmp_path, measurements=place, state=place)) as store:
        old, ended = filled(store, made)
        days, newest = store.days(), store.latest()
        with postgresql_18.connect(place.database) as connection:
            for statement in statements("DELETE FROM"):
                connection.execute(statement)
        assert [it.measurement for it in store.outcomes()] == [it.measurement for _, it in (ended[-1], *old[20:])]
        assert (store.days(), store.latest()) == (days, newest)
        assert store.document(old[0][1].measurement) is None
        assert store.measurement(ended[-1][1].measurement) == ended[-1][0]
        assert store.counts()["documents"] == 11


@pytest.mark.slow
def test_clickhouse_drops_a_month_and_keeps_newest_states(clickhouse_18, tmp_path, made):
    """The partition of December goes at once; each page's newest outcome is still known, the rest is there once."""
    place = address(clickhouse_18.database())
    with open_store(Servers(folder=tmp_path, measurements=place)) as store:
        old, ended = filled(store, made)
        (statement,) = statements("ALTER TABLE")
        alone = statement.replace("press.observation_local ON CLUSTER press", f"{place.database}.observation")
        clickhouse_18.ask(alone)
        assert [it.measurement for it in store.outcomes()] == [it.measurement for _, it in old[20:]]
        newest = {found.outcome.measurement for found in store.latest()}
        assert newest == {old[-1][1].measurement, ended[-1][1].measurement}
