"""A disk without room: nothing acknowledged is lost, and the store goes on when there is room again."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store import StoreError, StoreFull, open_store
from monitor.store import packs as packs_module

HERE = Path(__file__).parent
MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$1" && head -c 1000000 /dev/zero > "$1/ballast" && '


def in_a_small_disk(tmp_path, command):
    """Run shell `command` with $1 a folder that is a disk of 3 MiB, a third of it ballast; the skip says why not."""
    if subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let ordinary users mount (unshare -Urm)")
    shell = [
        "unshare",
        "-Urm",
        "sh",
        "-c",
        MOUNT + command,
        "sh",
        str(tmp_path),
        sys.executable,
        str(HERE / "filler.py"),
    ]
    done = subprocess.run(shell, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_loses_nothing(tmp_path):
    """On a real disk of 3 MiB: StoreFull, all that was acknowledged is there and readable, and writing goes on."""
    seen = json.loads(in_a_small_disk(tmp_path, '"$2" "$3" "$1/data" "$1/ballast"'))
    assert (
        seen.pop("message")
        == f"the disk that holds {tmp_path}/data is full: make room, and it goes on; nothing stored is lost"
    )
    assert seen.pop("acknowledged") > 20
    assert seen == {
        "whole when full": True,
        "room was given back": True,
        "whole with room": True,
        "whole after opening again": True,
        "days": 0,
    }


def test_a_new_store_on_a_full_disk_says_so(tmp_path):
    """Where there is no room for even an empty store, opening one is a StoreFull."""
    script = "import sys; from pathlib import Path; from monitor.store import open_store; open_store(Path(sys.argv[1]))"
    command = f'cat /dev/zero > "$1/more" 2>/dev/null; "$2" -c "{script}" "$1/data" 2>&1 | tail -1'
    assert "StoreFull: the disk that holds" in in_a_small_disk(tmp_path, command)


def test_a_limit_on_file_size_is_a_full_disk(tmp_path):
    """Where files may not grow (RLIMIT_FSIZE), the append is refused as StoreFull, and works when they may again."""
    script = (
        "import sys, resource, signal; sys.argv = ['filler', sys.argv[1], sys.argv[2], sys.argv[3]]\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pathlib import Path\n"
        "import importlib.util\n"
        "spec = importlib.util.spec_from_file_location('filler', sys.argv[3])\n"
        "filler = importlib.util.module_from_spec(spec); spec.loader.exec_module(filler)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, resource.RLIM_INFINITY))\n"
        "filler.Path.unlink = lambda path: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\n"
        "filler.main(sys.argv[1], sys.argv[2])\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "data"), "none", str(HERE / "filler.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert "is full" in seen["message"]
    assert seen["whole when full"] is seen["whole with room"] is seen["whole after opening again"] is True


def test_a_full_database_gives_the_pack_its_room_back(store, folder, made):
    """Where the pack had room and the database had not, nothing is acknowledged and the pack is as it was."""
    store.append(*made.entry(0))
    connection = store._writer._transaction.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreFull):
        store.append_all((*made.entry(number), None) for number in range(1, 400))

    assert (folder / "packs" / "000001.pack").stat().st_size == store.counts()["pack_bytes"]
    kept = len(store.outcomes())
    connection.execute("PRAGMA max_page_count = 1000000")
    new = store.append_all((*made.entry(number), None) for number in range(1, 400))
    assert kept + sum(new) == len(store.outcomes()) == 400


def test_a_disk_that_fails_is_a_store_error_and_is_survived(store, made, monkeypatch):
    """A disk's input/output error is a StoreError; half a record stays dead, and the next one is whole."""
    real = packs_module.os.write

    def half(handle, data):
        if len(data) < 100:
            raise OSError(5, "Input/output error")
        return real(handle, data[: len(data) // 2])

    monkeypatch.setattr(packs_module.os, "write", half)
    with pytest.raises(StoreError, match="Input/output error"):
        store.append(*made.entry(1))
    monkeypatch.undo()

    measurement, outcome = made.entry(1)
    assert store.append(measurement, outcome) is True
    assert store.measurement(outcome.measurement) == measurement


def test_the_limits_of_this_process_were_not_touched():
    """The file size tests ran elsewhere: this process may write files as before."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    assert signal.getsignal(signal.SIGXFSZ) in (signal.SIG_IGN, signal.SIG_DFL)


def test_reading_goes_on_while_the_disk_is_full(store, folder, made):
    """A reader needs no room."""
    store.append(*made.entry(0))
    store._writer._transaction.connection.execute("PRAGMA max_page_count = 1")
    with open_store(folder, read_only=True) as reader:
        assert len(reader.outcomes()) == 1
