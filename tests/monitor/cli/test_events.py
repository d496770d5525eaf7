"""`presscanary events`: the table, the JSON, and what is chosen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.cli import main
from monitor.model import BlockingEvent, Cell, Locus, Tier
from monitor.store import open_store


def day(number):
    return datetime(2024, 1, number, 12, tzinfo=UTC)


ENDED = BlockingEvent(
    id="kloop-ru-kg-2024-01-02-abcdef",
    target="kloop-ru",
    country="KG",
    networks=("AS8511",),
    onset=(day(1), day(2)),
    end=(day(4), day(5)),
    tier=Tier.LIKELY,
    technique="tls.reset.sni",
    locus=Locus.NETWORK,
    alarm=day(2),
    score=7.5,
    counts={"vantage_points": 2, "networks": 1, "blocked": 9, "ok": 1, "controls_agree": 3,
            "controls_total": 3, "flaps": 0},
    witnesses=("w1",),
)  # fmt: skip
OPEN = replace(
    ENDED, id="open", target="azattyk",
    onset=(None, day(10)), end=None, tier=Tier.SUSPECTED, disputed=True, technique=None
)  # fmt: skip
RETRACTED = replace(
    ENDED, id="retracted", country="KZ", retracted=True, onset=(day(20), day(21)), end=(day(21), day(22))
)


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command on a data folder that holds these events: exit code, output, errors."""

    def made(*arguments, events=(ENDED, OPEN, RETRACTED)):
        if events:
            with open_store(tmp_path / "data") as store:
                store.save_events(events)
        with pytest.raises(SystemExit) as left:
            main(["--data-dir", str(tmp_path / "data"), "events", *arguments])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return made


def test_json_has_all_that_a_script_needs(run):
    """Intervals are pairs of RFC 3339 times in UTC; an open end is null, an unknown beginning too."""
    code, shown, _ = run("--json")
    events = {event["id"]: event for event in json.loads(shown)}
    assert code == 0
    assert set(events) == {ENDED.id, "open", "retracted"}
    ended = events[ENDED.id]
    assert ended["onset"] == ["2024-01-01T12:00:00Z", "2024-01-02T12:00:00Z"]
    assert ended["end"] == ["2024-01-04T12:00:00Z", "2024-01-05T12:00:00Z"]
    for key in ("target", "country", "networks", "tier", "technique", "locus", "counts", "witnesses", "simulated"):
        assert key in ended
    assert events["open"]["onset"][0] is None
    assert events["open"]["end"] is None


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--target", "azattyk"], {"open"}),
        (["--country", "kz"], {"retracted"}),
        (["--open"], {"open"}),
        (["--since", "2024-01-10"], {"open", "retracted"}),
        (["--since", "2024-01-05T12:00:00+00:00"], {ENDED.id, "open", "retracted"}),
        (["--target", "nobody"], set()),
    ],
)
def test_events_can_be_chosen(run, options, ids):
    """By target, country, whether they go on, and by time."""
    _, shown, _ = run(*options, "--json")
    assert {event["id"] for event in json.loads(shown)} == ids


def test_the_table_is_cautious_and_complete(run):
    """Target, country, networks, both intervals in UTC, tier with its meaning, technique, where it was seen from."""
    code, shown, _ = run()
    words = " ".join(shown.split())
    assert code == 0
    for word in (
        "kloop-ru, KG", "AS8511", "2024-01-01 12:00 –", "2024-01-05 12:00", "likely", "goes on", "before",
        "suspected, disputed", "likely, retracted", "UTC", "3 of 3 controls",
    ):  # fmt: skip
        assert word in words
    assert "consistent with" in words
    assert "likely: controls" in words


def test_nothing_found_is_not_all_clear(run):
    """Without events, or without a store, the answer says what that does not mean."""
    code, shown, _ = run(events=())
    assert code == 0
    assert "says nothing about targets" in " ".join(shown.split())
    _, shown, _ = run("--json", events=())
    assert json.loads(shown) == []


def test_a_wrong_time_is_one_line(run):
    """Exit code 2, and what was expected."""
    code, _, faults = run("--since", "last week", events=())
    assert code == 2
    assert faults.strip().startswith("--since: expected a date or time")


def test_simulated_events_are_labelled(run, tmp_path):
    """What the demo made up is called so above the table."""
    cell = Cell(
        target="kloop-ru", country="KG", network="AS8511", vantage="v", start=day(1), end=day(1), ok=1, simulated=True
    )
    with open_store(tmp_path / "data") as store:
        store.append_cells([cell])
    code, shown, _ = run(events=(replace(ENDED, simulated=True),))
    assert code == 0
    assert shown.startswith("SIMULATED")
