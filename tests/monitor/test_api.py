"""The store as data frames: lazy, typed, and the same rows in every form."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from monitor import api
from monitor.export.tables import datasets
from monitor.store import StoreError
from tests.monitor.evidence.conftest import scene  # noqa: F401 - a fixture


@pytest.fixture
def canary(scene):  # noqa: F811
    """The scene's store, opened as a researcher would."""
    with api.open(scene.data) as opened:
        yield opened


def test_rows_need_no_library(canary):
    """Names and values, with times that are aware and in UTC."""
    rows = list(canary.verdicts(target="kloop").rows())
    assert len(rows) == 169
    assert rows[0]["time"] == datetime(2023, 9, 12, 12, tzinfo=UTC)
    assert list(rows[0]) == [column.name for column in datasets()["verdicts"].columns]
    assert not canary.simulated


@pytest.mark.parametrize("name", sorted(datasets()))
def test_every_table_is_the_same_in_every_form(canary, name):
    """Arrow, pandas and Polars have the rows that `rows` gives, in that order, under the same names."""
    pytest.importorskip("pandas", reason="the extra `frames` is not installed here")
    pytest.importorskip("polars", reason="the extra `frames` is not installed here")
    query = getattr(canary, name)()
    count = len(list(query.rows()))
    names = [column.name for column in query.dataset.columns]
    assert (query.arrow().num_rows, query.arrow().column_names) == (count, names)
    assert (len(query.pandas()), list(query.pandas().columns)) == (count, names)
    collected = query.polars().collect()
    assert (len(collected), collected.columns) == (count, names)


def test_a_lazy_frame_reads_when_it_is_collected_and_only_what_it_needs(canary):
    """Filter, projection and limit give what the eager frame gives."""
    pl = pytest.importorskip("polars", reason="the extra `frames` is not installed here")
    lazy = canary.verdicts().polars()
    assert isinstance(lazy, pl.LazyFrame)
    eager = lazy.collect()
    assert (
        lazy.filter(pl.col("state") == "blocked")
        .select("network")
        .collect()
        .equals(eager.filter(pl.col("state") == "blocked").select("network"))
    )
    assert lazy.head(3).collect().equals(eager.head(3))
    assert eager["time"].dtype == pl.Datetime("us", "UTC")


def test_times_are_taken_as_text_date_or_datetime(canary):
    """All mean UTC where they name no zone."""
    counts = {
        len(list(canary.verdicts(since=since, until=until).rows()))
        for since, until in [
            ("2023-09-12T12:30", "2023-09-12T12:40"),
            (datetime(2023, 9, 12, 12, 30, tzinfo=UTC), "2023-09-12T18:40+06:00"),
        ]
    }
    assert counts == {9}
    assert len(list(canary.verdicts(since=date(2023, 9, 12), until="2023-09-13").rows())) == 169
    with pytest.raises(ValueError, match="soon"):
        canary.verdicts(since="soon")
    with pytest.raises(KeyError):
        canary.query("everything")


def test_a_document_comes_as_it_is_hashed(canary):
    """What `measurements` holds is the canonical JSON."""
    first = next(iter(canary.measurements().rows()))
    assert json.loads(str(first["document"]))["target"] == "kloop"


def test_a_folder_without_a_store_is_told(tmp_path):
    """StoreError, with what to do."""
    with pytest.raises(StoreError, match="there is no store"), api.open(tmp_path):
        pass


def test_a_missing_library_is_told(canary, monkeypatch):
    """FramesMissing names the extra that brings it."""
    monkeypatch.setattr(api, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(api.FramesMissing, match=r"presscanary\[frames\]"):
        canary.verdicts().pandas()
