"""From a token to a stored measurement: what honest agents and a collector do, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.fleet import FleetError, Status, audit, flags, members, trust
from monitor.log import open_reading
from monitor.model import State
from monitor.pipeline.logged import folder_of
from monitor.store import StoreFull, open_store
from monitor.store.backup import backup, restore
from monitor.wire import ClockReading, Dropped
from probes.document import canonical, document, measurement_id, moment
from tests.monitor.collector.house import ADDRESS, house


@pytest.fixture
def home(tmp_path):
    """A collector that watches four targets."""
    with house(tmp_path) as made:
        yield made


def three_controls(home):
    return [home.agent(f"de-{number}", network=f"AS90{number}", country="DE", role="control") for number in range(3)]


def stored(home):
    with open_store(home.folder / "data", read_only=True) as store:
        return store.outcomes()


def test_a_measurement_of_an_agent_is_stored_like_our_own(home):
    """It is judged by the same walk, under the id of the document that the agent signed."""
    agent = home.agent()
    sent = agent.measured()
    receipt = agent.receipt(agent.send([sent]))

    (outcome,) = stored(home)
    assert (receipt.accepted, receipt.refused, receipt.sequence) == (1, (), 1)
    assert (outcome.measurement, outcome.vantage, outcome.network) == (measurement_id(sent), "kg-1", "AS12997")
    assert (outcome.vantage_kind, outcome.verdict.state) == ("agent", State.OK)


def test_the_place_is_what_the_collector_sees_and_the_signed_document_is_kept(tmp_path):
    """A made-up country and network go; the document that was signed can still be had by its hash."""
    with house(tmp_path, network_of=lambda _: "AS50223") as home:
        agent = home.agent()
        liar = agent.measured()
        liar = replace(liar, vantage=replace(liar.vantage, country="DE", network="AS3320", simulated=True))
        assert agent.receipt(agent.send([liar])).accepted == 1
        (outcome,) = stored(home)
        with open_store(home.folder / "data", read_only=True) as store:
            kept = store.measurement(outcome.measurement)
            assert store.original(kept.origin.document) == canonical(document(liar))
    assert (outcome.country, outcome.network, outcome.simulated) == ("KG", "AS50223", False)


def test_late_measurements_keep_the_network_of_their_plan(tmp_path):
    """What was made a week ago was made where the plan of that time says, not where it is delivered from today."""
    networks = ["AS12997"]
    with house(tmp_path, network_of=lambda _: networks[0]) as home:
        agent = home.agent()
        old, new = agent.measured(7 * 86400), agent.measured(60)
        networks[0] = "AS50223"
        assert agent.receipt(agent.send([old, new])).accepted == 2
        assert {outcome.network for outcome in stored(home)} == {"AS12997", "AS50223"}
        assert agent.fetch().status_code == 200
        assert (agent.plan.vantage.network, agent.plan.serial) == ("AS50223", 2)


def test_a_batch_that_is_sent_again_has_the_same_receipt(home):
    """A receipt that was lost costs one round trip, and nothing is stored or counted twice."""
    agent = home.agent()
    _, content = agent.sealed([agent.measured(), agent.measured(5)])
    first, nonce = agent.post(content, nonce="n" * 22), "n" * 22
    assert agent.post(content, nonce=nonce).content == first.content
    assert agent.post(content).content == first.content
    assert len(stored(home)) == 2
    assert members.read(home.made.desk.fleet, agent.key.public.fingerprint).accepted == 2


def test_an_interrupted_batch_is_done_again_with_the_same_ids(tmp_path):
    """Where storing stopped in the middle there is no receipt; coming from another network changes no id."""
    networks = ["AS12997"]
    with house(tmp_path, network_of=lambda _: networks[0]) as home:
        agent, desk = home.agent(), home.made.desk
        batch = [replace(agent.measured(number), software="forged") for number in range(4)]
        batch = [replace(each, vantage=replace(each.vantage, network="AS1")) for each in batch]
        _, content = agent.sealed(batch)
        whole = desk._store

        def half(taken, **told):
            whole(taken[:2], **told)
            raise StoreFull("the disk is full")

        desk._store = half
        refused = agent.post(content)
        assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "busy", "60")
        assert len(stored(home)) == 2
        assert home.ask("GET", "/healthz").status_code == 503
        desk._store = whole
        networks[0] = "AS50223"
        assert agent.receipt(agent.post(content)).accepted == 4
        assert len(stored(home)) == 4
        assert home.ask("GET", "/healthz").json() == {"status": "ok", "waiting": 0}


def test_a_plan_is_signed_and_asked_for_again_costs_nothing(home):
    """The plan names the place and every target; its hash is a tag, and a changed file makes the next number."""
    agent = home.agent()
    assert agent.plan.vantage.kind == "agent"
    assert [target.id for target in agent.plan.targets] == ["kloop", "azattyk", "islam", "example"]
    assert (agent.plan.interval, agent.plan.serial) == (300.0, 1)
    again = agent.fetch(headers={"If-None-Match": f'"{agent.plan_hash}"'})
    assert (again.status_code, again.content, again.headers["Your-Address"]) == (304, b"", ADDRESS)

    home.made.settings = replace(home.made.settings, targets=home.made.settings.targets[:1])
    assert agent.fetch().status_code == 200
    assert (len(agent.plan.targets), agent.plan.serial) == (1, 2)


def test_rows_that_nobody_asked_for_are_refused_one_by_one(home):
    """Each refused row is named with its reason, and the rest is taken."""
    agent = home.agent(vetoed=["azattyk"])
    good = agent.measured()
    rows = [
        (agent.measured(target="azattyk"), "did not agree"),
        (agent.measured(target="islam"), "did not agree"),
        (replace(good, url="https://elsewhere.example/"), "does not ask for this address"),
        (replace(good, target="invented"), "does not ask for this address"),
        (replace(good, kind="shell"), "does not ask for this"),
        (replace(good, innocuous=True), "does not ask for this"),
        (replace(good, vantage=replace(good.vantage, id="kg-2")), "not made by this vantage point"),
        (agent.measured(31 * 86400), "too long ago"),
        (agent.measured(-600), "not made yet"),
        (replace(good, duration=1e9), "takes so long"),
        (replace(good, steps=good.steps * 1000), "so many steps"),
        (b'{"kind": "website"}', "the key"),
        (b"not json", "no JSON"),
        (b'{"a": ' * 2000, "no JSON"),
        (canonical(document(good)).replace(b'"duration":1.5', b'"duration":NaN'), "no measurement"),
        (canonical(document(good)).replace(b'"duration":1.5', b'"duration":1.50'), "canonical"),
        (canonical(document(good)).replace(b'"kloop"', b'"kl\\u006fop"'), "canonical"),
    ]
    receipt = agent.receipt(agent.send([*(row for row, _ in rows), good]))
    assert receipt.accepted == 1
    for index, (refused, (_, why)) in enumerate(zip(receipt.refused, rows, strict=True)):
        assert (refused.index, why in refused.why) == (index, True), refused
    assert len(stored(home)) == 1


def test_a_row_that_breaks_a_rule_holds_up_no_other(home):
    """Numbers and texts that no honest probe writes are refused or stored; the collector goes on."""
    agent = home.agent()
    good = agent.measured()
    strange = [
        replace(good, steps=(replace(good.steps[-1], status=10**30), *good.steps)),
        replace(good, steps=tuple(replace(step, hop=-5) for step in good.steps)),
        replace(good, software="\ud800"),
        replace(good, kind_version="x" * 100_000),
        replace(good, failure="\x00\x1b[31m"),
    ]
    receipt = agent.receipt(agent.send([*strange, good]))
    assert receipt.accepted + len(receipt.refused) == 6
    assert len(strange) not in [refused.index for refused in receipt.refused]
    assert agent.receipt(agent.send([agent.measured(9)])).accepted == 1


def test_a_mistake_of_ours_costs_no_measurement(home, monkeypatch, caplog):
    """Where nothing of a batch can be judged the agent is asked to come again, and no text of a stranger is logged."""
    agent = home.agent()
    _, content = agent.sealed([agent.measured(), agent.measured(5)])

    def mistaken(*_, **__):
        raise KeyError("kloop")

    with monkeypatch.context() as patched:
        patched.setattr("monitor.pipeline.judged", mistaken)
        answer = agent.post(content)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert "KeyError" in caplog.text
    assert "kloop" not in caplog.text
    assert agent.receipt(agent.post(content)).accepted == 2


def test_clocks_are_told_by_the_offset(home):
    """A vantage point ten minutes ahead delivers what it made now; its results are marked, and a flag is raised."""
    agent = home.agent()
    ahead = replace(agent.measured(), started=home.watch.now + timedelta(minutes=10))
    receipt = agent.receipt(agent.send([ahead], clock=ClockReading(offset=600.0, within=0.5)))
    assert receipt.accepted == 1
    (flag,) = flags.every(home.made.desk.fleet)
    assert (flag.kind, flag.said) == ("clock", "+10 minutes off")
    assert [each.vantage for each in trust(home.made.desk.fleet).skewed] == ["kg-1"]
    assert agent.receipt(agent.send([agent.measured(60)], clock=ClockReading())).accepted == 1
    assert len(trust(home.made.desk.fleet).skewed) == 2
    assert len(flags.every(home.made.desk.fleet)) == 1


def test_what_is_behind_and_lost_is_known(home):
    """Dropped and waiting measurements are those that the signed header tells of; an empty batch says "still here"."""
    agent = home.agent()
    lost = Dropped(count=7, first="2026-11-20T00:00:00Z", last="2026-11-21T00:00:00Z", why="spool_full")
    agent.send([agent.measured(3600), b"{}"], dropped=(lost,), waiting=42)
    home.watch.now += timedelta(minutes=5)
    assert agent.receipt(agent.send([])).accepted == 0
    member = members.read(home.made.desk.fleet, agent.key.public.fingerprint)
    assert (member.accepted, member.refused, member.dropped, member.waiting) == (1, 1, 7, 0)
    assert (member.lost, member.seen) == (8 / 9, home.watch.now)
    assert member.newest == home.watch.now - timedelta(seconds=3900.2)


def test_the_receipt_says_where_each_measurement_stands_in_the_log(home):
    """Size and root are those of the log, and the entry at each index is the measurement's document."""
    agent = home.agent()
    sent = [agent.measured(), agent.measured(5), agent.measured(target="example")]
    receipt = agent.receipt(agent.send(sent))
    with open_reading(folder_of(home.folder / "data")) as log:
        assert (receipt.log["size"], receipt.log["root"]) == (log.size, log.root().hex())
        found = [log.entries.entry(index).hex()[:32] for index in receipt.log["indexes"]]
    assert found == [measurement_id(each) for each in sent]
    assert agent.receipt(agent.send([agent.measured(9)])).log["size"] == 4


def test_reviews_make_health_and_events_of_what_agents_deliver(home):
    """Three controls and two vantage points, one review: health is known, and the block is an event."""
    home.watch.now -= timedelta(hours=4)
    agents = [home.agent(f"kg-{number}", network=f"AS{number}") for number in (1, 2)]
    controls = three_controls(home)
    for step in range(20):
        for agent in (*controls, *agents):
            works = agent in controls or step < 6
            visit = agent.measured(failure=None if works else "connection_reset")
            assert agent.receipt(agent.send([agent.measured(1, target="example"), visit])).accepted == 2
        home.watch.now += timedelta(minutes=5)
    home.made.desk._rounds.turn(home.watch.now)
    with open_store(home.folder / "data", read_only=True) as store:
        assert {(status.vantage, status.health.value) for status in store.health()} >= {("kg-1", "healthy")}
        (event,) = store.events()
    assert (event.target, sorted(event.networks), event.end) == ("kloop", ["AS1", "AS2"], None)


def test_a_liar_is_measured_by_canaries(tmp_path):
    """Who calls a working canary blocked, and a dead one working, gets a flag; the honest one does not."""
    text = """
targets:
  - {id: up, urls: [https://up.example/], category: media}
  - {id: dead, urls: [https://dead.example/], category: media}
  - {id: example, urls: [https://example.com/], innocuous: true, category: media}
schedule: {interval: 5m}
collector: {canaries: {up: up, dead: down}, rate: 10000, address_rate: 100000}
"""
    with house(tmp_path, text=text) as home:
        honest, liar = home.agent("kg-1"), home.agent("kg-2", network="AS2")
        controls = three_controls(home)
        for _ in range(4):
            for agent in (*controls, honest, liar):
                failures = ("connection_reset", None) if agent is liar else (None, "connection_refused")
                said = zip(("example", "up", "dead"), (None, *failures), strict=True)
                rows = [agent.measured(1, target=target, failure=failure) for target, failure in said]
                assert agent.receipt(agent.send(rows)).accepted == 3
            home.watch.now += timedelta(minutes=5)
        home.made.desk._rounds.turn(home.watch.now)
        (flag,) = flags.every(home.made.desk.fleet)
        assert (flag.kind, flag.key) == ("canary", liar.key.public.fingerprint)


def test_leaving_and_being_left(home):
    """A farewell ends the key; a revoked key gets no plan and delivers nothing, from the next request on."""
    leaving, revoked = home.agent(), home.agent("kg-2")
    assert leaving.ask("POST", "/agent/v1/farewell").status_code == 204
    members.revoke(home.made.desk.fleet, "kg-2", why="", now=home.watch.now, actor="test")
    for agent in (leaving, revoked):
        for answer in (agent.fetch(), agent.send([agent.measured()])):
            assert (answer.status_code, answer.json()["code"]) == (403, "revoked")
    assert members.read(home.made.desk.fleet, leaving.key.public.fingerprint).status is Status.GONE
    assert stored(home) == ()


def test_who_waits_for_approval_gets_the_plan_and_delivers_later(home):
    """Without approval in advance a batch is refused, and taken as it is once somebody approved."""
    agent = home.agent(approved=False)
    _, content = agent.sealed([agent.measured()])
    answer = agent.post(content)
    assert (answer.status_code, answer.json()["code"]) == (403, "unapproved")
    members.approve(home.made.desk.fleet, "kg-1", now=home.watch.now, actor="test")
    assert agent.receipt(agent.post(content)).accepted == 1


def test_a_consent_can_be_changed(home):
    """A veto that comes later holds for what is delivered after it, and the record tells of it."""
    agent = home.agent()
    letter = canonical(agent.consent(vetoed=["kloop"]))
    assert agent.ask("POST", "/agent/v1/consent", letter).status_code == 204
    assert agent.receipt(agent.send([agent.measured()])).accepted == 0
    assert [entry.action for entry in audit.entries(home.made.desk.fleet)][-1] == "consented"


def test_quarantine_is_not_noticed_by_the_agent(home):
    """What it delivers is kept and acknowledged as before."""
    agent = home.agent()
    members.quarantine(home.made.desk.fleet, "kg-1", why="", now=home.watch.now, actor="test")
    assert agent.receipt(agent.send([agent.measured()])).accepted == 1
    assert trust(home.made.desk.fleet).voteless == {"kg-1"}


def test_a_fault_of_the_fleet_s_database_is_a_wait(home, monkeypatch):
    """Where the collector cannot read its own data the agent is asked to come again, and is told no path."""
    agent = home.agent()

    def broken(*_):
        raise FleetError(f"{home.folder} cannot be used")

    monkeypatch.setattr(home.made.desk.fleet, "read", broken)
    answer = agent.fetch()
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "busy", "60")
    assert str(home.folder) not in answer.text


def test_a_backup_holds_the_fleet(home, tmp_path):
    """Copied beside the running collector, and restored elsewhere, it knows its members, plans and receipts."""
    agent = home.agent()
    _, content = agent.sealed([agent.measured()])
    receipt = agent.post(content)
    backup(home.folder / "data", tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "second" / "data")
    with house(tmp_path / "second") as second:
        agent.house = second
        assert agent.post(content).content == receipt.content
        assert agent.fetch(headers={"If-None-Match": f'"{agent.plan_hash}"'}).status_code == 304
        assert len(stored(second)) == 1


def test_times_in_receipts_are_the_collector_s(home):
    """`received` is told by the collector's clock, whatever the agent's header says."""
    agent = home.agent()
    receipt = agent.receipt(agent.send([agent.measured()], made="2001-01-01T00:00:00Z"))
    assert moment(receipt.received) == home.watch.now
