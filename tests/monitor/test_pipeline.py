"""The walk: facts become verdicts, verdicts are judged again when neighbours speak, and a review finds events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.model import Bearing, BlockingEvent, EventKind, Health, State, Tier
from monitor.pipeline import PipelineSettings, experiments_of, known_in, note, record, review
from monitor.store import Store, open_store
from probes.model import Measurement, Purpose, Step, VantagePoint
from tests.scenes import HTTP, NOON, connected, control, fetched, looked, measured, plain_visit, shook, three, visit

SETTINGS = PipelineSettings(lookback=None)
RESET: tuple[Step, ...] = (
    looked(["93.184.216.34"]),
    looked(["93.184.216.34"], engine="doh"),
    connected(),
    shook(failure="connection_reset"),
)
NOTHING: tuple[Step, ...] = (looked("generic_timeout_error"), looked("generic_timeout_error", engine="doh"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        yield opened


def at(minutes: float, measurement: Measurement) -> Measurement:
    return replace(measurement, started=NOON + timedelta(minutes=minutes))


def innocuous(*steps: Step, name: str = "library") -> Measurement:
    return measured(*steps, url=f"https://{name}.kg/", target=name, innocuous=True)


def state(store: Store, measurement: str) -> State:
    return next(row.verdict.state for row in store.outcomes() if row.measurement == measurement)


def test_a_recorded_measurement_is_stored_with_its_verdict_and_the_facts_read_back_the_same(store):
    """Facts first, meaning later: both are kept, and the facts are what was measured."""
    seen = measured(*visit())

    outcome = record(seen, store, settings=SETTINGS)

    assert outcome.verdict.state is State.OK
    assert store.measurement(outcome.measurement) == seen


def test_the_same_measurement_recorded_twice_counts_once(store):
    """Importing a file again changes nothing."""
    record(measured(*RESET), store, settings=SETTINGS)
    record(measured(*RESET), store, settings=SETTINGS)

    assert store.counts()["measurements"] == 1


def test_an_experiment_is_never_judged_as_a_visit(store):
    """What our own echo host answers is not the site's page."""
    with pytest.raises(ValueError, match="experiment"):
        record(measured(*visit(), kind="sni_swap"), store, settings=SETTINGS)

    assert store.counts()["measurements"] == 0


def test_a_failure_without_a_control_is_insufficient_until_the_controls_speak(store):
    """A control that is measured later changes what the failure means."""
    failed = record(measured(*RESET), store, settings=SETTINGS)
    assert failed.verdict.state is State.INSUFFICIENT

    for each in three(*visit()):
        record(at(1, each), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.BLOCKED


def test_a_failure_that_the_controls_share_is_down(store):
    """The site is down for everybody: nobody is accused."""
    failed = record(measured(*RESET), store, settings=SETTINGS)
    for each in three(*RESET):
        record(at(1, each), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.DOWN


def test_in_the_minute_in_which_a_site_goes_down_nobody_is_accused(store):
    """Controls that worked just before and fail just after the measurement do not speak against the network."""
    for each in three(*visit()):
        record(at(-1, each), store, settings=SETTINGS)
    failed = record(measured(*RESET), store, settings=SETTINGS)
    assert state(store, failed.measurement) is State.BLOCKED

    for each in three(*RESET):
        record(at(9, each), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.DOWN


def test_a_site_that_goes_down_in_the_middle_of_a_long_measurement_is_down(store):
    """A control that began after it and was through before the site went down is not the last word of that control."""
    failed = record(measured(*RESET, duration=40.0), store, settings=SETTINGS)
    for minutes, steps in ((0.1, visit()), (0.5, visit()), (3, RESET)):
        for each in three(*steps):
            record(at(minutes, each), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.DOWN


def test_a_control_that_is_far_away_in_time_says_nothing(store):
    """Controls stand beside a measurement for two rounds of the schedule, not for ever."""
    failed = record(measured(*RESET), store, settings=SETTINGS)
    for each in three(*visit()):
        record(at(21, each), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.INSUFFICIENT


def test_a_place_that_turns_out_to_be_offline_takes_its_accusations_back(store):
    """What failed just before the innocuous targets failed too was the place, not the target."""
    for each in three(*visit()):
        record(each, store, settings=SETTINGS)
    failed = record(at(1, measured(*RESET)), store, settings=SETTINGS)
    assert state(store, failed.measurement) is State.BLOCKED

    for name in ("library", "museum"):
        record(at(2, innocuous(*NOTHING, name=name)), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.INSUFFICIENT


def test_in_the_minute_in_which_a_place_breaks_it_accuses_nobody(store):
    """Innocuous targets that worked just before and fail a little later tell that the place broke in between."""
    for each in three(*visit()):
        record(each, store, settings=SETTINGS)
    record(measured(*visit(), target="library", innocuous=True), store, settings=SETTINGS)
    failed = record(at(1, measured(*RESET)), store, settings=SETTINGS)
    assert state(store, failed.measurement) is State.BLOCKED

    record(at(9, measured(*RESET, target="library", innocuous=True)), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.INSUFFICIENT


def test_a_place_that_recovers_is_not_believed_about_what_it_saw_while_it_was_broken(store):
    """Its resolver failed for every name, though pages came by another resolver; then all is well again."""
    ill: tuple[Step, ...] = (looked("dns_servfail_error"), *visit()[1:])
    for each in three(*visit()):
        record(each, store, settings=SETTINGS)
    record(at(-5, measured(*ill, target="library", innocuous=True)), store, settings=SETTINGS)
    failed = record(measured(*ill), store, settings=SETTINGS)

    record(at(1, measured(*visit(), target="library", innocuous=True)), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.INSUFFICIENT


def test_a_control_that_was_itself_offline_is_no_control(store):
    """A control without an uplink sees every site down; that must not excuse a block."""
    failed = record(measured(*RESET), store, settings=SETTINGS)
    for number in (1, 2, 3):
        record(at(1, control(number, *NOTHING)), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.INSUFFICIENT


def test_the_health_of_the_places_is_saved_by_a_review(store):
    """Every page and command shows the same health, with a reason."""
    for name in ("library", "museum"):
        record(innocuous(*NOTHING, name=name), store, settings=SETTINGS)

    review(store, now=NOON + timedelta(minutes=1), settings=SETTINGS, points=[VantagePoint(id="kg-1", country="KG")])

    (status,) = store.health()
    assert status.health is Health.OFFLINE
    assert status.why
    assert status.last_seen == NOON


def block(store: Store, *, rounds: range, steps: tuple[Step, ...]) -> None:
    for number in rounds:
        for each in three(*visit()):
            record(at(10 * number, each), store, settings=SETTINGS)
        for place in ("kg-1", "kg-2"):
            record(at(10 * number + 1, measured(*steps, vantage=place)), store, settings=SETTINGS)


def reviewed(store: Store, minutes: float, settings: PipelineSettings = SETTINGS) -> tuple[BlockingEvent, ...]:
    return review(store, now=NOON + timedelta(minutes=minutes), settings=settings)


def test_a_block_becomes_one_event_whose_edges_are_intervals_and_whose_id_stays(store):
    """[last seen ok, first seen blocked], then [last seen blocked, first seen ok], under one id."""
    block(store, rounds=range(3), steps=visit())
    block(store, rounds=range(3, 9), steps=RESET)
    (began,) = reviewed(store, 90)
    block(store, rounds=range(9, 20), steps=visit())
    (ended,) = reviewed(store, 200)

    assert began.onset == (NOON + timedelta(minutes=21), NOON + timedelta(minutes=31))
    assert began.end is None
    assert ended.end == (NOON + timedelta(minutes=81), NOON + timedelta(minutes=91))
    assert ended.id == began.id
    assert ended.revision == began.revision + 1
    assert began.tier in (Tier.LIKELY, Tier.CONFIRMED)
    assert began.technique == "tls.reset"
    assert began.ruleset
    assert all(store.measurement(witness) is not None for witness in began.witnesses)
    assert [event.id for event in store.events()] == [began.id]


def test_a_review_that_finds_nothing_new_says_nothing(store):
    """Detection is recomputed from scratch each time; only what changed comes back."""
    block(store, rounds=range(3), steps=visit())
    block(store, rounds=range(3, 9), steps=RESET)
    reviewed(store, 90)

    assert reviewed(store, 91) == ()
    assert len(store.events()) == 1


def test_an_event_that_outlasts_the_window_keeps_its_onset_and_can_still_end(store):
    """A block older than what a review reads is neither forgotten nor dated anew."""
    short = replace(SETTINGS, lookback=timedelta(minutes=45))
    block(store, rounds=range(3), steps=visit())
    block(store, rounds=range(3, 9), steps=RESET)
    (began,) = reviewed(store, 90)
    block(store, rounds=range(9, 20), steps=visit())

    (ended,) = reviewed(store, 200, short)

    assert ended.id == began.id
    assert ended.onset == began.onset
    assert ended.end is not None


def test_nothing_is_accused_while_there_are_no_controls(store):
    """A lone vantage point without controls raises no event, however long a site fails."""
    for number in range(30):
        record(at(10 * number, measured(*RESET)), store, settings=SETTINGS)

    assert reviewed(store, 300) == ()


def swapped(minutes: float, place: str = "kg-1") -> Measurement:
    """A swap of server names: the target's is reset at its address and at ours, another one works at both."""
    steps = [
        replace(step, purpose=purpose)
        for purpose, failure in (
            (Purpose.TRIGGER_AT_TARGET, "connection_reset"),
            (Purpose.INNOCUOUS_AT_TARGET, None),
            (Purpose.TRIGGER_AT_ECHO, "connection_reset"),
            (Purpose.INNOCUOUS_AT_ECHO, None),
        )
        for step in (connected(), shook(failure=failure))
    ]
    return at(minutes, measured(*steps, vantage=place, kind="sni_swap"))


def test_an_experiment_is_kept_with_what_it_shows_and_counts_as_no_visit(store):
    """It says what a failure hangs on; nobody takes it for a result of the site."""
    finding = note(swapped(1), store)

    assert (finding.rule_id, finding.bearing) == ("sni_swap.proven", Bearing.DECISIVE)
    assert store.measurement(finding.measurement) == swapped(1)
    assert store.outcomes() == ()
    with pytest.raises(ValueError, match="no experiment"):
        note(measured(*visit()), store)


def test_decisive_experiments_beside_the_failures_confirm_the_event_and_name_its_technique(store):
    """A reset alone is likely a block; the swap of names proves what it hangs on."""
    block(store, rounds=range(3), steps=visit())
    block(store, rounds=range(3, 9), steps=RESET)
    (before,) = reviewed(store, 90)
    for place in ("kg-1", "kg-2"):
        for minute in (33, 35):
            note(swapped(minute, place), store)

    (after,) = reviewed(store, 91)

    assert (before.tier, before.technique) == (Tier.LIKELY, "tls.reset")
    assert (after.tier, after.technique, after.id) == (Tier.CONFIRMED, "tls.reset.sni", before.id)
    assert [one.rule_id for one in experiments_of(after, store)] == ["sni_swap.proven"] * 4


def shared(minutes: float, name: str = "connection_reset", other: str | None = "connection_reset") -> Measurement:
    """A swap of server names at one address and at our own server: `name` befalls the target's, `other` another's."""
    steps = [
        replace(step, purpose=purpose)
        for purpose, failure in (
            (Purpose.TRIGGER_AT_TARGET, name),
            (Purpose.INNOCUOUS_AT_TARGET, other),
            (Purpose.TRIGGER_AT_ECHO, None),
            (Purpose.INNOCUOUS_AT_ECHO, None),
        )
        for step in (connected(), shook(failure=failure))
    ]
    return at(minutes, measured(*steps, kind="sni_swap"))


def test_an_excused_failure_is_nowhere_called_blocked_until_proof_outweighs_the_excuse(store):
    """What nobody blocks fails in the same way: the stored verdict says so, whichever came first; as many proofs as
    excuses bring the accusation back."""
    for each in three(*visit()):
        record(each, store, settings=SETTINGS)
    first = record(at(1, measured(*RESET)), store, settings=SETTINGS).measurement
    note(shared(2), store, settings=SETTINGS)
    assert state(store, first) is State.BLOCKED

    finding = note(shared(3), store, settings=SETTINGS)
    second = record(at(4, measured(*RESET)), store, settings=SETTINGS)

    assert (finding.rule_id, finding.bearing) == ("sni_swap.address", Bearing.EXONERATING)
    assert (second.verdict.state, second.verdict.rule_id) == (State.INSUFFICIENT, "path.others_fail")
    assert second.verdict.failure == "connection_reset"
    assert {each.outcome.verdict.state for each in store.latest() if each.outcome.vantage == "kg-1"} == {
        State.INSUFFICIENT
    }

    for minute in (5, 6):
        note(swapped(minute), store, settings=SETTINGS)

    assert (state(store, first), state(store, second.measurement)) == (State.BLOCKED, State.BLOCKED)


def test_a_network_whose_vantage_points_stop_reporting_is_an_event_of_its_own(store):
    """The schedule says what is due; nobody's silence is a block, and nobody is missed without a schedule."""
    here = ("here-1", "here-2")
    for round_ in range(40):
        for number, name in enumerate(here) if round_ < 12 else ():
            record(at(10 * round_ + number, measured(*visit(), vantage=name)), store, settings=SETTINGS)
        for each in three(*visit()):
            record(at(10 * round_ + 5, each), store, settings=SETTINGS)
    now = NOON + timedelta(minutes=400)
    names = {row.vantage for row in store.outcomes()}
    owing = replace(SETTINGS, due=dict.fromkeys(names, 1 / 600))

    assert review(store, now=now, settings=SETTINGS) == ()
    (event,) = review(store, now=now, settings=owing)

    assert (event.kind, event.target, event.end) == (EventKind.OFFLINE, "AS64500", None)
    assert store.events() == (event,)
    assert review(store, now=now, settings=owing) == ()


def looked_around(minutes: float, rule: str, *, kind: str = "vantage_health") -> Measurement:
    """A look at the place itself that shows what its name says."""
    shown = {
        "healthy": (),
        "captive": (replace(fetched("http://library.kg/", status=511), purpose=Purpose.CANARY),),
        "clock": (),
        "dead": (replace(looked("generic_timeout_error", name="library.kg"), purpose=Purpose.SITE),),
    }[rule]
    date = format_datetime(NOON + timedelta(minutes=minutes + 60 * (rule == "clock")), usegmt=True)
    site: tuple[Step, ...] = (
        replace(looked(["93.184.216.34"], name="library.kg"), purpose=Purpose.SITE),
        replace(fetched("https://library.kg/", headers=(("Date", date),)), purpose=Purpose.SITE),
    )
    steps = shown if kind == "resolver_health" else (*site, *shown)
    return at(minutes, measured(*steps, url="https://library.kg/", target="library", innocuous=True, kind=kind))


def test_a_portal_that_is_seen_a_little_later_takes_accusations_back(store):
    """In the minute in which a portal comes up nobody is accused, though every innocuous site still answered before."""
    for each in three(*visit()):
        record(each, store, settings=SETTINGS)
    assert note(looked_around(-5, "healthy"), store, settings=SETTINGS).rule_id == "vantage_health.healthy"
    failed = record(at(1, measured(*RESET)), store, settings=SETTINGS)
    assert state(store, failed.measurement) is State.BLOCKED

    assert note(looked_around(9, "captive"), store, settings=SETTINGS).rule_id == "vantage_health.captive"

    (row,) = store.outcomes(vantage="kg-1")
    assert (row.verdict.state, row.verdict.rule_id) == (State.INSUFFICIENT, "vantage.sick")


def test_a_portal_holds_until_the_next_look_says_that_it_is_gone(store):
    """What the last look found is believed; one that finds the place healthy again gives it its voice back."""
    for minutes in (0, 10):
        for each in three(*visit()):
            record(at(minutes, each), store, settings=SETTINGS)
    note(looked_around(-5, "captive"), store, settings=SETTINGS)
    before = record(at(1, measured(*RESET)), store, settings=SETTINGS)

    note(looked_around(5, "healthy"), store, settings=SETTINGS)
    after = record(at(6, measured(*RESET)), store, settings=SETTINGS)

    assert state(store, before.measurement) is State.INSUFFICIENT
    assert state(store, after.measurement) is State.BLOCKED


@pytest.mark.parametrize(("kind", "rule", "words"), [
    ("vantage_health", "clock", "The clock is 36"),
    ("resolver_health", "dead", "It answers for no innocuous name"),
])  # fmt: skip
def test_a_wrong_clock_and_a_dead_resolver_are_told_and_silence_nobody(store, kind, rule, words):
    """Pages still come: the place stays healthy, with a sentence that says what is wrong with it."""
    for each in three(*visit()):
        record(each, store, settings=SETTINGS)
    for name in ("library", "museum"):
        record(measured(*visit(), target=name, innocuous=True), store, settings=SETTINGS)
    failed = record(at(1, measured(*RESET)), store, settings=SETTINGS)

    assert note(looked_around(2, rule, kind=kind), store, settings=SETTINGS).rule_id == f"{kind}.{rule}"
    review(store, now=NOON + timedelta(minutes=3), settings=SETTINGS, points=[VantagePoint(id="kg-1", country="KG")])

    (status,) = store.health()
    assert (status.health, words in status.why) == (Health.HEALTHY, True)
    assert state(store, failed.measurement) is State.BLOCKED


def test_a_control_behind_a_portal_is_no_control(store):
    """What it says is taken back where others were judged by it."""
    failed = record(measured(*RESET), store, settings=SETTINGS)
    for each in three(*RESET):
        record(at(1, each), store, settings=SETTINGS)
    assert state(store, failed.measurement) is State.DOWN

    for number in (1, 2, 3):
        point = control(number).vantage
        note(replace(looked_around(2, "captive"), vantage=point), store, settings=SETTINGS)

    assert state(store, failed.measurement) is State.INSUFFICIENT


def test_a_list_that_was_read_in_makes_a_notice_known(tmp_path):
    """From `fingerprints import` to a verdict: what was another page becomes proof."""
    notice = fetched(HTTP, status=200, kept=b"<p>closed by order no. 77 of the ministry</p>", title="Closed")
    shown = measured(*plain_visit()[:-1], notice, url=HTTP)
    listed = tmp_path / "list.jsonl"
    listed.write_text('{"fingerprint": "b_nat_kg_order", "pattern": "closed by order no.{1,9}of the ministry"}\n')
    folder = tmp_path / "data"

    def judged() -> str:
        with open_store(folder) as store:
            settings = replace(SETTINGS, fingerprints=known_in(folder))
            for each in three(*plain_visit(), url=HTTP):
                record(each, store, settings=settings)
            return record(shown, store, settings=settings).verdict.rule_id

    before = judged()
    with pytest.raises(SystemExit) as left:
        main(["--data-dir", str(folder), "fingerprints", "import", str(listed)])

    assert not left.value.code
    assert before != "http.blockpage.known"
    assert judged() == "http.blockpage.known"
