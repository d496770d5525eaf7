"""Finds and truths from minutes, and a small world."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.evaluate.found import Found
from monitor.evaluate.world import START, Kind, TrueBlock, World


def at(minute):
    """The time so many minutes after the world's beginning."""
    return START + timedelta(minutes=minute)


@pytest.fixture(name="at")
def at_fixture():
    return at


@pytest.fixture
def true():
    def made(start, end, *, network="AS1", kind=Kind.FULL, event=0):
        return TrueBlock(event=event, target="t", network=network, kind=kind, start=at(start), end=at(end))

    return made


@pytest.fixture
def find():
    def made(onset, end=None, *, told=None, network="AS1", earliest=None, alert=""):
        return Found(
            target="t", network=network, onset=at(onset), told=at(onset if told is None else told),
            end=None if end is None else at(end), earliest=None if earliest is None else at(earliest),
            alert=alert or f"{network} {onset}",
        )  # fmt: skip

    return made


@pytest.fixture(scope="session")
def small():
    """Two networks, quiet but for blocks and site outages."""
    return World(
        days=8, targets=3, vantages=(1, 2), blocks=150, cdn_trouble=0, peering_losses=0, refusals=0, lies=0, portals=0,
        network_outages=0, vantage_outages=0, flaky=0, bad_spells=(0.001, 0.001), skewed=0, cut_off=0, site_outages=60,
    )  # fmt: skip
