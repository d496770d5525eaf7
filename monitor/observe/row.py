"""A measurement and its verdict as one flat row: the timings and the facts of the path that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from monitor.model import Outcome, Timings, Verdict
from monitor.observe.certificate import read_leaf
from monitor.observe.walk import trips
from probes.model import DNSLookup, HTTPRoundTrip, Measurement, TCPConnect, TLSHandshake

StepT = TypeVar("StepT", DNSLookup, TCPConnect, TLSHandshake, HTTPRoundTrip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The steps of one connection: the one that fetched last or, without a fetch, the one that got furthest."""

    lookup: DNSLookup | None = None
    connect: TCPConnect | None = None
    handshake: TLSHandshake | None = None
    trip: HTTPRoundTrip | None = None


def flatten(measurement: Measurement, verdict: Verdict) -> Outcome:
    """One row for series, tables and pages; what never happened is None, empty or 0."""
    path = _path(measurement)
    trip, handshake = path.trip, path.handshake
    return Outcome(
        measurement=verdict.measurement,
        time=measurement.started,
        target=measurement.target,
        url=measurement.url,
        vantage=measurement.vantage.id,
        country=measurement.vantage.country,
        network=measurement.vantage.network,
        role=measurement.vantage.role,
        innocuous=measurement.innocuous,
        verdict=verdict,
        timings=_timings(path, measurement.duration),
        status=trip.status if trip else None,
        certificate_expiry=_expiry(handshake),
        protocol=trip.protocol if trip else "",
        tls_version=handshake.version if handshake else "",
        body_length=trip.body.length if trip and trip.body else None,
        redirects=max((one.hop for one in trips(measurement)), default=0),
        simulated=measurement.vantage.simulated,
        vantage_kind=measurement.vantage.kind,
    )


def _path(measurement: Measurement) -> Path:
    """Walk back from the last round trip, handshake or connection to the steps that led to it."""
    steps = measurement.steps
    trip = _furthest([step for step in steps if isinstance(step, HTTPRoundTrip)])
    handshake = _furthest([step for step in steps if isinstance(step, TLSHandshake) and _led_to(step, trip)])
    connect = _furthest([step for step in steps if isinstance(step, TCPConnect) and _led_to(step, trip or handshake)])
    lookup = _lookup([step for step in steps if isinstance(step, DNSLookup)], connect)
    return Path(lookup=lookup, connect=connect, handshake=handshake, trip=trip)


def _furthest(steps: Sequence[StepT]) -> StepT | None:
    """The step nearest to the end of the walk, a working one before a failed one."""
    return max(steps, key=lambda step: (step.hop, step.failure is None, step.started), default=None)


def _led_to(step: TCPConnect | TLSHandshake, end: HTTPRoundTrip | TLSHandshake | None) -> bool:
    return end is None or (step.hop, step.address, step.port) == (end.hop, end.address, end.port)


def _lookup(lookups: Sequence[DNSLookup], connect: TCPConnect | None) -> DNSLookup | None:
    """The system's lookup that gave the address; without a connection, the system's last one of the walk."""
    system = [lookup for lookup in lookups if lookup.engine == "system"]
    if connect is None:
        return _furthest(system)
    led = [lookup for lookup in system if lookup.hop <= connect.hop and connect.address in lookup.addresses]
    return _furthest(led) or _furthest([lookup for lookup in system if lookup.hop == connect.hop])


def _timings(path: Path, total: float) -> Timings:
    return Timings(
        dns=path.lookup.duration if path.lookup else None,
        tcp=path.connect.duration if path.connect else None,
        tls=path.handshake.duration if path.handshake else None,
        first_byte=path.trip.first_byte if path.trip else None,
        total=total,
    )


def _expiry(handshake: TLSHandshake | None) -> datetime | None:
    return read_leaf(handshake.chain[0]).expiry if handshake and handshake.chain else None
