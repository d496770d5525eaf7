"""Each step of a measurement as an observation, with the controls' facts about the same thing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from monitor.model import ControlFacts, Layer, Observation
from monitor.observe.certificate import read_leaf
from monitor.observe.control import (
    answer_at,
    connect_at,
    handshake_at,
    leaves_at,
    name_at,
    pages_of,
    tally,
    voices,
    walk_at,
)
from monitor.observe.walk import endpoint, final_trip, last_failure, late, reached
from probes.document import measurement_id
from probes.model import (
    DNSLookup,
    DNSSECValidation,
    HTTPRoundTrip,
    Measurement,
    QUICHandshake,
    Screened,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
)

_Observed: TypeAlias = DNSLookup | Screened | TCPConnect | TLSHandshake | HTTPRoundTrip
"""What a visit consists of; messages that are meant to die on the way say nothing of the target, and whether it
speaks QUIC is no part of whether a reader gets its page."""


def observe(measurement: Measurement, controls: Sequence[Measurement]) -> tuple[Observation, ...]:
    """The facts of a measurement, each beside the controls' facts about the same thing.

    The first observation speaks of the walk as a whole, the others of one step each, in their order; what only
    experiments do (`TTLTrial`, `QUICHandshake`, `DNSSECValidation`) has none. `controls` are measurements of the same
    URL from other vantage points, in any order; a vantage point that measured more than once counts once, with its
    nearest measurement. Nothing here raises for what a network did.
    """
    beside = voices(measurement, controls)
    whole = _whole(measurement, beside)
    steps = (
        replace(_step(step, beside), measurement=whole.measurement, step=index)
        for index, step in enumerate(measurement.steps)
        if not isinstance(step, TTLTrial | QUICHandshake | DNSSECValidation)
    )
    return (whole, *steps)


def _whole(measurement: Measurement, controls: Sequence[Measurement]) -> Observation:
    last = final_trip(measurement)
    nothing = last_failure(measurement) or "unknown_failure: no answer was recorded"
    return Observation(
        measurement=measurement_id(measurement),
        layer=Layer.HTTP,
        hop=max((step.hop for step in measurement.steps), default=0),
        subject=measurement.url,
        failure=None if last else nothing,
        control=tally(controls, walk_at),
        whole=True,
        reached=reached(measurement),
        late=late(measurement),
        page=next(iter(pages_of(last)), None) if last else None,
    )


def _step(step: _Observed, controls: Sequence[Measurement]) -> Observation:
    match step:
        case DNSLookup():
            return _lookup(step, controls)
        case Screened():
            return _screened(step, controls)
        case TCPConnect():
            return _connect(step, controls)
        case TLSHandshake():
            return _handshake(step, controls)
        case HTTPRoundTrip():
            return _answer(step, controls)


def _lookup(step: DNSLookup, controls: Sequence[Measurement]) -> Observation:
    return Observation(
        measurement="",
        layer=Layer.DNS,
        hop=step.hop,
        subject=step.name,
        failure=step.failure,
        control=tally(controls, lambda control: name_at(control, step.name, step.query_type)),
        engine=step.engine,
        query_type=step.query_type,
        rcode=step.rcode,
        addresses=step.addresses if step.failure is None else (),
        datagrams=step.datagrams,
    )


def _screened(step: Screened, controls: Sequence[Measurement]) -> Observation:
    return Observation(
        measurement="",
        layer=Layer.DNS,
        hop=step.hop,
        subject=endpoint(step.address, step.port),
        failure=step.failure,
        control=ControlFacts(total=len(controls)),
        addresses=(step.address,),
        screened=step.reason,
    )


def _connect(step: TCPConnect, controls: Sequence[Measurement]) -> Observation:
    return Observation(
        measurement="",
        layer=Layer.TCP,
        hop=step.hop,
        subject=endpoint(step.address, step.port),
        failure=step.failure,
        control=tally(controls, lambda control: connect_at(control, step.address, step.port)),
        addresses=(step.address,),
    )


def _handshake(step: TLSHandshake, controls: Sequence[Measurement]) -> Observation:
    control = tally(controls, lambda one: handshake_at(one, step.address, step.port, step.server_name))
    leaves = {leaf for one in controls for leaf in leaves_at(one, step.server_name)}
    shown = read_leaf(step.chain[0]) if step.chain else None
    return Observation(
        measurement="",
        layer=Layer.TLS,
        hop=step.hop,
        subject=endpoint(step.address, step.port),
        failure=step.failure,
        control=replace(control, certificates=tuple(sorted(leaves))),
        addresses=(step.address,),
        server_name=step.server_name,
        certificate=shown.fingerprint if shown else None,
        self_signed=shown.self_signed if shown else None,
    )


def _answer(step: HTTPRoundTrip, controls: Sequence[Measurement]) -> Observation:
    return Observation(
        measurement="",
        layer=Layer.HTTP,
        hop=step.hop,
        subject=step.url,
        failure=step.failure,
        control=tally(controls, lambda control: answer_at(control, step.url, step.hop)),
        addresses=(step.address,),
        page=next(iter(pages_of(step)), None),
        arrivals=step.arrivals,
        lasted=step.duration,
    )
