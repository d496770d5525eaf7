"""A store is moved into another engine, in one go or in pieces, and both are compared."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from monitor.cli import build, main
from monitor.model import (
    Cell,
    Finding,
    Health,
    Said,
    Saying,
    State,
    VantageStatus,
)
from monitor.store import Servers, StoreError, copying, open_store
from monitor.store.addresses import address
from probes.document import measurement_id
from probes.model import Origin, Role
from tests.monitor.store.test_contract import delivery, event

AT = datetime(2024, 3, 5, 12, tzinfo=UTC)


def fill(store, made):
    """Something of everything that a store keeps."""
    lines = [b"line %d" % number for number in range(30)]
    origins = [Origin(source="ooni", uid="u", document=hashlib.sha256(line).hexdigest()) for line in lines]
    entries = [
        made.entry(number, time=AT + timedelta(minutes=17 * number), origin=origin)
        for number, origin in enumerate(origins)
    ]
    store.append_all((*entry, line) for entry, line in zip(entries, lines, strict=True))
    store.revise(made.outcome_of(entries[3][0], State.DOWN))
    experiment, _ = made.entry(99)
    store.append_experiment(
        experiment,
        Finding(
            measurement=measurement_id(experiment),
            kind="sni_swap",
            time=AT,
            target="kloop",
            url="https://kloop.example/",
            vantage="kg-1",
            country="KG",
            network="AS8449",
            role=Role.VANTAGE,
            rule_id="sni_swap.unclear",
            why="it hangs on nothing",
            simulated=True,
        ),
    )
    series = {"target": "kloop", "country": "KG", "network": "AS8449", "vantage": "pool", "simulated": True}
    store.append_cells([Cell(start=AT, end=AT, **series), Cell(start=AT - timedelta(days=900), end=AT, ok=2, **series)])
    store.save_events([event(simulated=True), event(2, simulated=True, score=9.0)])
    status = {"country": "KG", "network": "AS8449", "role": Role.VANTAGE, "health": Health.SICK, "why": "0 of 3"}
    store.save_health([VantageStatus(vantage="kg-1", simulated=True, **status)])
    store.enqueue([delivery("k1")])
    store.say(Saying(id="s1", said=Said.MUTED, subject="all", by="anna", at=AT))


def whole(store):
    """All that can be asked of a store."""
    said = (
        store.outcomes(),
        store.findings(),
        store.cells(),
        store.days(),
        store.latest(),
        store.health(),
        store.events(),
        store.deliveries(),
        store.sayings(),
    )
    revisions = tuple(store.revisions(each.id) for each in store.events())
    documents = tuple(store.document(outcome.measurement) for outcome in store.outcomes())
    return said, revisions, documents, {name: count for name, count in store.counts().items() if name != "pack_bytes"}


@pytest.fixture
def places(request, tmp_path, postgresql_18, clickhouse_18):
    """A folder, a PostgreSQL for both halves, and a ClickHouse beside a PostgreSQL."""
    both, state = address(postgresql_18.database()), address(postgresql_18.database())
    apart = Servers(folder=tmp_path, measurements=address(clickhouse_18.database()), state=state)
    return {
        "folder": tmp_path / "data",
        "both": Servers(folder=tmp_path, measurements=both, state=both),
        "apart": apart,
    }


def test_a_store_goes_round_all_engines_and_comes_back_the_same(places, made, tmp_path):
    """From the folder to PostgreSQL to ClickHouse to another folder: everything that can be asked is answered alike."""
    back = tmp_path / "back"
    with open_store(places["folder"]) as first:
        fill(first, made)
    for source, target in (("folder", "both"), ("both", "apart")):
        with open_store(places[source], read_only=True) as ours, open_store(places[target]) as theirs:
            compared = copying.copy(ours, theirs)
            assert all(kind.same for kind in compared)
            assert {kind.kind: kind.target for kind in compared} == {
                "measurements": 30, "experiments": 1, "cells": 2, "event revisions": 2, "health": 1,
                "deliveries": 1, "sayings": 1,
            }  # fmt: skip
            assert whole(theirs) == whole(ours)
    with open_store(places["apart"], read_only=True) as ours, open_store(back) as theirs:
        copying.copy(ours, theirs)
    with open_store(places["folder"]) as first, open_store(back) as last:
        assert whole(last) == whole(first)


def test_an_interrupted_copy_goes_on(folder, made, tmp_path):
    """What was written before the interruption is not written again, and verdicts that changed since are taken over."""
    with open_store(folder) as ours, open_store(tmp_path / "copy") as theirs:
        fill(ours, made)

        def pull_the_plug(_, __):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            copying.copy(ours, theirs, pull_the_plug)
        before = len(theirs.outcomes())
        assert 0 < before < 30
        again = made.outcome_of(ours.measurement(ours.outcomes()[0].measurement), State.INSUFFICIENT)
        ours.revise(again)

        compared = copying.copy(ours, theirs)

        assert all(kind.same for kind in compared)
        assert whole(theirs) == whole(ours)


def test_what_differs_is_told(folder, made, tmp_path):
    """A target that holds more in the same hours is not called the same, and nothing in it is touched."""
    with open_store(folder) as ours, open_store(tmp_path / "copy") as theirs:
        fill(ours, made)
        theirs.append(*made.entry(500, time=AT + timedelta(minutes=1)))
        measurements, *_ = copying.copy(ours, theirs)
        assert (measurements.same, measurements.source, measurements.target) == (False, 30, 31)


def test_simulated_is_not_copied_into_real(folder, made, tmp_path):
    """The two never mix, whichever way they are brought together."""
    with open_store(folder) as ours, open_store(tmp_path / "copy") as theirs:
        ours.append(*made.entry(1, simulated=True))
        theirs.append(*made.entry(1, simulated=False))
        with pytest.raises(StoreError, match="takes no simulated"):
            copying.copy(ours, theirs)


def test_the_command_copies_and_says_what(folder, made, tmp_path):
    """`store copy` prints both sides; with --json one document; a second time nothing changes."""
    with open_store(folder) as store:
        fill(store, made)
    first = CliRunner().invoke(build(), ["store", "copy", str(folder), str(tmp_path / "copy")])
    assert first.exit_code == 0
    assert "measurements" in first.output
    second = CliRunner().invoke(build(), ["store", "copy", "--json", str(folder), str(tmp_path / "copy")])
    told = json.loads(second.output)
    assert told["same"] is True
    assert [kind["target"] for kind in told["kinds"]] == [30, 1, 2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("nowhere", 1, "there is no store in"),
        ("clickhouse://ch/press", 2, "a ClickHouse keeps one half"),
        ("postgresql://canary:secret@db/press", 2, "a password does not belong here"),
        ("mysql://db/press", 2, "begins with postgresql://"),
        ("none.yaml", 2, "no such file"),
        ("copy", 2, "the same store"),
    ],
)
def test_what_is_no_store_is_one_line(source, code, message, tmp_path, capsys):
    """A bad FROM ends the command with one line, and never with a password in it."""
    with contextlib.chdir(tmp_path), pytest.raises(SystemExit) as ended:
        main(["store", "copy", source, "copy"])
    said = capsys.readouterr().err
    assert (ended.value.code, message in said, "secret" in said, said.count("\n")) == (code, True, False, 1)
