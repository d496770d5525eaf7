"""The demo: a story with a known truth, told by the same program as `run`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.demo.country import INTERNET, LENGTH, POINTS, SCRIPT, TARGETS, TRUTH, down_at, rules_at, turns
from monitor.demo.papers import claims
from monitor.demo.play import settings
from monitor.model import Fate
from monitor.store import open_store
from probes.model import Role

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, str, Path]:
    """What a whole demo printed as JSON, what it said on the way, and where its data are."""
    data = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--data-dir", str(data), "demo", "--port", "0", "--seconds", "180", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=400,
        env=os.environ | {"COLUMNS": "200"},
    )
    return json.loads(done.stdout), done.stderr, data


@pytest.mark.slow
def test_each_block_becomes_one_event_with_the_technique_that_was_played(played):
    """DNS, TLS and HTTP interference are told apart, on the networks that do it, and nothing else is accused."""
    events = {event["target"]: event for event in played[0]["events"]}

    assert sorted(events) == sorted(TRUTH)
    assert {name: event["technique"].split(".")[0] for name, event in events.items()} == {
        name: layer for name, (layer, _, _) in TRUTH.items()
    }
    assert events["courier"]["networks"] == ["AS64501"]
    assert events["herald"]["networks"] == events["lantern"]["networks"] == ["AS64501", "AS64502"]
    assert events["courier"]["end"] is None
    assert events["herald"]["end"] is not None
    assert all(event["counts"]["controls_agree"] == 3 for event in events.values())


@pytest.mark.slow
def test_what_lantern_s_block_hangs_on_is_proved_by_experiments(played):
    """Visits see resets; that the name in the ClientHello causes them only the swap of names shows."""
    found, _, data = played
    lantern = next(event for event in found["events"] if event["target"] == "lantern")

    assert lantern["tier"] == "confirmed"
    assert lantern["technique"] == "tls.reset.sni"
    assert lantern["counts"]["decisive"] >= 2
    with open_store(data, read_only=True) as store:
        proofs = [one for one in store.findings(target="lantern") if one.rule_id == "sni_swap.proven"]
        assert proofs
        assert all(one.simulated and store.measurement(one.measurement) for one in proofs)


@pytest.mark.slow
def test_the_site_that_is_down_is_called_down_and_the_broken_vantage_point_sick(played):
    """A power cut and a broken resolver are no censorship."""
    found, said, _ = played

    assert found["called"]["weather"].get("down", 0) > 0
    assert "blocked" not in found["called"]["weather"]
    assert found["sick"] == ["river-1"]
    assert "river-1 is sick" in said


@pytest.mark.slow
def test_the_events_agree_with_the_dates_that_the_demo_documents_and_the_rumour_is_contradicted(played):
    """The check is real: it supports what happened and contradicts what did not."""
    verdicts = {each["claim"]["id"]: each["verdict"] for each in played[0]["check"]["checks"]}

    assert verdicts["market-rumour"] == "contradicted"
    assert verdicts["weather-outage"] == "supported"
    assert verdicts["courier-earlier"] == "not testable"
    told = [verdicts[name] for name in verdicts if name.endswith("blocked")]
    assert len(told) == 5
    assert set(told) <= {"supported", "consistent"}
    assert told.count("supported") >= 4


@pytest.mark.slow
def test_readers_would_have_been_told_of_blocks_and_of_nothing_else(played):
    """Nobody hears of the power cut or the sick vantage point, no end comes before its start, and what the public reads
    waits for approval. (On a busy machine a vantage point may be sick for so long that a block is over before.)"""
    found, _, data = played
    with open_store(data, read_only=True) as store:
        deliveries = store.deliveries(recipient="redaktor")
    told = [(alert.target, alert.stage.value) for one in deliveries if one.fate is Fate.SENT for alert in one.alerts]
    first = dict(reversed(told))

    assert "courier" in first
    assert set(first) <= set(TRUTH)
    assert set(first.values()) <= {"suspected", "likely", "confirmed"}
    assert all(told.count(each) == 1 for each in told if each[1] == "ended")
    assert {message["fate"] for message in found["told"] if message["recipient"] == "okurman"} <= {"proposed"}


@pytest.mark.slow
def test_everything_that_the_demo_keeps_is_labelled_as_simulated(played):
    """Demo data can be told from real data wherever they turn up."""
    found, _, data = played

    assert found["simulated"] is True
    assert all(event["simulated"] for event in found["events"])
    with open_store(data, read_only=True) as store:
        assert store.simulated
        assert all(row.simulated for row in store.outcomes(limit=500))


def test_the_script_refers_to_sites_and_vantage_points_that_exist():
    """A typing mistake in the story would silently change nothing."""
    points = {point.id for point in POINTS}

    assert all(set(turn.views) <= points for turn in SCRIPT)
    assert all(INTERNET.site_named(turn.down) for turn in SCRIPT if turn.down)
    assert all(0 < moment < LENGTH for moment in turns())
    assert {target.id for target in TARGETS} >= set(TRUTH)


def test_before_the_script_begins_nobody_is_censored_and_everything_is_up():
    """The story starts with a country in which everything works."""
    assert not any(rules_at(point.id, 0.0) for point in POINTS)
    assert not down_at(0.0)


def test_controls_are_never_censored():
    """What the controls see is the truth of the story."""
    controls = [point.id for point in POINTS if point.role is Role.CONTROL]

    assert len(controls) == 3
    assert not any(rules_at(name, moment) for name in controls for moment in turns())


def test_the_configuration_is_simulated_from_end_to_end():
    """Targets, vantage points and claims cannot be mistaken for real ones."""
    configured = settings(START, 1.0)

    assert configured.simulated
    assert all(station.point.simulated for station in configured.vantage_points)
    assert all(claim.simulated for claim in claims(START, 1.0))
