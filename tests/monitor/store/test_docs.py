"""docs/reference/store.md says what is so."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from monitor import store as room
from monitor.store import packs
from probes.document import document

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "store.md").read_text(encoding="utf-8")


def section(title):
    """The text under a heading."""
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_table_is_described(store, folder):
    """The tables of the page are the tables of the database."""
    with closing(sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    first_columns = " ".join(re.findall(r"^\| (`.*?) \|", section("Tables"), re.MULTILINE))
    told = set(re.findall(r"`(\w+)`", first_columns))
    assert told == tables


def test_every_error_is_described():
    """The errors of the page are those that the room exports."""
    told = set(re.findall(r"^\| `(\w+)`", section("Messages"), re.MULTILINE))
    assert told == {name for name in room.__all__ if hasattr(getattr(room, name), "with_traceback")}


def test_the_record_is_as_described():
    """The header's length, its magic and the size of a pack are those of the page."""
    sizes = [int(size) for size in re.findall(r"^\| (\d+) \|", section("Pack files"), re.MULTILINE)]
    assert sum(sizes) == packs._HEADER.size == 48
    assert f"`{packs.MAGIC.decode()}`" in section("Pack files")
    assert packs.PACK_SIZE == 256 * 2**20


def test_the_rescue_of_the_page_works(folder, made):
    """The page's few lines save every document from a folder whose database is gone."""
    with room.open_store(folder) as store:
        for number in range(3):
            store.append(*made.entry(number))
    (folder / "store.db").unlink()
    script = re.search(r"```python\n(.*?)```", section("Rescue"), re.DOTALL).group(1)
    saved = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, check=True).stdout
    assert [json.loads(line) for line in saved.splitlines()] == [document(made.entry(number)[0]) for number in range(3)]


def test_the_backup_of_the_page_works(folder, store, made, tmp_path):
    """A copy made while the writer goes on, database first and packs second, opens and is whole."""
    copy = tmp_path / "copy"
    (copy / "packs").mkdir(parents=True)
    assert ".backup COPY/store.db" in section("Backup")
    store.append(*made.entry(1))
    with (
        closing(sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy / "store.db")) as target,
    ):
        source.backup(target)
    store.append(*made.entry(2))
    (copy / "packs" / "000001.pack").write_bytes((folder / "packs" / "000001.pack").read_bytes())

    with room.open_store(copy) as opened:
        (outcome,) = opened.outcomes()
        assert opened.measurement(outcome.measurement) == made.entry(1)[0]
        assert opened.append(*made.entry(2)) is True
