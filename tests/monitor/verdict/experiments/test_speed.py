"""From transfers under two names to the reading."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model import Layer, Locus
from monitor.verdict.experiments import read_throttle
from monitor.verdict.experiments.speed import steady_rate
from probes.kinds import throttle
from probes.model import HTTPRoundTrip, Purpose
from probes.testing import AddressBlock, HostBlock, SNIBlock, Throttle
from tests.echo_lab import ECHO_ONE, ECHO_TWO, TARGET, echo_lab
from tests.scenes import HTTP, HTTPS, measured

SLOW = Throttle(bytes_per_second=40_000)


@pytest.mark.parametrize(
    ("rules", "url", "rule_id", "technique", "decisive"),
    [
        ((), "https", "even", None, False),
        ((SNIBlock(names=(TARGET,), action=SLOW),), "https", "extreme", "tls.throttle.sni", True),
        ((HostBlock(names=(TARGET,), action=SLOW),), "http", "extreme", "http.throttle.host", True),
        ((SNIBlock(names=("*",), action=SLOW),), "https", "no_measure", None, False),
        ((SNIBlock(names=(TARGET,), action="reset"),), "https", "nothing_came", None, False),
        ((AddressBlock(address=ECHO_ONE), AddressBlock(address=ECHO_TWO)), "https", "no_measure", None, False),
    ],
)
async def test_networks(rules, url, rule_id, technique, decisive) -> None:
    """A name that is slowed down is told from a slow line, a blocked name, and an echo host that is away."""
    async with echo_lab() as lab:
        limits = replace(lab.task.limits, tls=5.0, http=0.4)  # a throttled handshake takes its time, too
        found = read_throttle(await lab.measure(throttle, *rules, url=f"{url}://{TARGET}/", limits=limits))
    assert (found.reading.rule_id, found.reading.technique) == (f"throttle.{rule_id}", technique)
    assert (found.reading.decisive, found.reading.locus is Locus.NETWORK) == (decisive, decisive)
    assert len(found.ratios) == (0 if rule_id in {"nothing_came", "no_measure"} and not found.goodput else 4)


def transfer(purpose: Purpose, rate: float, *, stop: int | None = None, seconds: float = 6.0) -> HTTPRoundTrip:
    """An object of 128 KiB at so many bytes a second; given up after `seconds`, standing still after `stop` bytes."""
    points = [(step / 10, int(rate * step / 10)) for step in range(1, int(seconds * 10) + 1)]
    most = 131_072 if stop is None else stop
    kept = [(moment, count) for moment, count in points if count < most]
    ended = len(kept) < len(points) and stop is None
    last = min(most, int(rate * seconds))
    moment = max(last / rate, kept[-1][0] if kept else 0.0)
    return HTTPRoundTrip(
        hop=0,
        url=HTTPS,
        address="192.0.2.1",
        port=443,
        started=0.0,
        duration=moment if ended else seconds,
        failure=None if ended else "generic_timeout_error",
        status=200,
        arrivals=(*kept, (moment, last)),
        purpose=purpose,
    )


def pairs(slow: float, fast: float, *, times: int = 4, **fields):
    return [
        one
        for _ in range(times)
        for one in (
            transfer(Purpose.TRIGGER_AT_ECHO, slow, **fields),
            transfer(Purpose.INNOCUOUS_AT_ECHO, fast),
        )
    ]


@pytest.mark.parametrize(
    ("steps", "rule_id", "technique", "decisive"),
    [
        (pairs(16_000, 1_000_000), "extreme", "tls.throttle.sni", True),
        (pairs(16_000, 1_000_000, times=1), "extreme", "tls.throttle.sni", False),
        (pairs(200_000, 1_000_000, stop=16_000), "frozen", "tls.timeout.sni", True),
        (pairs(30_000, 100_000), "policed", "tls.throttle.sni", False),
        (pairs(300_000, 1_000_000), "slower", None, False),
        (pairs(900_000, 1_000_000), "even", None, False),
        (pairs(30_000, 30_000), "even", None, False),
        (pairs(8_000, 8_000), "no_measure", None, False),
        (pairs(30_000, 1_000_000, times=2) + pairs(900_000, 1_000_000, times=2), "even", None, False),
        (
            [
                *pairs(900_000, 1_000_000),
                transfer(Purpose.TRIGGER_AT_TARGET, 10_000),
                transfer(Purpose.INNOCUOUS_AT_TARGET, 1_000_000),
            ],
            "at_target_only",
            None,
            False,
        ),
        ([], "no_measure", None, False),
    ],
)
def test_rates(steps, rule_id, technique, decisive) -> None:
    """Ten times slower in three of four pairs is throttling; a slow line, one bad pair, or a slow server are not."""
    reading = read_throttle(measured(*steps)).reading
    assert (reading.rule_id, reading.technique) == (f"throttle.{rule_id}", technique)
    assert (reading.decisive, reading.layer) == (decisive, Layer.TLS if technique else None)


def test_the_numbers_are_given() -> None:
    """Ratios, goodput and the rate of the plateau are there for people to judge."""
    found = read_throttle(measured(*pairs(16_000, 1_000_000)))
    assert found.ratios == pytest.approx([0.016] * 4, rel=0.05)
    assert found.goodput == pytest.approx(16_000, rel=0.05)
    assert found.plateau == pytest.approx(16_000, rel=0.05)


def test_the_layer_is_that_of_the_url() -> None:
    """In the clear it is the Host header that was compared."""
    assert read_throttle(measured(*pairs(16_000, 1_000_000), url=HTTP)).reading.technique == "http.throttle.host"


@pytest.mark.parametrize(
    "arrivals",
    [
        [],
        [(0.1, 1000)],
        [(second, 20_000 + 4000 * second * second) for second in range(10)],
        [(second, 50_000) for second in range(10)],
    ],
)
def test_no_steady_rate(arrivals) -> None:
    """Too few points, a rate that grows, and a transfer that stands still have no plateau."""
    assert steady_rate(arrivals) is None
