"""The same bytes under two names, one after the other."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from probes.echo.answer import OBJECT_BYTES, fixed_object
from probes.kinds import throttle
from probes.model import HTTPRoundTrip, Purpose, TLSHandshake
from tests.echo_lab import AT_TARGET, ECHO_ONE, ECHO_TWO, INNOCUOUS, TARGET, TOKEN, echo_lab

T, I = Purpose.TRIGGER_AT_ECHO, Purpose.INNOCUOUS_AT_ECHO  # noqa: E741 - the two names of the experiment


def trips(measurement, *purposes):
    return [step for step in measurement.steps if isinstance(step, HTTPRoundTrip) and step.purpose in purposes]


async def test_there_and_back_twice() -> None:
    """Eight transfers of one object in the order A B B A A B B A, each name to its own address; who begins is drawn."""
    orders = set()
    async with echo_lab() as lab:
        for seed in range(4):
            measurement = await lab.measure(throttle, seed=seed)
            orders.add(tuple(step.purpose for step in trips(measurement, T, I)))
    assert orders == {(T, I, I, T, T, I, I, T), (I, T, T, I, I, T, T, I)}
    found = trips(measurement, T, I)
    assert {(step.purpose, step.address) for step in found} == {(T, ECHO_ONE), (I, ECHO_TWO)}
    assert {step.body.sha256 for step in found} == {hashlib.sha256(fixed_object()).hexdigest()}
    assert TOKEN not in repr(measurement)


async def test_the_page_of_the_target_under_both_names() -> None:
    """At the target's own address its page is fetched, whatever name is shown to the path."""
    async with echo_lab() as lab:
        measurement = await lab.measure(throttle)
    at_target = trips(measurement, Purpose.TRIGGER_AT_TARGET, Purpose.INNOCUOUS_AT_TARGET)
    assert {(step.url, step.address, step.status) for step in at_target} == {(f"https://{TARGET}/", AT_TARGET, 200)}
    shown = [s.server_name for s in measurement.steps if isinstance(s, TLSHandshake) and s.address == AT_TARGET]
    assert sorted(shown) == sorted([TARGET, INNOCUOUS] * 2)
    assert len({step.body.sha256 for step in at_target}) == 1


async def test_how_it_came_in_is_kept() -> None:
    """Bytes there by then, growing, up to the whole response; at most so many points."""
    async with echo_lab() as lab:
        measurement = await lab.measure(throttle)
    for step in trips(measurement, T, I):
        times, counts = zip(*step.arrivals, strict=True)
        assert list(times) == sorted(times)
        assert list(counts) == sorted(set(counts))
        assert counts[-1] >= OBJECT_BYTES
        assert 0 <= times[0] <= times[-1] <= step.duration
        assert len(step.arrivals) <= 500


async def test_in_the_clear() -> None:
    """For an http:// URL the Host header is what is compared, and the target is asked under its own name only."""
    async with echo_lab() as lab:
        measurement = await lab.measure(throttle, url=f"http://{TARGET}/")
    assert not [step for step in measurement.steps if isinstance(step, TLSHandshake)]
    assert {step.port for step in trips(measurement, T, I)} == {80}
    assert {step.purpose for step in trips(measurement, *Purpose)} == {T, I, Purpose.TRIGGER_AT_TARGET}


async def test_what_it_needs() -> None:
    """Without an echo host, its token or its pin nothing can be compared."""
    async with echo_lab() as lab:
        for echo in (None, replace(lab.task.echo, token=""), replace(lab.task.echo, pin="")):
            with pytest.raises(ValueError, match="echo host"):
                await lab.measure(throttle, echo=echo)
