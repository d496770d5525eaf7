"""Databases that are newer, foreign or damaged are left alone, with one line that says what to do."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from monitor.store import StoreDamaged, StoreError, StoreNewer, open_store, schema


@pytest.fixture
def filled(folder, made):
    """A closed store with some measurements in it."""
    with open_store(folder) as store:
        store.append_all((*made.entry(number), None) for number in range(300))
    return folder


def execute(folder, statement):
    """Change the database behind the store's back."""
    with closing(sqlite3.connect(folder / "store.db")) as connection, connection:
        connection.execute(statement)


both = pytest.mark.parametrize("read_only", [False, True])


@both
def test_a_newer_store_is_left_alone(filled, read_only):
    """A store of a later version asks for an upgrade, and not a byte of it changes."""
    execute(filled, "INSERT INTO schema_migration VALUES (99, 0, 'later')")
    before = (filled / "store.db").read_bytes()
    with pytest.raises(StoreNewer, match=r"store version 99, this one knows \d+\): upgrade presscanary"):
        open_store(filled, read_only=read_only)
    assert (filled / "store.db").read_bytes() == before


@both
def test_another_programs_database_is_left_alone(folder, read_only):
    """A database that is not ours is never written to."""
    folder.mkdir()
    execute(folder, "CREATE TABLE diary (page)")
    with pytest.raises(StoreError, match="a database of another program"):
        open_store(folder, read_only=read_only)
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("diary",)]


@both
def test_an_edited_migration_is_noticed(filled, read_only):
    """A database that was made by other SQL under the same number is not trusted."""
    execute(filled, "UPDATE schema_migration SET checksum = 'other'")
    with pytest.raises(StoreDamaged, match="schema version 1 is not the one"):
        open_store(filled, read_only=read_only)


@both
@pytest.mark.parametrize("length", [16, 100, 4096])
def test_a_damaged_header_is_noticed(filled, read_only, length):
    """A database whose first bytes are gone is damaged, says where to read on, and is not changed."""
    path = filled / "store.db"
    damage = bytes(length) + path.read_bytes()[length:]
    path.write_bytes(damage)
    with pytest.raises(StoreDamaged, match=r"store\.db.*restore a backup; docs/reference/store\.md"):
        open_store(filled, read_only=read_only)
    assert path.read_bytes() == damage


def test_a_text_file_is_a_damaged_store(folder):
    """Something else under the database's name is damage, not a reason for a traceback."""
    folder.mkdir()
    (folder / "store.db").write_text("hello, this is no database at all\n" * 100)
    with pytest.raises(StoreDamaged, match="file is not a database"):
        open_store(folder)


def test_damage_in_the_middle_is_noticed_when_it_is_read(filled):
    """Pages that were overwritten give StoreDamaged to whoever reads them."""
    path = filled / "store.db"
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xee" * (len(content) - 12288) + content[-4096:])
    with pytest.raises(StoreDamaged, match=r"store\.db"), open_store(filled, read_only=True) as store:
        store.outcomes()


def test_packs_without_a_database_are_not_overwritten(filled):
    """Where the database is gone and the packs are there, a new store would cut them off: it is refused."""
    (filled / "store.db").unlink()
    size = (filled / "packs" / "000001.pack").stat().st_size
    with pytest.raises(StoreDamaged, match="although there are packs"):
        open_store(filled)
    assert (filled / "packs" / "000001.pack").stat().st_size == size > 0
    with pytest.raises(StoreDamaged, match="although there are packs"):
        open_store(filled)


def test_a_copy_of_the_folder_is_a_store(filled, tmp_path):
    """A closed store is its files and nothing else: a copy opens anywhere."""
    with open_store(shutil.copytree(filled, tmp_path / "copy")) as store:
        assert store.counts()["measurements"] == 300


def test_an_interrupted_migration_leaves_the_version_before(folder, monkeypatch):
    """A migration that fails in its middle changes nothing, and succeeds the next time."""
    open_store(folder).close()
    good = schema.shipped()
    number = len(good) + 1
    broken = schema.Migration(version=number, sql="CREATE TABLE extra (a);\nCREATE TABLE meta (a);")
    monkeypatch.setattr(schema, "shipped", lambda: (*good, broken))
    with pytest.raises(StoreError, match="table meta already exists"):
        open_store(folder)
    mended = schema.Migration(version=number, sql="CREATE TABLE extra (a);")
    monkeypatch.setattr(schema, "shipped", lambda: (*good, mended))
    with open_store(folder) as store:
        assert store.counts()["measurements"] == 0
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        assert connection.execute("SELECT max(version) FROM schema_migration").fetchone() == (number,)


def test_migrations_are_numbered_without_gaps():
    """The n-th migration file carries number n."""
    migrations = schema.shipped()
    assert [migration.version for migration in migrations] == list(range(1, len(migrations) + 1))


def test_every_table_is_strict(folder):
    """SQLite itself refuses a value of the wrong kind."""
    open_store(folder).close()
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        tables = connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
    assert {name for name, strict in tables if not strict} == {"sqlite_schema"}
    assert len(tables) > 10
