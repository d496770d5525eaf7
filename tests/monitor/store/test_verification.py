"""What was spoilt behind the store's back is found, each piece with its place; a whole store has no problem."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import State
from monitor.store import StoreError, open_folder, open_store
from monitor.store.compaction import compact
from monitor.store.policy import Policy
from monitor.store.retention import prune
from monitor.store.sealing import seal
from monitor.store.verification import verify

pytest.importorskip("duckdb", reason="sealing needs the extra `store`")

T0 = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2024, 7, 1, tzinfo=UTC)


@pytest.fixture
def filled(folder, made):
    """A closed store with a tail, sealed months, revised rows and pruned ones."""
    with open_folder(folder, clock=lambda: NOW) as store:
        pairs = [
            (*made.entry(n, time=T0 + timedelta(hours=20 * n), state=State.OK if n % 9 else State.BLOCKED), None)
            for n in range(200)
        ]
        store.append_all(pairs)
        while seal(store.upkeep, datetime(2024, 6, 1, tzinfo=UTC), keep_ok=3, piece=20):
            pass
        compact(store.upkeep)
        store.revise(made.outcome_of(pairs[100][0], State.DOWN))
        prune(store.upkeep, Policy(raw=timedelta(days=120)))
    return folder


def problems(folder):
    """What a look beside nobody finds, as one text per problem."""
    with open_folder(folder, read_only=True) as store:
        return [f"{problem.where}: {problem.what}" for problem in verify(store.upkeep).problems]


def execute(folder, statement, *given):
    """Change the database behind the store's back."""
    with closing(sqlite3.connect(folder / "store.db")) as connection, connection:
        connection.execute(statement, given)


def test_a_whole_store_has_no_problem(filled):
    """Tail, segments, packs and counts agree, also after sealing, merging, judging again and pruning."""
    with open_folder(filled, read_only=True) as store:
        found = verify(store.upkeep)
    assert found.problems == ()
    assert all(
        found.checked[name] > 0 for name in ("pages", "segments", "packs", "documents", "rows", "hourly", "latest")
    )


def test_a_changed_segment_is_found(filled):
    """One flipped bit in a segment is a problem of that segment."""
    path = max((filled / "segments").glob("*/*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert any(f"segments/{path.parent.name}/{path.name}: its SHA-256" in problem for problem in problems(filled))


def test_a_missing_segment_is_an_error_with_its_name(filled, made):
    """A file that the manifest names and that is not there is damage, for whoever reads and for verify."""
    path = max((filled / "segments").glob("*/*.parquet"))
    path.unlink()
    with (
        open_store(filled, read_only=True) as store,
        pytest.raises(StoreError, match=rf"{path.name}: the file is missing"),
    ):
        store.outcomes()
    with pytest.raises(StoreError, match=rf"{path.name}: the file is missing"):
        problems(filled)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE daily SET ok = ok + 1", "daily: day"),
        ("UPDATE hourly SET blocked = 0 WHERE blocked", "hourly: hour"),
        ("UPDATE hourly_target SET blocked = blocked + 1", "hourly_target: hour"),
        ("DELETE FROM hourly_target", "hourly_target: hour"),
        ("UPDATE segment SET rows = rows + 1 WHERE removed IS NULL", "the manifest says"),
        ("DELETE FROM observation WHERE seq = (SELECT min(seq) FROM observation WHERE sealed IS NULL)", "rows: "),
        ("UPDATE latest SET time = time - 1", "latest: row"),
        ("UPDATE document SET start = start + 1 WHERE id = (SELECT max(id) FROM document)", "packs/000001.pack: "),
        ("UPDATE pack SET bytes = bytes + 1", "packs/000001.pack: has"),
    ],
)
def test_a_changed_index_is_found(filled, statement, said):
    """What the index says wrongly is told with its table or file."""
    execute(filled, statement)
    assert any(said in problem for problem in problems(filled))
