"""A step of a measurement as one line of a table: what was done, with whom, and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.web.language import mark
from probes.model import (
    DNSLookup,
    DNSSECValidation,
    HTTPRoundTrip,
    QUICHandshake,
    Screened,
    Step,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step; `name` is looked up in the catalogue, everything else is shown as it was captured."""

    hop: int
    name: str
    where: str
    started: float
    duration: float
    failure: str | None
    result: str
    facts: tuple[tuple[str, str], ...] = ()


def line(step: Step) -> Line:
    """What a person needs to see of a step; the rest is in the document."""
    match step:
        case DNSLookup():
            name, where = mark("DNS lookup"), f"{step.name} {step.query_type} · {step.resolver or step.engine}"
            result = ", ".join(answer.value for answer in step.answers)
        case DNSSECValidation():
            name, where = mark("DNSSEC"), f"{step.name} {step.query_type} · {step.resolver or step.engine}"
            result = f"{step.result}: {step.reason}"
        case Screened():
            name, where, result = mark("not connected, on purpose"), f"{step.address} :{step.port}", step.reason
        case TCPConnect():
            name, where, result = mark("TCP connection"), f"{step.address} :{step.port}", ""
        case TLSHandshake():
            name, where = mark("TLS handshake"), f"{step.server_name} @ {step.address} :{step.port}"
            result = " ".join(filter(None, (step.version, step.alpn)))
        case HTTPRoundTrip():
            name, where = mark("HTTP request"), f"{step.method} {step.url} @ {step.address}"
            result = "" if step.status is None else f"{step.status} {step.protocol}"
        case QUICHandshake():
            name, where = mark("QUIC handshake"), f"{step.server_name} @ {step.address} :{step.port}"
            result = ", ".join(step.versions) if not step.server_name else f"{step.version} {step.alpn}".strip()
        case TTLTrial():
            name, where = mark("part of the way"), f"{step.method} {step.name} @ {step.address} · TTL {step.ttl}"
            result = step.router
    return Line(
        hop=step.hop,
        name=name,
        where=where,
        started=step.started,
        duration=step.duration,
        failure=step.failure,
        result=result,
        facts=tuple(_facts(step)),
    )


def _facts(step: Step) -> Iterator[tuple[str, str]]:
    match step:
        case DNSLookup() if len(step.datagrams) > 1:
            for index, datagram in enumerate(step.datagrams, 1):
                values = ", ".join(answer.value for answer in datagram.answers) or f"rcode {datagram.rcode}"
                yield f"answer {index}", f"{values} (+{datagram.arrived:.3f} s, IP TTL {datagram.ip_ttl})"
        case TLSHandshake():
            if step.reason:
                yield "reason", step.reason
            if step.chain:
                yield "certificates", str(len(step.chain))
        case QUICHandshake():
            if step.reason:
                yield "reason", step.reason
            if step.router:
                yield "ICMP from", step.router
            if step.chain:
                yield "certificates", str(len(step.chain))
        case HTTPRoundTrip():
            yield from _response(step)


def _response(step: HTTPRoundTrip) -> Iterator[tuple[str, str]]:
    for name, value in step.headers:
        if name.lower() in ("location", "server", "content-type"):
            yield name, value
    if step.body is not None:
        yield "body", f"{step.body.length} bytes{', cut off' if step.body.truncated else ''}"
        if step.body.title is not None:
            yield "title", step.body.title
        if step.body.sha256 is not None:
            yield "sha256", step.body.sha256
