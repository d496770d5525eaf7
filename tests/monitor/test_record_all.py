"""Storing many at once comes to what storing one after the other does."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model import State
from monitor.pipeline import PipelineSettings, record, record_all
from monitor.store import open_store
from tests.scenes import HTTP, SITE, connected, control, fetched, looked, measured, plain_visit, shook, visit

SETTINGS = PipelineSettings()


def scene():
    """Three controls and three vantage points over 50 minutes: one is reset, one sick, one sees all."""
    reset = looked([SITE]), looked([SITE], engine="doh"), connected(), shook(failure="connection_reset")
    dead = looked([SITE]), connected(port=80), fetched(HTTP, status=None, failure="generic_timeout_error")
    made = []
    for minute in range(0, 50, 10):
        made += [control(number, *visit(), later=60.0 * minute + number) for number in (1, 2, 3)]
        made += [control(number, *plain_visit(), url=HTTP, later=60.0 * minute + number) for number in (1, 2, 3)]
        for name, steps, plain in (
            ("reset", reset, plain_visit()),
            ("sick", reset, dead),
            ("open", visit(), plain_visit()),
        ):
            seen = [(measured(*steps, vantage=name), 20), (measured(*plain, url=HTTP, vantage=name), 25)]
            seen.append((replace(measured(*plain, url=HTTP, vantage=name), target="library", innocuous=True), 30))
            made += [
                replace(each, started=each.started + timedelta(minutes=minute, seconds=late)) for each, late in seen
            ]
    return made


def told(store):
    """Every verdict; how many controls stand behind an ok one depends on the order, also one by one: nobody asks."""
    plain = {"controls_agree": 0, "controls_total": 0}
    found = {outcome.measurement: outcome.verdict for outcome in store.outcomes()}
    return {key: replace(each, **plain) if each.state is State.OK else each for key, each in found.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_at_once_mean_what_they_mean_one_by_one(tmp_path, seed):
    """In any order and in pieces of any size, every verdict is the same."""
    dice, given = random.Random(seed), scene()
    dice.shuffle(given)
    with open_store(tmp_path / "single") as single, open_store(tmp_path / "many") as many:
        for each in given:
            record(each, single, settings=SETTINGS)
        rest = list(given)
        while rest:
            size = dice.randint(1, 12)
            record_all([(each, None) for each in rest[:size]], many, settings=SETTINGS)
            rest = rest[size:]
        assert told(many) == told(single)
        states = {verdict.state for verdict in told(many).values()}
    assert {State.OK, State.BLOCKED, State.INSUFFICIENT} <= states


def test_what_was_interrupted_is_judged_to_its_end(tmp_path):
    """Where storing stopped between the rows and their neighbours, doing it again judges those, too."""
    given = scene()
    vantage = [each for each in given if each.vantage.role.value == "vantage"]
    controls = [each for each in given if each not in vantage]
    with open_store(tmp_path / "whole") as whole, open_store(tmp_path / "half") as half:
        for store in (whole, half):
            record_all([(each, None) for each in vantage], store, settings=SETTINGS)
        outcomes = record_all([(each, None) for each in controls], whole, settings=SETTINGS)
        half.append_all((each, outcome, None) for each, outcome in zip(controls, outcomes, strict=True))
        record_all([(each, None) for each in controls], half, settings=SETTINGS, interrupted=True)
        assert told(half) == told(whole)
