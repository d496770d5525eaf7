"""What anybody may expect of a store, whatever it is made of."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from monitor.model import (
    Alert,
    Bearing,
    BlockingEvent,
    Cell,
    Delivery,
    Evidence,
    Fate,
    Finding,
    Health,
    Layer,
    Locus,
    NetworkSpan,
    Said,
    Saying,
    Stage,
    State,
    Tier,
    VantageStatus,
)
from monitor.store import Servers, StoreError, open_store
from monitor.store.addresses import address
from probes.document import document, measurement_id
from probes.model import Origin, Role

AT = datetime(2024, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(params=["embedded", "postgresql 18", "postgresql 15", "clickhouse", "clickhouse 18.16"])
def where(request, tmp_path):
    """Where a new store may be made, for each engine; `clickhouse` is the modern dialect."""
    match request.param:
        case "embedded":
            return tmp_path / "data"
        case "postgresql 18" | "postgresql 15":
            place = address(request.getfixturevalue(request.param.replace(" ", "_")).database())
            return Servers(folder=tmp_path / "data", measurements=place, state=place)
        case "clickhouse":
            measurements = address(request.getfixturevalue("chdb").database())
        case _:
            measurements = address(request.getfixturevalue("clickhouse_18").database())
    return Servers(folder=tmp_path / "data", measurements=measurements)


@pytest.fixture
def store(where):
    """A new store, for writing."""
    with open_store(where) as opened:
        yield opened


def cell(hour=0, **changes):
    start = AT + timedelta(hours=hour)
    given = {
        "target": "kloop",
        "country": "KG",
        "network": "AS8449",
        "vantage": "pool",
        "start": start,
        "end": start + timedelta(minutes=50, microseconds=7),
        "ok": 3,
        "blocked": 2,
        "pooled": True,
        "layer": Layer.DNS,
        "technique": "dns.answer.bogon",
        "locus": Locus.NETWORK,
        "evidence": Evidence.ARTEFACT,
        "witnesses": ("20240305_a", "20240305_b"),
        "source": "ooni",
        "decisive": 3,
        "exonerating": 1,
    }
    return Cell(**(given | changes))


def event(revision=1, **changes):
    given = {
        "id": "kloop-kg-1",
        "target": "kloop",
        "country": "KG",
        "networks": ("AS8449",),
        "onset": (None, AT),
        "end": None,
        "tier": Tier.LIKELY,
        "technique": None,
        "locus": Locus.NETWORK,
        "alarm": AT,
        "score": 3.25,
        "counts": {"blocked": 4, "ok": 0},
        "witnesses": ("a" * 32,),
        "spans": (
            NetworkSpan(
                network="AS8449",
                onset=(AT, AT),
                end=(AT, AT + timedelta(days=1)),
                alarm=AT,
                technique="dns",
                vantage_points=1,
                score=3.25,
            ),
        ),
        "revision": revision,
    }
    return BlockingEvent(**(given | changes))


def test_what_went_in_comes_out(store, made):
    """An outcome and a measurement come back equal to what was appended, whole document and original included."""
    original = '{"probe_cc": "KG", "note": "нет"}'.encode()
    origin = Origin(source="ooni", uid="u1", document=hashlib.sha256(original).hexdigest())
    measurement, outcome = made.entry(5, state=State.BLOCKED, origin=origin)

    assert store.append(measurement, outcome, original=original) is True

    assert store.outcomes() == (outcome,)
    assert store.measurement(outcome.measurement) == measurement
    assert store.document(outcome.measurement) == document(measurement)
    assert store.original(origin.document) == original


def test_times_come_back_in_utc_to_the_microsecond(store, made):
    """A time given in another zone is the same moment in UTC afterwards, with its microseconds."""
    there = datetime(2024, 3, 5, 18, 0, 0, 123457, tzinfo=timezone(timedelta(hours=6)))
    measurement, outcome = made.entry(time=there)
    store.append(measurement, outcome)

    (found,) = store.outcomes()

    assert found.time == there
    assert found.time.isoformat() == "2024-03-05T12:00:00.123457+00:00"


def test_a_time_without_a_zone_is_refused(store, made):
    """A naive time is an error of the caller, and leaves nothing behind."""
    measurement, outcome = made.entry()
    with pytest.raises(ValueError, match="no time zone"):
        store.append(measurement, replace(outcome, time=datetime(2024, 3, 5)))
    assert store.counts()["measurements"] == 0
    assert store.append(measurement, outcome) is True


def test_appending_twice_is_appending_once(store, made):
    """The second append of a measurement says False and changes nothing, not even the verdict."""
    measurement, outcome = made.entry(state=State.OK)
    store.append(measurement, outcome)
    before = (store.counts(), store.days(), store.latest())

    other = made.outcome_of(measurement, State.BLOCKED)

    assert store.append(measurement, other) is False
    assert (store.counts(), store.days(), store.latest()) == before
    assert store.outcomes() == (outcome,)


def test_the_same_original_is_kept_once(store, made):
    """Two measurements from one document share its bytes."""
    for number in (1, 2):
        measurement, outcome = made.entry(number)
        store.append(measurement, outcome, original=b"one archive line")
    assert store.counts()["documents"] == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"measurement": "0" * 32}, "carries the verdict of"),
        ({"simulated": False}, "both be simulated, or both be real"),
    ],
)
def test_an_outcome_of_something_else_is_refused(store, made, change, message):
    """A measurement and an outcome that do not belong together are refused."""
    measurement, outcome = made.entry()
    with pytest.raises(StoreError, match=message):
        store.append(measurement, replace(outcome, **change))
    assert store.outcomes() == ()


def test_an_outcome_of_another_measurement_is_refused(store, made):
    """The id of an outcome must be the hash of the measurement beside it."""
    measurement, _ = made.entry(1)
    _, outcome = made.entry(2)
    with pytest.raises(StoreError, match="speaks of measurement"):
        store.append(measurement, outcome)


def test_an_original_with_another_hash_is_refused(store, made):
    """A measurement that names the hash of its original is not stored beside other bytes."""
    measurement, outcome = made.entry(origin=Origin(source="ooni", uid="u", document="ab" * 32))
    with pytest.raises(StoreError, match="the measurement names abab"):
        store.append(measurement, outcome, original=b"something else")


def test_unknown_ids_are_not_found(store):
    """An id that is not stored, or is no id at all, gives None or nothing."""
    for nonsense in ("0" * 32, "", "no hash", "'; DROP TABLE observation; --"):
        assert store.measurement(nonsense) is None
        assert store.document(nonsense) is None
        assert store.original(nonsense) is None
        assert store.revisions(nonsense) == ()


def test_outcomes_are_filtered_and_ordered(store, made):
    """Each filter narrows, `since` is included and `until` is not, and the newest can come first, so many."""
    given = [
        made.entry(0),
        made.entry(1, target="24kg", url="https://24.example/"),
        made.entry(2, url="https://ky.kloop.example/"),
        made.entry(3, vantage="de-1", role=Role.CONTROL),
        made.entry(4, innocuous=True),
    ]
    store.append_all((measurement, outcome, None) for measurement, outcome in reversed(given))
    zero, one, two, three, four = (outcome for _, outcome in given)

    assert store.outcomes() == (zero, one, two, three, four)
    assert store.outcomes(target="24kg") == (one,)
    assert store.outcomes(url="https://ky.kloop.example/") == (two,)
    assert store.outcomes(vantage="de-1") == (three,)
    assert store.outcomes(role=Role.CONTROL) == (three,)
    assert store.outcomes(innocuous=True) == (four,)
    assert store.outcomes(innocuous=False, target="kloop", role=Role.VANTAGE) == (zero, two)
    assert store.outcomes(since=one.time, until=three.time) == (one, two)
    assert store.outcomes(newest_first=True, limit=2) == (four, three)
    assert store.outcomes(limit=0) == ()
    assert store.outcomes(target="never seen") == ()


def test_latest_knows_since_when(store, made):
    """`since` is the first outcome of the unbroken run of the newest state."""
    for number, state in enumerate((State.OK, State.BLOCKED, State.BLOCKED, State.BLOCKED)):
        store.append(*made.entry(number, state=state))
    (found,) = store.latest()
    assert found.outcome.verdict.state is State.BLOCKED
    assert found.since == made.entry(1)[1].time


def test_a_late_outcome_breaks_a_run(store, made):
    """An outcome that arrives late moves `since`, never the newest."""
    for number, state in ((0, State.OK), (1, State.OK), (4, State.OK), (2, State.DOWN)):
        store.append(*made.entry(number, state=state))
    (found,) = store.latest()
    assert found.outcome.time == made.entry(4)[1].time
    assert found.since == made.entry(4)[1].time


def test_latest_keeps_pages_and_vantage_points_apart(store, made):
    """Each URL of a target at each vantage point has its own newest outcome; the newest of all comes last."""
    given = [made.entry(3), made.entry(2, url="https://ky.kloop.example/"), made.entry(1, vantage="kg-2")]
    for measurement, outcome in given:
        store.append(measurement, outcome)
    assert [found.outcome for found in store.latest()] == [outcome for _, outcome in reversed(given)]


def test_judging_again_moves_the_counts(store, made):
    """After `revise`, the row, the day's counts and the latest are those of the new verdict."""
    given = [made.entry(number, state=State.OK) for number in range(3)]
    for measurement, outcome in given:
        store.append(measurement, outcome)

    again = made.outcome_of(given[1][0], State.BLOCKED)
    store.revise(again)

    assert store.outcomes()[1] == again
    assert sum(day.ok for day in store.days()) == 2
    assert sum(day.blocked for day in store.days()) == 1
    assert store.latest()[0].since == given[2][1].time


def test_what_is_not_stored_cannot_be_judged_again(store, made):
    """`revise` refuses an unknown measurement, other facts, and another measurement's verdict."""
    measurement, outcome = made.entry()
    with pytest.raises(StoreError, match="is not stored"):
        store.revise(outcome)
    store.append(measurement, outcome)
    with pytest.raises(StoreError, match="another network"):
        store.revise(replace(outcome, network="AS1"))
    with pytest.raises(StoreError, match="carries the verdict of"):
        store.revise(replace(outcome, measurement="1" * 32))
    assert store.outcomes() == (outcome,)


def test_days_leave_controls_and_innocuous_targets_out(store, made):
    """Days count what is watched where it is watched, per UTC day and network, within the days asked for."""
    for measurement, outcome in (
        made.entry(0, state=State.OK),
        made.entry(1, state=State.BLOCKED),
        made.entry(20, state=State.DOWN),
        made.entry(2, vantage="de-1", role=Role.CONTROL),
        made.entry(3, innocuous=True),
        made.entry(4, target="24kg", state=State.INSUFFICIENT),
    ):
        store.append(measurement, outcome)

    days = store.days(target="kloop")

    assert [(day.day, day.ok, day.down, day.blocked) for day in days] == [
        (date(2024, 3, 1), 1, 0, 1),
        (date(2024, 3, 2), 0, 1, 0),
    ]
    assert [day.target for day in store.days(until=date(2024, 3, 2))] == ["24kg", "kloop"]
    assert store.days(since=date(2024, 3, 2)) == days[1:]


def test_cells_are_kept_once(store):
    """Imported cells come back equal and in order; importing them again adds none."""
    cells = (cell(0), cell(1), cell(2, target="24kg", layer=None, technique=None, witnesses=()))
    assert store.append_cells(cells[:2]) == 2
    assert store.append_cells((*reversed(cells), cells[2])) == 1
    assert store.cells() == cells
    assert store.cells(target="kloop", since=cells[1].start) == cells[1:2]
    assert store.cells(until=cells[1].start) == cells[:1]


def test_events_keep_every_revision(store):
    """The newest revision of an event is shown, the older ones stay as they were."""
    first, second = event(1), event(2, end=(AT, AT + timedelta(hours=2)), tier=Tier.CONFIRMED)
    store.save_events([first])
    store.save_events([second, second])
    assert store.events() == (second,)
    assert store.revisions(first.id) == (first, second)
    assert store.counts()["event_revisions"] == 2


def test_a_revision_is_never_changed(store):
    """Saying something else under a number that was used is refused, and the older saying stays."""
    store.save_events([event(1)])
    with pytest.raises(StoreError, match="revisions are never changed"):
        store.save_events([event(2), event(1, score=99.0)])
    assert store.revisions("kloop-kg-1") == (event(1),)


def test_events_are_ordered_by_onset_and_filtered(store):
    """The latest onset comes first; target and country narrow."""
    early, late = event(id="a", country="UG"), event(id="b", onset=(AT, AT + timedelta(days=9)), target="24kg")
    store.save_events([early, late])
    assert store.events() == (late, early)
    assert store.events(target="24kg") == (late,)
    assert store.events(country="UG", target="kloop") == (early,)
    assert store.events(country="KZ") == ()


def test_health_is_the_newest_word(store):
    """A vantage point has one status: the one that was saved last."""
    status = VantageStatus(
        vantage="kg-1", country="KG", network="AS8449", role=Role.VANTAGE, health=Health.HEALTHY, why="3 of 3 innocuous"
    )
    other = replace(status, vantage="de-1", last_seen=AT)
    store.save_health([status, other])
    store.save_health([replace(status, health=Health.SICK, why="0 of 3 innocuous")])
    assert [found.health for found in store.health()] == [Health.HEALTHY, Health.SICK]
    assert store.health()[0] == other


@pytest.mark.parametrize("first", [True, False])
def test_simulated_and_real_never_mix(store, made, first):
    """What came first decides; everything of the other kind is refused, whatever it is."""
    store.append(*made.entry(1, simulated=first))
    other = not first
    status = VantageStatus(
        vantage="v", country="KG", network="AS1", role=Role.VANTAGE, health=Health.SICK, why="", simulated=other
    )
    for write in (
        lambda: store.append(*made.entry(2, simulated=other)),
        lambda: store.append_cells([cell(simulated=other)]),
        lambda: store.save_events([event(simulated=other)]),
        lambda: store.save_health([status]),
    ):
        with pytest.raises(StoreError, match="name another folder"):
            write()
    assert store.simulated is first
    assert store.counts() | {"pack_bytes": 0} == {
        "measurements": 1,
        "experiments": 0,
        "cells": 0,
        "events": 0,
        "event_revisions": 0,
        "documents": 1,
        "pack_bytes": 0,
    }


def test_an_empty_store_is_empty(store):
    """A new store answers every question with nothing, and holds nothing simulated."""
    assert store.simulated is False
    assert (store.outcomes(), store.cells(), store.days(), store.latest()) == ((), (), (), ())
    assert (store.events(), store.health()) == ((), ())
    assert set(store.counts().values()) == {0}


def test_a_reader_sees_what_the_writer_wrote(store, where, made):
    """A store opened for reading beside the writer sees each append as soon as it returned, and cannot write."""
    with open_store(where, read_only=True) as reader:
        store.append(*made.entry(1))
        assert reader.outcomes() == store.outcomes()
        assert reader.latest() == store.latest()
        with pytest.raises(StoreError, match="opened for reading only"):
            reader.append(*made.entry(2))


def test_everything_is_there_after_opening_again(where, made):
    """A store that was closed and opened is the same store, and goes on."""
    with open_store(where) as store:
        store.append(*made.entry(1))
        before = (store.outcomes(), store.latest(), store.days())
    with open_store(where) as store:
        assert (store.outcomes(), store.latest(), store.days()) == before
        assert store.append(*made.entry(1)) is False
        assert store.append(*made.entry(2)) is True
        assert len(store.outcomes()) == 2


def test_a_closed_store_says_so(where, made):
    """After `close`, reading and writing are a StoreError; closing again is nothing."""
    store = open_store(where)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.append(*made.entry(1))
    with pytest.raises(StoreError, match="closed"):
        store.outcomes()


def experiment(made, number=0, **changes):
    measurement = replace(made.entry(number)[0], kind="sni_swap")
    given = {
        "measurement": measurement_id(measurement),
        "kind": measurement.kind,
        "time": measurement.started,
        "target": measurement.target,
        "url": measurement.url,
        "vantage": measurement.vantage.id,
        "country": "KG",
        "network": "AS8449",
        "role": Role.VANTAGE,
        "rule_id": "sni_swap.proven",
        "why": "The target's server name fails at both, another works at both.",
        "bearing": Bearing.DECISIVE,
        "technique": "tls.reset.sni",
        "layer": Layer.TLS,
        "locus": Locus.NETWORK,
        "simulated": True,
    }
    return measurement, Finding(**(given | changes))


def test_an_experiment_is_kept_once_with_its_facts_and_is_no_outcome(store, made):
    """Facts and what they show read back the same; nothing counts an experiment as a visit."""
    measurement, finding = experiment(made)

    assert store.append_experiment(measurement, finding) is True
    assert store.append_experiment(measurement, finding) is False

    assert store.measurement(finding.measurement) == measurement
    assert store.findings() == (finding,)
    assert store.outcomes() == ()
    assert store.latest() == ()
    assert store.days() == ()
    assert store.counts() | {"pack_bytes": 0, "documents": 0} == {
        "measurements": 0,
        "experiments": 1,
        "cells": 0,
        "events": 0,
        "event_revisions": 0,
        "documents": 0,
        "pack_bytes": 0,
    }


def test_findings_are_found_by_time_target_place_and_kind(store, made):
    """`since` is in, `until` is out."""
    known = [experiment(made, number) for number in range(4)]
    for each in known:
        store.append_experiment(*each)
    first, second, third, _ = (finding for _, finding in known)

    assert store.findings(since=second.time, until=third.time) == (second,)
    assert store.findings(until=second.time, target="kloop", vantage="kg-1", kind="sni_swap") == (first,)
    assert store.findings(kind="hop") == store.findings(target="other") == store.findings(vantage="other") == ()


def test_an_experiment_is_read_again_by_newer_rules(store, made):
    """What it shows can be recomputed; one that was never stored cannot."""
    measurement, finding = experiment(made)
    store.append_experiment(measurement, finding)
    newer = replace(finding, rule_id="sni_swap.unclear", bearing=Bearing.NONE, technique=None, layer=None)

    store.revise_finding(newer)

    assert store.findings() == (newer,)
    with pytest.raises(StoreError, match="not stored"):
        store.revise_finding(experiment(made, 9)[1])


def test_a_finding_about_other_facts_is_refused(store, made):
    """A finding and its measurement belong together, or an alert could not be walked back."""
    measurement, _ = experiment(made, 1)
    with pytest.raises(StoreError, match="speaks of measurement"):
        store.append_experiment(measurement, experiment(made, 2)[1])


def test_deliveries_keep_their_order_and_are_appended_once(store):
    """A key that is known changes nothing; what became of a delivery is written in its place."""
    first, second = delivery("k1"), delivery("k2", recipient="editor")
    assert store.enqueue([first, second]) == 2
    sent = replace(first, fate=Fate.SENT, attempts=1, receipt="m1", changed=AT)
    assert store.enqueue([first, delivery("k3")], [sent]) == 1

    assert [each.key for each in store.deliveries()] == ["k1", "k2", "k3"]
    assert store.deliveries(fate=Fate.SENT) == (sent,)
    assert store.deliveries(recipient="editor") == (second,)


def test_what_people_said_is_kept_in_its_order(store):
    """Said twice under one id it is once."""
    mute = Saying(id="s1", said=Said.MUTED, subject="all", by="anna", at=AT, until=AT + timedelta(hours=1))
    word = replace(mute, id="s2", said=Said.UNMUTED, until=None)
    for saying in (mute, word, mute):
        store.say(saying)

    assert store.sayings() == (mute, word)


def delivery(key, **changes):
    """A message that waits."""
    alert = Alert(story="ev-1", revision=1, stage=Stage.LIKELY, since=AT, onset=(None, AT))
    given = {"recipient": "desk", "address": "file", "alerts": (alert,), "created": AT, "due": AT}
    return Delivery(key=key, **given | changes)
