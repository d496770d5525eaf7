"""docs/reference/cli.md is what the commands say, and what they print."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest
import yaml

from monitor.cli import main
from monitor.cli.status import Status, flat
from monitor.model import (
    BlockingEvent,
    CheckReport,
    Claim,
    ClaimCheck,
    Enforcement,
    Latest,
    NetworkSpan,
    Outcome,
    Power,
    Provider,
    Source,
    SourceScore,
    Term,
    Timings,
    VantageStatus,
    Verdict,
)
from tests.docs.command_line import PAGE, PROBES, commands, renewed
from tests.docs.pages import ROOT

TEXT = PAGE.read_text(encoding="utf-8")


def names(record) -> set[str]:
    """The fields of a record."""
    return {each.name for each in fields(record)}


def keys(heading: str, *, table: int = 0) -> set[str]:
    """The keys in the first column of a table below a heading of the page."""
    section = re.split(r"^#+ ", TEXT.split(f"### {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = section.split("|---|---|\n")[1 + table].split("\n\n")[0].splitlines()
    return {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}


def told(heading: str, key: str) -> set[str]:
    """The words in code style in the second column of a key's row."""
    row = next(line for line in TEXT.split(f"### {heading}\n")[1].splitlines() if line.startswith(f"| `{key}`"))
    return set(re.findall(r"`(\w+)`", row.split("|")[2]))


def test_the_page_is_what_the_help_says():
    """Renew it with `python tests/docs/command_line.py`, and read the difference."""
    assert renewed(TEXT) == TEXT


@pytest.mark.parametrize("name", [*commands(), PROBES])
def test_every_command_stands_there(name):
    """No command is left out."""
    assert f"<!-- help of {name} -->" in TEXT


def test_the_status_is_described():
    """Every key of `status --json` has its row, in all three of its tables, and there is no row without a key."""
    empty = flat(Status(data_dir="", simulated=False, counts={}))
    row = (names(Outcome) | names(Verdict) | names(Latest)) - {"verdict", "outcome"}

    assert keys("status: JSON") == set(empty) == names(Status) - {"targets", "open_events"} | {"targets", "open_events"}
    assert keys("status: JSON", table=1) == names(VantageStatus)
    assert keys("status: JSON", table=2) == row
    assert told("status: JSON", "timings") == names(Timings)


def test_an_event_is_described():
    """Every key of an event, and of its part on one network, stands in the page."""
    assert keys("events: JSON") == names(BlockingEvent) | {"experiments"}
    assert told("events: JSON", "spans") == names(NetworkSpan)


def test_the_check_is_described():
    """So do those of the check, of its claims and of their sources."""
    assert keys("check: JSON") == names(CheckReport)
    assert keys("check: JSON", table=1) == names(ClaimCheck)
    assert told("check: JSON", "claim") == names(Claim) | names(Source) | names(Provider)
    assert told("check: JSON", "power") == names(Power)
    assert names(SourceScore) <= told("check: JSON", "sources")
    assert names(Enforcement) <= told("check: JSON", "enforcement")
    assert names(Term) <= told("check: JSON", "terms")


@pytest.fixture
def answer(tmp_path, capsys):
    """Run commands in a folder with the tutorial's series in its store, and read the JSON that they print."""
    config = {
        "simulated": True,
        "timezone": "UTC",
        "targets": [{"id": "news", "urls": ["https://news.example/"]}],
        "documented": [
            {
                "id": "c",
                "target": "news",
                "country": "XD",
                "kind": "blocked",
                "date": "2026-03-12",
                "sources": [{"url": "doc:a"}],
            }
        ],
    }
    (tmp_path / "targets.yaml").write_text(yaml.safe_dump(config).replace("'2026-03-12'", "2026-03-12"))

    def asked(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--config", str(tmp_path / "targets.yaml"), "--data-dir", str(tmp_path / "data"), *arguments])
        assert left.value.code in (0, None)
        return json.loads(capsys.readouterr().out)

    asked("import", "series", str(ROOT / "docs" / "tutorial" / "series.csv"), "--format", "ooni-analysis", "--json")
    return asked


def test_the_commands_print_what_is_described(answer):
    """The keys of the page are those that the commands print, and times end with Z."""
    (event,) = answer("events", "--json")
    report, status = answer("check", "--json"), answer("status", "--json")

    assert set(event) == keys("events: JSON")
    assert set(event["counts"]) == told("events: JSON", "counts")
    assert set(event["spans"][0]) == told("events: JSON", "spans")
    assert all(time.endswith("Z") for time in [*event["onset"], *event["end"], event["alarm"]])
    assert set(report) == keys("check: JSON")
    assert set(report["checks"][0]) == keys("check: JSON", table=1)
    assert set(status) == keys("status: JSON")
    assert [event["simulated"], report["simulated"], status["simulated"]] == [True, True, True]
