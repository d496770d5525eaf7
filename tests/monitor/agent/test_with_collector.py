"""The agent and the collector, both real: from a token to verdicts, in one process and without a wire."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from monitor.agent.agent import Agent
from monitor.agent.clock import moments
from monitor.agent.enrolment import agreed, ask_offer, enrol
from monitor.agent.folder import AgentFolder, Membership
from monitor.agent.status import status_of
from monitor.agent.uplink import Uplink
from monitor.config import load
from monitor.fleet import Status, members
from monitor.store import open_store
from probes.testing import Loopback, SNIBlock
from tests.monitor.agent.test_agent import INTERNET, NOBODY, running
from tests.monitor.collector.house import ADDRESS, House, house

TARGETS = """
targets:
  - {id: kloop, urls: ["https://kloop.example/"], category: media}
  - {id: kaktus, urls: ["https://kaktus.example/"], category: media}
  - {id: temple, urls: ["https://temple.example/"], category: religion}
  - {id: library, urls: ["https://library.example/"], category: innocuous, innocuous: true}
limits: {dns_linger: 0.05}
"""


class Wire(httpx.AsyncBaseTransport):
    """Hands requests to a collector in the process, and dates its answers as its web server does; `cut` is a cable."""

    def __init__(self, home: House) -> None:
        self._inner = home.client._transport
        self.cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The collector's answer."""
        if self.cut:
            raise httpx.ConnectError("cut")
        answer = await self._inner.handle_async_request(request)
        answer.headers["Date"] = format_datetime(datetime.now(UTC), usegmt=True)
        return answer


async def joined(home: House, path: Path, wire: Wire, **told: object) -> AgentFolder:
    """Enrol an agent as `presscanary agent enrol` does."""
    folder = AgentFolder(path)
    folder.prepare()
    key, token = folder.new_key(), home.token("kg-1", **told)
    async with Uplink(("https://c.example",), key, moments(), transport=wire) as uplink:
        offered = await ask_offer(uplink, token)
        consent = agreed(
            offered.plan, offered.letter.sha256, key, language="ky", now=datetime.now(UTC), software="presscanary test"
        )
        vantage = await enrol(uplink, token, consent)
        assert await enrol(uplink, token, consent) == vantage  # the answer was lost, and it is asked again
    folder.keep_plan(offered.letter)
    folder.keep_consent(consent)
    folder.join(Membership(collectors=("https://c.example",), collector=offered.collector.line, vantage=vantage))
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A collector by the machine's own clock, and an agent that does not wait long between its rounds."""
    monkeypatch.setattr("monitor.agent.delivery.EVERY", 0.05)
    monkeypatch.setattr("monitor.agent.delivery.SHORTEST", 0.05)
    with house(tmp_path / "collector", text=TARGETS, network_of=lambda _: "AS12997") as made:
        made.made.desk.clock = lambda: datetime.now(UTC)
        yield made


def seen(home: House) -> dict[str, tuple[str, str, str]]:
    """State, network and kind of vantage point of each target that is stored."""
    with open_store(home.folder / "data", read_only=True) as store:
        return {each.target: (each.verdict.rule_id, each.network, each.vantage_kind) for each in store.outcomes()}


async def test_an_agent_behind_a_censor_is_cut_off_and_comes_back(home, tmp_path):
    """All that it measured before, during and after arrives, judged; nothing of its address is on either disk."""
    wire = Wire(home)
    folder = await joined(home, tmp_path / "agent", wire)
    async with Loopback(INTERNET) as lab:
        network = lab.network("home", rules=(SNIBlock(names=("kloop.example",), action="reset"),))
        with Agent(folder, network=network, transport=wire, who=lambda **_: NOBODY) as agent:
            await running(agent, lambda: agent.spool.word("delivered") == "3")
        wire.cut = True
        with Agent(folder, network=network, transport=wire, who=lambda **_: NOBODY) as agent:
            await running(agent, lambda: agent.spool.backlog().waiting == 3)
        assert status_of(folder).standing == "unreachable"
        wire.cut = False
        with Agent(folder, network=network, transport=wire, who=lambda **_: NOBODY) as agent:
            await running(agent, lambda: agent.spool.word("delivered") == "9")

    found = seen(home)
    assert set(found) == {"kloop", "kaktus", "library"}
    assert {(network, kind) for _, network, kind in found.values()} == {("AS12997", "agent")}
    with open_store(home.folder / "data", read_only=True) as store:
        assert len(store.outcomes()) == 9
    status = status_of(folder)
    assert (status.waiting, status.lost, status.refused) == (0, 0, 0)
    for place in (folder.path, home.folder):
        for each in place.rglob("*"):
            assert each.is_dir() or ADDRESS.encode() not in each.read_bytes(), each
    (member,) = members.every(home.made.desk.fleet)
    assert (member.vantage, member.risk) == ("kg-1", 1)


async def test_a_new_plan_reaches_the_agent_and_what_was_measured_before_is_still_taken(home, tmp_path):
    """A target leaves the list while the cable is cut: what was measured under the old plan is not refused."""
    wire = Wire(home)
    folder = await joined(home, tmp_path / "agent", wire)
    async with Loopback(INTERNET) as lab:
        wire.cut = True
        with Agent(folder, network=lab.network("home"), transport=wire, who=lambda **_: NOBODY) as agent:
            await running(agent, lambda: agent.spool.backlog().waiting == 3)
        file = home.folder / "targets.yaml"
        file.write_text(TARGETS.replace("  - {id: kaktus, urls", "  - {id: kaktus-2, urls"))
        home.made.settings = load(file)
        wire.cut = False
        with Agent(folder, network=lab.network("home"), transport=wire, who=lambda **_: NOBODY) as agent:
            await running(agent, lambda: agent.course.plan.serial == 2 and "kaktus" in seen(home))

    assert set(seen(home)) == {"kloop", "kaktus", "library"}
    assert status_of(folder).refused == 0
    assert status_of(folder).plan == 2


async def test_an_agent_that_waits_for_approval_keeps_what_it_measures(home, tmp_path):
    """Once somebody has approved of it, all of it is taken."""
    wire = Wire(home)
    folder = await joined(home, tmp_path / "agent", wire, approved=False)
    async with Loopback(INTERNET) as lab:
        with Agent(folder, network=lab.network("home"), transport=wire, who=lambda **_: NOBODY) as agent:
            await running(agent, lambda: agent.spool.backlog().waiting == 3 and agent.spool.word("standing") != "")
        assert status_of(folder).standing == "unapproved"
        (member,) = members.every(home.made.desk.fleet)
        assert member.status is Status.PENDING


async def test_farewell_ends_the_membership(home, tmp_path):
    """The key counts no more, and the agent that still runs with it ends."""
    wire = Wire(home)
    folder = await joined(home, tmp_path / "agent", wire)
    async with Uplink(("https://c.example",), folder.key(), moments(), transport=wire) as uplink:
        assert (await uplink.ask("POST", "/agent/v1/farewell")).status == 204
    async with Loopback(INTERNET) as lab:
        with Agent(folder, network=lab.network("home"), transport=wire, who=lambda **_: NOBODY) as agent:
            await asyncio.wait_for(agent.run(), 60)
    assert status_of(folder).standing == "revoked"
