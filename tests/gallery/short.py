"""Steps and observations in short: one line each, without times and without what differs from run to run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from monitor.model import ControlFacts, Observation, Page
from monitor.observe.walk import endpoint
from probes.failure import TIMEOUT
from probes.model import Body, Datagram, DNSLookup, HTTPRoundTrip, Measurement, Screened, Step, TCPConnect, TLSHandshake
from probes.steps.http import TOO_MANY_REDIRECTS

_ORDER = ("dns", "screened", "tcp", "tls", "http")
_ENGINES = ("system", "udp", "doh")


def steps(measurement: Measurement) -> list[str]:
    """All steps, hop by hop and layer by layer."""
    return _sorted(map(_step, measurement.steps))


def _step(step: Step) -> str:
    match step:
        case DNSLookup():
            return f"{step.hop} dns {step.engine} {step.query_type} {step.name}: {_answered(step)}"
        case Screened():
            return f"{step.hop} screened {endpoint(step.address, step.port)}: {step.reason}"
        case TCPConnect():
            return f"{step.hop} tcp {endpoint(step.address, step.port)}: {_word(step.failure)}"
        case TLSHandshake():
            shown = f", chain of {len(step.chain)}" if step.chain else ""
            return (
                f"{step.hop} tls {endpoint(step.address, step.port)} {step.server_name}: {_word(step.failure)}{shown}"
            )
        case HTTPRoundTrip():
            return f"{step.hop} http {step.url} at {endpoint(step.address, step.port)}: {_response(step)}"


def _answered(step: DNSLookup) -> str:
    said = " ".join(sorted(step.addresses)) if step.failure is None else _word(step.failure)
    heard = list(dict.fromkeys(map(_datagram, step.datagrams)))  # a question that was sent again is answered again
    return f"{said}; heard {', '.join(heard)}" if len(heard) > 1 else said


def _datagram(one: Datagram) -> str:
    said = " ".join(answer.value for answer in one.answers) or f"rcode {one.rcode}"
    return f"{said} (ttl {one.ip_ttl}{', edns' if one.edns else ''})"


def _response(step: HTTPRoundTrip) -> str:
    if step.failure is not None or step.status is None:
        told = step.failure != TIMEOUT and step.status  # how far a slow answer came differs from run to run
        return _word(step.failure) + (f" after {step.status}" if told else "")
    return f"{step.status} {step.protocol}, {_body(step.body)}"


def _body(body: Body | None) -> str:
    if body is None:
        return "no body"
    title = f" {body.title!r}" if body.title else ""
    return f"{body.length} bytes{', cut' if body.truncated else ''}{title}"


def observations(seen: Sequence[Observation]) -> list[str]:
    """The one of the whole walk, then those of the steps beside what the controls saw of the same thing."""
    whole = [f"whole: {_fact(one)} | {_controls(one.control)}" for one in seen if one.whole]
    return whole + _sorted(_observation(one) for one in seen if not one.whole)


def _observation(one: Observation) -> str:
    kind = "screened" if one.screened else f"dns {one.engine} {one.query_type}" if one.engine else str(one.layer)
    return f"{one.hop} {kind} {one.subject}: {_fact(one)} | {_controls(one.control)}"


def _fact(one: Observation) -> str:
    """What was seen. Which of several failures is the whole's depends on which address was tried first."""
    said = one.screened or ("no page" if one.whole and one.failure else _word(one.failure))
    if one.certificate is not None:
        known = "the controls' own" if one.certificate in one.control.certificates else "another"
        said += f", {known} certificate{', self-signed' if one.self_signed else ''}"
    if one.whole and not one.reached:
        said += ", nothing reached"
    return said if one.page is None or one.failure is not None else _page(one.page)


def _page(page: Page) -> str:
    leads = f" to {page.location}" if page.location else ""
    return f"{page.status}{leads}, {'cut' if page.length is None else page.length} {page.title or ''}".rstrip()


def _controls(facts: ControlFacts) -> str:
    if not facts.total:
        return "no control"
    failures = f" ({', '.join(sorted(set(map(_word, facts.failures))))})" if facts.failures else ""
    given = f" with {' '.join(facts.addresses)}" if facts.addresses else ""
    pages = f" with {'; '.join(sorted(set(map(_page, facts.pages))))}" if facts.pages else ""
    return f"of {facts.total} controls {facts.ok} ok{given}{pages}, {facts.failed} failed{failures}"


def _word(failure: str | None) -> str:
    """A failure as it can be compared; the text of an unknown one is a library's, and changes with it."""
    if failure is None:
        return "ok"
    return failure if failure == TOO_MANY_REDIRECTS else failure.partition(":")[0]


def _sorted(lines: Iterable[str]) -> list[str]:
    """By hop, layer, resolver and text: what runs side by side ends in any order."""
    return sorted(lines, key=lambda line: (_rank(line), line))


def _rank(line: str) -> tuple[int, int, int]:
    hop, kind, engine = re.split(r"[ :]", line)[:3]
    return int(hop), _ORDER.index(kind), _ENGINES.index(engine) if engine in _ENGINES else 0
