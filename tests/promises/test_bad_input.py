"""Bad input: one clear message, a code that scripts can use, no traceback, and nothing lost of what was there.

`PROOFS` lists every kind of bad input that the program promises to survive, each with the tests that prove it.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.store import open_store

ROOT = Path(__file__).parents[2]
HERE = "tests/promises/test_bad_input.py"
CONFIGURATION = f"{HERE}::test_a_mistake_in_the_configuration_is_one_line_with_its_place"
IMPORTED = f"{HERE}::test_one_bad_file_among_good_ones_is_named_and_costs_nothing"
PROOFS: Mapping[str, tuple[str, ...]] = {
    "unknown key": (CONFIGURATION, "tests/monitor/config/test_load.py::test_every_mistake_is_told_with_its_place"),
    "wrong type": (CONFIGURATION,),
    "duplicate id": (CONFIGURATION,),
    "bad URL": (CONFIGURATION, "tests/monitor/config/test_load.py::test_a_password_in_an_address_is_not_repeated"),
    "unknown vantage point": (CONFIGURATION,),
    "claim with end before start": (CONFIGURATION,),
    "unreadable YAML": (CONFIGURATION, "tests/monitor/config/test_load.py::test_no_bytes_whatever_break_the_reader"),
    "empty file": (CONFIGURATION, "tests/monitor/cli/test_import.py::test_nothing_readable_is_no_success"),
    "directory instead of a file": (
        CONFIGURATION,
        "tests/monitor/config/test_load.py::test_a_folder_instead_of_a_file_is_one_message",
        "tests/monitor/store/test_folder.py::test_a_file_is_no_folder",
    ),
    "a measurement file cut in the middle": (
        IMPORTED,
        "tests/monitor/history/test_files.py::test_a_cut_file_keeps_what_was_whole",
        "tests/monitor/history/test_files.py::test_a_cut_compressed_file_keeps_what_was_whole",
    ),
    "a gzip bomb": (IMPORTED, "tests/monitor/history/test_files.py::test_a_bomb_is_put_down"),
    "a document with missing keys": (
        IMPORTED,
        "tests/monitor/history/test_document.py::test_what_a_measurement_cannot_be_without_is_named",
        "tests/monitor/history/test_document.py::test_any_value_in_any_place_is_survived",
    ),
    "a full disk": (
        f"{HERE}::test_a_full_disk_is_one_line_and_what_was_stored_stays",
        "tests/monitor/store/test_disk.py::test_a_full_disk_loses_nothing",
        "tests/monitor/store/test_disk.py::test_a_new_store_on_a_full_disk_says_so",
    ),
    "a port in use": (
        "tests/monitor/cli/test_run.py::test_a_port_in_use_is_one_line_and_exit_code_1_and_no_store_is_touched",
    ),
    "a second run on the same data folder": (
        "tests/monitor/cli/test_run.py::test_a_second_run_on_the_same_folder_is_refused_in_one_line_and_the_first_goes_on",
        "tests/monitor/store/test_folder.py::test_a_refused_writer_leaves_the_lock_to_its_holder",
    ),
    "kill -9 in the middle of anything": (
        "tests/promises/test_durable.py::test_what_was_acknowledged_is_there_after_kill_minus_nine",
        "tests/monitor/store/test_crash.py::test_kill_minus_nine_loses_nothing",
    ),
    "SIGTERM in the middle of a measurement": (
        "tests/promises/test_durable.py::test_a_signal_in_the_middle_of_measurements_finishes_and_writes_them",
    ),
}


@pytest.mark.parametrize("proof", sorted({proof for proofs in PROOFS.values() for proof in proofs}))
def test_every_proof_of_the_table_exists(proof):
    """A test that was renamed or removed is missed here."""
    file, _, name = proof.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


GOOD = """\
targets:
- {id: herald, urls: ["http://127.0.0.1:9/"]}
- {id: library, urls: ["http://127.0.0.1:10/"], innocuous: true}
vantage_points:
- {id: here}
"""
"""Loopback is never dialled: nothing leaves this machine."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with measurements in it, for all tests of this module to try their luck on."""
    place = tmp_path_factory.mktemp("measured")
    (place / "good.yaml").write_text(GOOD, encoding="utf-8")
    done = presscanary("--config", place / "good.yaml", "--data-dir", place / "data", "run", "--once")
    assert done.returncode == 0, done.stderr
    return place / "data"


def presscanary(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """The program as a process, without a terminal."""
    command = [sys.executable, "-m", "monitor", *map(str, arguments)]
    # Coverage of a child that may write nothing would be one more fault, and not ours.
    environment = {name: said for name, said in os.environ.items() if not name.startswith("COVERAGE_")}
    environment["COLUMNS"] = "200"
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
        stdin=subprocess.DEVNULL,
        **options,
    )  # type: ignore[call-overload]


def bytes_of(folder: Path) -> dict[str, str]:
    """The hash of each file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(folder: Path) -> dict[str, bytes | str]:
    """Every measurement with its verdict, each of them readable."""
    with open_store(folder, read_only=True) as store:
        return {row.measurement: f"{row} {store.measurement(row.measurement)}" for row in store.outcomes()}


def text(content: str) -> Callable[[Path], object]:
    """A configuration with this text."""
    return lambda path: path.write_text(content, encoding="utf-8")


MISTAKES: Mapping[str, tuple[Callable[[Path], object], list[int]]] = {
    "unknown key": (text(GOOD + "colour: red\n"), [6]),
    "wrong type": (text(GOOD.replace('["http://127.0.0.1:9/"]', "5")), [2]),
    "duplicate id": (text(GOOD.replace("id: library", "id: herald")), [3]),
    "bad URL": (text(GOOD.replace("http://127.0.0.1:9/", "ftp://herald.example/")), [2]),
    "unknown vantage point": (text(GOOD + "schedule: {vantage_points: {there: 5m}}\n"), [6]),
    "claim with end before start": (
        text(
            GOOD
            + "documented:\n- {id: c, target: herald, country: KG, kind: blocked, "
            + "interval: [2023-09-13, 2023-09-12], sources: [{url: doc:x}]}\n"
        ),
        [7],
    ),
    "unreadable YAML": (text("targets: [\n"), [2]),
    "empty file": (text(""), [1]),
    "directory instead of a file": (Path.mkdir, [1]),
    "three mistakes at once": (
        text(GOOD.replace("http://127.0.0.1:9/", "x") + "colour: red\nweb: {port: no}\n"),
        [2, 6, 7],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_configuration_is_one_line_with_its_place(measured, tmp_path, name):
    """`run` on a folder full of measurements: file, line, what was expected; exit code 2, not a byte has changed."""
    spoil, places = MISTAKES[name]
    path = tmp_path / "targets.yaml"
    spoil(path)
    before = bytes_of(measured)

    done = presscanary("--config", path, "--data-dir", measured, "run", "--once")

    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert [int(re.match(rf"{re.escape(str(path))}:(\d+):\d+: .+; expected .+", line)[1]) for line in lines] == places
    assert bytes_of(measured) == before


def test_the_table_is_complete():
    """Every kind of mistake in the configuration that the table names is tried above."""
    assert {name for name, proofs in PROOFS.items() if CONFIGURATION in proofs} <= MISTAKES.keys()


def document(number: int) -> dict:
    return {
        "input": f"http://page{number}.example/",
        "measurement_start_time": "2023-09-12 12:00:00",
        "measurement_uid": f"uid-{number}",
        "test_name": "web_connectivity",
        "test_keys": {
            "requests": [{"failure": "connection_reset", "request": {"url": f"http://page{number}.example/"}}]
        },
    }


def test_one_bad_file_among_good_ones_is_named_and_costs_nothing(measured, tmp_path):
    """Cut off, cut in its compression, a bomb, keys missing: a line each, exit code 1, the rest is imported."""
    folder = tmp_path / "files"
    folder.mkdir()
    whole = "".join(json.dumps(document(number)) + "\n" for number in range(3))
    (folder / "a.jsonl").write_text(whole[:-40])
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(whole.replace("uid-", "other-").encode())[:-30])
    (folder / "c.jsonl.gz").write_bytes(gzip.compress(bytes(80_000_000), compresslevel=1))
    lacking = {key: value for key, value in document(9).items() if key != "test_keys"}
    (folder / "d.json").write_text(json.dumps(lacking))
    (folder / "e.json").write_text(json.dumps(document(4)))
    config = tmp_path / "targets.yaml"
    config.write_text(GOOD)
    before = rows_of(measured)

    done = presscanary("--config", config, "--data-dir", measured, "import", "ooni", folder, "--json")

    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert {Path(each["where"].partition(":")[0]).name for each in told["unreadable_places"]} == {
        "a.jsonl", "b.jsonl.gz", "c.jsonl.gz", "d.json"
    }  # fmt: skip
    assert "`test_keys`" in next(each["why"] for each in told["unreadable_places"] if "d.json" in each["where"])
    assert told["new"] >= 3
    assert before.items() <= rows_of(measured).items()


def nothing_may_grow() -> None:
    """For the child: no file may grow past 4 KiB, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize("command", [("run", "--once"), ("import", "ooni")])
def test_a_full_disk_is_one_line_and_what_was_stored_stays(measured, tmp_path, command):
    """One line that says what to do, exit code 1; every row that was there is there, and there is room again later."""
    config, path = tmp_path / "targets.yaml", tmp_path / "new.json"
    config.write_text(GOOD)
    path.write_text(json.dumps(document(77)))
    before = rows_of(measured)
    arguments = ("--config", config, "--data-dir", measured, *command, *([path] if command[0] == "import" else []))

    done = presscanary(*arguments, preexec_fn=nothing_may_grow)

    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line.strip()] == [
        f"the disk that holds {measured} is full: make room, and it goes on; nothing stored is lost"
    ]
    assert rows_of(measured) == before
    assert presscanary(*arguments).returncode == 0
    assert before.items() <= rows_of(measured).items()
    assert len(rows_of(measured)) > len(before)
