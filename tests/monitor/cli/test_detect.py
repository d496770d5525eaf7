"""`presscanary detect`: events of a stretch, and the statistic behind one of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from monitor.cli import main
from monitor.model import Cell, Evidence
from monitor.store import open_store
from probes.model import Role

START = datetime(2024, 1, 1, tzinfo=UTC)
SINCE = ("--since", "2024-01-01", "--until", "2024-01-03")
LINE = "o" * 30 + "a" * 20 + "o" * 30


def cells(line, vantage, network, role=Role.VANTAGE, target="kloop"):
    """A cell per letter, every ten minutes: o ok, a failed with an artefact."""
    return [
        Cell(
            target=target, country="KG", network=network, vantage=vantage, role=role,
            start=START + number * timedelta(minutes=10), end=START + number * timedelta(minutes=10),
            ok=int(letter == "o"), blocked=int(letter == "a"),
            evidence=Evidence.ARTEFACT if letter == "a" else Evidence.NONE,
            technique="tls.reset.sni" if letter == "a" else None,
            witnesses=(f"{vantage}-{number}",) if letter == "a" else (), simulated=True, source="test",
        )
        for number, letter in enumerate(line)
    ]  # fmt: skip


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command on a store with one block: exit code, output, errors."""
    rows = [*cells(LINE, "v1", "AS8511"), *cells(LINE, "v2", "AS8511"), *cells("o" * 80, "v3", "AS12997")]
    for number in range(3):
        rows += cells("o" * 80, f"c{number}", f"AS90{number}", Role.CONTROL)
    with open_store(tmp_path / "data") as store:
        store.append_cells(rows)

    def made(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--data-dir", str(tmp_path / "data"), "detect", *arguments])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return made


def test_the_events_of_a_stretch_are_printed(run):
    """The same table and JSON as those of `events`, without anything having been stored."""
    code, printed, _ = run(*SINCE, "--json")
    assert code == 0
    (event,) = json.loads(printed)
    assert (event["target"], event["networks"], event["tier"]) == ("kloop", ["AS8511"], "confirmed")
    code, printed, _ = run(*SINCE)
    assert code == 0
    assert event["id"] in printed
    assert "SIMULATED" in printed


@pytest.mark.parametrize(
    ("chosen", "count"),
    [(("--target", "azattyk"), 0), (("--network", "AS12997"), 0), (("--target", "kloop", "--network", "AS8511"), 1)],
)
def test_a_target_or_a_network_can_be_chosen(run, chosen, count):
    """What is left out cannot open an event; controls stay."""
    code, printed, _ = run(*SINCE, *chosen, "--json")
    assert code == 0
    assert len(json.loads(printed)) == count


def test_a_stretch_without_data_says_so(run):
    """No event is not the same as no block."""
    code, printed, errors = run("--since", "2023-01-01", "--until", "2023-02-01")
    assert code == 0
    assert "Nothing was measured" in errors
    assert "says nothing" in printed


def test_explain_draws_the_statistic_and_names_what_moved_it(run, tmp_path):
    """In the terminal as blocks with the threshold, the alarm and the end; as SVG for everybody else; and as JSON."""
    (event,) = json.loads(run(*SINCE, "--json")[1])
    path = tmp_path / "why.svg"
    code, printed, errors = run(*SINCE, "--explain", event["id"], "-o", str(path))
    assert code == 0
    assert "█" in printed
    assert "A" in printed.split("nats ┴")[1].splitlines()[0]
    assert "v1-30" in printed
    assert str(path) in errors.replace("\n", "")
    drawing = ET.fromstring(path.read_text(encoding="utf-8"))
    words = " ".join(drawing.itertext())
    assert "kloop, KG, AS8511: confirmed (SIMULATED)" in words
    assert "alarm 14" in words
    told = json.loads(run(*SINCE, "--explain", event["id"], "--json")[1])
    (trace,) = told["traces"]
    failing = [point for point in trace["points"] if point["failed"]]
    assert len(failing) == 40
    assert all(point["p0"] < 0.1 and point["added"] > 3 for point in failing)
    assert max(point["total"] for point in trace["points"]) >= trace["alarm"]
    assert trace["blocks"][0][1] == event["alarm"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "--since"),
        (("--since", "yesterday"), "2026-01-18"),
        (("--since", "2024-01-02", "--until", "2024-01-01"), "after --since"),
        ((*SINCE, "--explain", "nothing"), "no event 'nothing'"),
        ((*SINCE, "-o", "why.svg"), "with --explain"),
        ((*SINCE, "--explain", "x", "-o", "why.png"), "*.svg"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, arguments, why):
    """A mistake is told with what was expected."""
    code, _, errors = run(*arguments)
    assert code == 2
    assert why in errors


def test_a_file_that_cannot_be_written_is_a_fault(run, tmp_path):
    """A folder that is not there is a fault at run time: exit code 1, one line."""
    (event,) = json.loads(run(*SINCE, "--json")[1])
    code, _, errors = run(*SINCE, "--explain", event["id"], "-o", str(tmp_path / "nowhere" / "why.svg"))
    assert code == 1
    assert "nowhere" in errors.replace("\n", "")


def test_without_a_store_there_is_nothing(tmp_path, capsys):
    """A folder in which nothing was ever stored is no fault."""
    with pytest.raises(SystemExit) as left:
        main(["--data-dir", str(tmp_path / "none"), "detect", *SINCE, "--json"])
    assert left.value.code == 0
    assert json.loads(capsys.readouterr().out) == []
