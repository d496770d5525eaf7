"""A whole agent beside a collector in the same process: what is measured, what is sent, and what never is."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import probes.own
from monitor.agent.agent import Agent
from monitor.agent.enrolment import agreed
from monitor.agent.folder import AgentError, AgentFolder
from monitor.agent.identity import Identity, spelled
from monitor.agent.repeats import Repeats
from monitor.agent.spool.file import reading
from monitor.agent.status import status_of
from monitor.wire import Letter
from probes.model import Target
from probes.testing import Internet, Loopback, Route, Site, SNIBlock, page
from tests.monitor.agent.conftest import START, TARGETS, FakeCollector, joined, plan
from tests.promises import test_people as people

TOOL = Target(id="vpn", urls=("https://x.example/",), category="tools")
NOBODY = Identity(words=frozenset(), addresses=frozenset(), around=frozenset())


def site(name: str, number: int) -> Site:
    """A site with a front page."""
    front = Route(response=page(f"Front of {name}", "News of the day.", length=3000))
    return Site(names=(name,), addresses=(f"93.184.216.{number}",), routes=(front,))


INTERNET = Internet(sites=tuple(site(f"{target.id}.example", 10 + number) for number, target in enumerate(TARGETS)))


async def running(agent: Agent, done: Callable[[], bool]) -> None:
    """Run an agent until something has happened, then stop it as SIGTERM does."""
    task = asyncio.create_task(agent.run())
    try:
        async with asyncio.timeout(60):
            while not done() and not task.done():  # noqa: ASYNC110 - the disk tells nobody
                await asyncio.sleep(0.02)
    finally:
        agent.stop()
        await task
    assert done()


@pytest.fixture
def quick(monkeypatch):
    """Rounds of delivery that follow each other at once."""
    monkeypatch.setattr("monitor.agent.delivery.EVERY", 0.05)
    monkeypatch.setattr("monitor.agent.delivery.SHORTEST", 0.05)


@pytest.fixture
async def lab():
    """The internet of these tests."""
    async with Loopback(INTERNET) as made:
        yield made


def agent_of(folder: AgentFolder, collector: FakeCollector, network, **more) -> Agent:
    """An agent that measures in the lab and asks the collector in the process."""
    return Agent(folder, network=network, transport=collector.transport, who=lambda **_: NOBODY, **more)


@pytest.fixture
def own_clock(collector: FakeCollector) -> FakeCollector:
    """The collector, by the machine's real clock."""
    from datetime import UTC, datetime

    collector.clock = lambda: datetime.now(UTC)
    return collector


async def test_what_was_agreed_to_is_measured_and_arrives(folder, own_clock, lab, quick):
    """Every target but the one of a category that is left out by itself; nothing stays behind on the disk."""
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: len(own_clock.documents) >= 3)
    arrived = own_clock.measurements

    assert {each.target for each in arrived} == {"kloop", "kaktus", "library"}
    assert all(each.vantage == own_clock.plan.vantage for each in arrived)
    assert all(each.failure is None for each in arrived)
    assert own_clock.headers[0].header.plan == Letter.sign(own_clock.plan, own_clock.key, "plan@presscanary").sha256
    assert own_clock.headers[0].header.clock.offset == pytest.approx(0.0, abs=1.5)
    status = status_of(folder)
    assert (status.standing, status.waiting, status.delivered) == ("well", 0, len(arrived))
    assert status.left_out == ("temple",)
    assert not status.running


async def test_without_the_collector_measuring_goes_on_and_all_arrives_later(folder, own_clock, lab, quick):
    """The uplink comes back, and what waited on the disk of another process arrives first."""
    own_clock.up = False
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: agent.spool.backlog().waiting >= 3)
    assert status_of(folder).standing == "unreachable"
    assert status_of(folder).waiting == 3
    own_clock.up = True
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: len(own_clock.documents) >= 6)

    started = [each.started for each in own_clock.measurements]
    assert started[:3] == sorted(started)[:3]
    assert [each.header.sequence for each in own_clock.headers] == list(range(1, len(own_clock.headers) + 1))


async def test_a_lost_answer_doubles_nothing(folder, own_clock, lab, quick):
    """The same batch again has the same receipt, and its rows are there once."""
    own_clock.lose_answers = 3
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: len(own_clock.documents) >= 3 and agent.spool.backlog().waiting == 0)

    assert len(own_clock.documents) == len(set(own_clock.documents))
    assert own_clock.requests.count("/agent/v1/batches") >= len(own_clock.headers) + 3


async def test_a_veto_holds_from_the_moment_when_it_is_given(folder, own_clock, lab, quick):
    """A running agent reads the new consent, visits the target no more, and tells the collector."""
    letter = Letter.sign(own_clock.plan, own_clock.key, "plan@presscanary")
    consent = agreed(
        own_clock.plan, letter.sha256, folder.key(), language="ky", now=START, software="t", vetoed_targets=["kaktus"]
    )
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        folder.keep_consent(consent)
        await running(agent, lambda: len(own_clock.documents) >= 2 and bool(own_clock.consents))

    assert "kaktus" not in {each.target for each in own_clock.measurements}
    assert own_clock.consents[-1].vetoed_targets == ("kaktus",)
    assert status_of(folder).left_out == ("kaktus", "temple")


async def test_new_categories_wait_for_another_consent(folder, own_clock, lab, quick):
    """A plan may grow: what the operator never heard of is not visited, and status says that it waits."""
    own_clock.plan = plan(
        serial=2, targets=(*TARGETS, Target(id="vpn", urls=("https://x.example/",), category="tools"))
    )
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: agent.course.plan.serial == 2 and len(own_clock.documents) >= 3)

    assert "vpn" not in {each.target for each in own_clock.measurements}
    assert status_of(folder).unasked == ("tools",)


async def test_a_new_risk_text_stops_everything_until_it_was_read(folder, own_clock, lab, quick):
    """Nothing is measured under an agreement to something else."""
    own_clock.plan = plan(serial=2, risk=2)
    folder.keep_plan(Letter.sign(own_clock.plan, own_clock.key, "plan@presscanary"))
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: bool(own_clock.headers))

    assert not own_clock.documents
    assert "risk text" in status_of(folder).halted


@pytest.mark.parametrize("what", ["another key", "an older serial"])
async def test_only_the_collectors_newest_plan_counts(folder, own_clock, lab, quick, what):
    """A plan that another key signed, or that was in force before, changes nothing."""
    evil = plan(serial=9 if what == "another key" else 0, targets=(Target(id="evil", urls=("https://evil.example/",)),))
    honest, own_clock.plan = own_clock.plan, evil
    if what == "another key":
        own_clock.key = FakeCollector(clock=own_clock.clock).key
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: agent.spool.backlog().waiting >= 3)

    assert agent.course.plan == honest
    assert status_of(folder).standing == "malformed"


async def test_a_revoked_agent_ends(folder, own_clock, lab, quick):
    """It stops by itself; what it has stays for its operator to decide."""
    from tests.monitor.agent.conftest import problem

    own_clock.refuse = problem(403, "revoked")
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await asyncio.wait_for(agent.run(), 60)

    assert status_of(folder).standing == "revoked"


async def test_addresses_that_are_no_web_addresses_are_never_visited(folder, own_clock, lab, quick):
    """A signed plan with a strange port, another scheme or a private address leads nowhere."""
    strange = tuple(
        Target(id=f"s{number}", urls=(url,), category="media")
        for number, url in enumerate(
            ("http://kloop.example:22/", "file:///etc/passwd", "gopher://x.example/", "http://")
        )
    )
    inside = Target(id="router", urls=("http://192.168.1.1/",), category="media")
    own_clock.plan = plan(serial=2, targets=(*strange, inside, TARGETS[0]))
    folder.keep_plan(Letter.sign(own_clock.plan, own_clock.key, "plan@presscanary"))
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        await running(agent, lambda: len(own_clock.documents) >= 2)
    arrived = {each.target: each for each in own_clock.measurements}

    assert set(arrived) == {"router", "kloop"}
    assert {type(step).__name__ for step in arrived["router"].steps} == {"Screened"}


async def test_a_failed_visit_is_repeated(folder, own_clock, lab, quick):
    """What failed once is visited again soon, what works is not."""
    rules = (SNIBlock(names=("kloop.example",), action="reset"),)
    with agent_of(folder, own_clock, lab.network("home", rules=rules)) as agent:
        agent.repeats = Repeats(agent._carry_out, (0.01, 0.02, 0.03))
        await running(agent, lambda: sum(each.target == "kloop" for each in own_clock.measurements) >= 4)

    assert sum(each.target == "kaktus" for each in own_clock.measurements) == 1


async def test_a_mistake_in_one_probe_does_not_end_the_others(folder, own_clock, lab, quick):
    """It is told in status by its kind, and never by its text."""

    class Broken:
        """A network that breaks for one address."""

        def __init__(self, inner) -> None:
            self._inner = inner

        def __getattr__(self, name: str):
            return getattr(self._inner, name)

        def open(self, address: str, port: int, transport: str):
            if address == "93.184.216.10":
                raise KeyError("secret of 198.51.100.7")
            return self._inner.open(address, port, transport)

    with agent_of(folder, own_clock, Broken(lab.network("home"))) as agent:
        await running(agent, lambda: len(own_clock.documents) >= 2 and bool(agent.spool.word("mistake")))

    assert {each.target for each in own_clock.measurements} == {"kaktus", "library"}
    assert "website of kloop" in status_of(folder).mistake
    assert "secret" not in status_of(folder).mistake


async def test_two_agents_do_not_share_a_folder(folder, own_clock):
    """The second one is told, and the first one goes on."""
    with folder.locked(), pytest.raises(AgentError, match="already"), AgentFolder(folder.path).locked():
        pass
    with folder.locked():
        assert AgentFolder(folder.path).running() == os.getpid()
    assert folder.running() is None


# What leads to the operator

SEEN = people.SEEN
HARDWARE = "02:fc:ab:cd:ef:19"
DETAILS = (people.OWN, people.OWN_V6, SEEN, people.RESOLVER, people.HOST, people.HOME, *spelled(HARDWARE))


def forms(detail: str) -> set[bytes]:
    """A detail as it may stand in an output: plain, in either case, percent-encoded, in base64 wherever it begins."""
    plain = {detail, detail.lower(), detail.upper()}
    quoted = {each.replace(":", "%3A").replace("/", "%2F") for each in plain}
    whole = {"".join(f"%{byte:02{case}}" for byte in each.encode()) for each in plain for case in "xX"}
    return {each.encode() for each in plain | quoted | whole} | {
        part for each in plain for part in people.in_base64(each)
    }


def planted() -> bytes:
    """A page that says all of it in every form."""
    lines = []
    for detail in DETAILS:
        packed = [base64.b64encode(b"x" * before + detail.encode() + b"&more").decode() for before in range(3)]
        lines += [detail, detail.upper(), *packed, "".join(f"%{byte:02x}" for byte in detail.encode())]
    return "\n".join(f"<p>{line}</p>" for line in lines).encode()


def leaks(where: str, content: bytes) -> list[str]:
    """What of it stands in some bytes."""
    return [f"{form!r} in {where}" for detail in DETAILS for form in forms(detail) if form in content]


def test_the_search_finds_all_that_is_planted():
    """Each detail, in at least four forms."""
    for detail in DETAILS:
        assert len({form for form in forms(detail) if form in planted()}) >= 4


async def test_nothing_that_leaves_or_stays_leads_to_the_operator(tmp_path, own_clock, quick, monkeypatch):
    """Bodies, headers, redirects, DNS answers, errors and a forged certificate repeat who measures, in every form; the
    batches, the spool and the whole folder hold none of it, not even the address that only the collector sees."""
    system = os.uname()
    named = os.uname_result((system.sysname, f"{people.HOST}.lan", system.release, system.version, system.machine))
    monkeypatch.setattr(os, "uname", lambda: named)
    monkeypatch.setenv("HOME", people.HOME)
    probes.own.machine.cache_clear()
    own_clock.outer = SEEN
    targets = tuple(
        Target(id=name, urls=(url,), category="media")
        for name, url in (
            ("page", "http://page.example/"), ("moved", "http://moved.example/"), ("echo", "https://echo.example/"),
            ("self", "http://self.example/"), ("fault", "http://fault.example/"), ("planted", "http://planted.example/"),
        )
    )  # fmt: skip
    own_clock.plan = plan(targets=targets)
    folder = joined(tmp_path / "agent", own_clock)
    both = (*people.INTERNET.sites, Site(
        names=("planted.example",), addresses=("93.184.216.60",),
        routes=(Route(response=replace(page("x"), body=planted(), status=403, headers=(
            ("Content-Type", "text/html"), ("X-You", f"{SEEN} {base64.b64encode(SEEN.encode()).decode()} {HARDWARE}"),
            ("X-Mac", base64.b64encode(HARDWARE.encode()).decode()), ("X-Host", people.HOST.upper()),
        ))),),
    ))  # fmt: skip

    def who(*, outer: str = "") -> Identity:
        return Identity(
            words=frozenset({*probes.own.machine(), *spelled(HARDWARE)}),
            addresses=frozenset({people.OWN, people.OWN_V6, *([outer] if outer else [])}),
            around=frozenset({people.RESOLVER}),
        )

    async with Loopback(Internet(sites=both)) as lab:
        home = people.HomeNetwork(lab.network("home", rules=people.CENSOR, resolver=people.RESOLVER))
        with Agent(folder, network=home, transport=own_clock.transport, who=who) as agent:
            await agent.delivery.round()  # so that the outer address is known before anything is measured
            own_clock.headers[0].header  # noqa: B018 - it spoke
            await running(agent, lambda: len(own_clock.documents) >= len(targets))
    probes.own.machine.cache_clear()

    found = []
    for content in own_clock.documents:
        found += leaks("a measurement", content)
    for batch in own_clock.headers:
        found += leaks("a header", batch.letter.content)
    for each in folder.path.iterdir():
        found += leaks(each.name, each.read_bytes())
    assert not found
    assert b"scrubbed" in b"".join(own_clock.documents)
    assert {each.target for each in own_clock.measurements} == {target.id for target in targets}


def test_a_certificate_that_tells_who_we_are_is_left_out():
    """Only a forger's can; that there was one is still seen, and others stay whole."""
    from monitor.agent.redaction import WITHHELD, redacted
    from tests.scenes import measured, shook

    probes.own.remember(addresses=[SEEN], words=spelled(HARDWARE))
    honest = b"0\x82 a certificate of 185.66.77.8"
    told = (
        b"cn=" + SEEN.encode(), b"\x30\x06" + bytes(map(int, SEEN.split("."))), HARDWARE.encode(),
        base64.b64encode(SEEN.encode()),
    )  # fmt: skip
    made = measured(replace(shook(), chain=(honest, *told)))

    assert redacted(made).steps[0].chain == (honest, *[WITHHELD] * len(told))


def test_the_machine_knows_itself():
    """Addresses, routers, resolvers and hardware numbers are read from the system, whatever there is of them."""
    from monitor.agent.identity import identity

    found = identity(outer=SEEN)
    hardware = [Path(each).read_text().strip() for each in Path("/sys/class/net").glob("*/address")]

    assert SEEN in found.addresses
    assert {each for each in hardware if each.strip("0:")} <= found.words
    assert identity(outer="no address").addresses == found.addresses - {SEEN}


async def test_the_spool_is_only_read_by_status(folder, own_clock, lab, quick):
    """Status looks beside a running agent and holds nobody up."""
    with agent_of(folder, own_clock, lab.network("home")) as agent:
        with reading(folder.spool) as beside:
            await running(agent, lambda: len(own_clock.documents) >= 3)
            assert beside.execute("SELECT count(*) FROM word").fetchone()[0] >= 2
        assert status_of(folder).delivered >= 3
