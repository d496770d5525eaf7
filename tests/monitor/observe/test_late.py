"""A prober that is too busy to listen is not taken for a site that does not answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

from monitor.model import Health, State
from monitor.observe import observe
from monitor.verdict import judge
from probes.flows.course import carry
from probes.model import Measurement, Target, Task, VantagePoint
from probes.network import SystemNetwork
from probes.steps.trace import Trace
from tests.scenes import SITE, connected, looked, measured, three, visit

SILENT = measured(
    looked([SITE]), looked([SITE], engine="doh"), replace(connected(failure="generic_timeout_error"), duration=10.0)
)


def judged(measurement: Measurement):
    return judge(measurement, observe(measurement, three(*visit())), health=Health.HEALTHY)


def test_a_time_out_of_a_busy_machine_says_nothing_and_that_of_a_quick_one_is_a_block():
    """Half of a time-out is too much for a loop to be late; a few milliseconds are not."""
    assert judged(replace(SILENT, lag=0.02)).state is State.BLOCKED
    late = judged(replace(SILENT, lag=6.0))

    assert (late.state, late.rule_id) == (State.INSUFFICIENT, "vantage.late")


def test_what_a_busy_machine_reached_or_was_refused_stands():
    """Being late makes no page and no reset."""
    refused = replace(
        measured(looked([SITE]), looked([SITE], engine="doh"), connected(failure="connection_reset")), lag=9
    )

    assert judged(replace(measured(*visit()), lag=9.0)).state is State.OK
    assert judged(refused).state is State.BLOCKED


async def test_the_lateness_of_the_loop_is_kept_with_each_measurement():
    """Whoever blocks the loop for a second is found out afterwards."""
    task = Task(target=Target(id="a", urls=()), url="https://a.example/", vantage=VantagePoint(id="here"))

    async def blocking(_: Trace) -> None:
        await asyncio.sleep(0)
        time.sleep(0.9)  # noqa: ASYNC251 (the fault that is looked for)

    async def polite(_: Trace) -> None:
        await asyncio.sleep(0)

    busy, idle = [
        await carry(task, SystemNetwork(), lambda: datetime.now(UTC), kind="test", version="1", walk=walk)
        for walk in (blocking, polite)
    ]

    assert busy.lag >= 0.6
    assert idle.lag < busy.lag
