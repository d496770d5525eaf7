"""What the controls say of the target itself: down for everybody, or nothing that one could lean on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.model import Evidence, Layer, Locus, Observation, State
from monitor.verdict import words
from monitor.verdict.case import Case
from monitor.verdict.rule import Rule


def _shared(case: Case, tried: Sequence[Observation]) -> Observation | None:
    """Everything that was tried failed, and most controls failed at the same thing or before they came to it.

    A site that most controls reach some other way (over another address) is not down.
    """
    if case.others_succeed or case.whole.failure is None or not tried or any(one.failure is None for one in tried):
        return None
    return next((one for one in tried if case.shared(one)), None)


def _name_fails(case: Case) -> Observation | None:
    return _shared(case, case.last.asked)


def _connections_fail(case: Case) -> Observation | None:
    return _shared(case, case.last.connects)


def _certificate_fails(case: Case) -> Observation | None:
    tried = case.last.handshakes
    return _shared(case, tried) if all(one.failure in words.CERTIFICATE for one in tried) else None


def _handshakes_fail(case: Case) -> Observation | None:
    return _shared(case, case.last.handshakes if case.last.secure else ())


def _requests_fail(case: Case) -> Observation | None:
    return _shared(case, case.last.fetches)


def _server_error(case: Case) -> Observation | None:
    page = case.last.page
    return case.last.fetch if page and page.status >= 500 and case.most(lambda other: other.status >= 500) else None


def _all_fail_somehow(case: Case) -> Observation | None:
    return case.whole if case.whole.failure is not None and case.everyone_fails else None


def _nobody_asked(case: Case) -> Observation | None:
    return case.whole if not case.whole.control.asked else None


def _divided(case: Case) -> Observation | None:
    control = case.whole.control
    return case.whole if control.asked and control.ok == control.failed else None


def _unvouched(case: Case) -> Observation | None:
    hop = case.last
    tried = (*hop.connects, *hop.handshakes, *hop.fetches)
    failed = next((one for one in tried if one.failure is not None), None)
    return failed if hop.suspects and not hop.at(hop.trusted, of=tried) else None


def _always(case: Case) -> Observation | None:
    return case.whole


def _down(rule: str, why: str, layer: Layer | None, matches: Callable[[Case], Observation | None]) -> Rule:
    return Rule(id=rule, why=why, state=State.DOWN, layer=layer, locus=Locus.SERVER_SIDE, matches=matches)


RULES = (
    _down("dns.fails_everywhere", "The name does not resolve here, nor for most controls.", Layer.DNS, _name_fails),
    _down(
        "tcp.fails_everywhere",
        "No address can be connected to here, and most controls come no further.",
        Layer.TCP,
        _connections_fail,
    ),
    _down(
        "tls.certificate_fails_everywhere",
        "The site's certificate is not valid, here and for most controls: a fault of the site.",
        Layer.TLS,
        _certificate_fails,
    ),
    _down(
        "tls.fails_everywhere",
        "No handshake succeeds here, and most controls come no further.",
        Layer.TLS,
        _handshakes_fail,
    ),
    _down(
        "http.fails_everywhere",
        "The request is not answered here, and most controls come no further.",
        Layer.HTTP,
        _requests_fail,
    ),
    _down(
        "http.server_error_everywhere",
        "The server answers with an error of its own (5xx), here and to most controls.",
        Layer.HTTP,
        _server_error,
    ),
    _down("control.fails_too", "No page here, and none at most controls, in different ways.", None, _all_fail_somehow),
)

UNDECIDED = (
    Rule(
        id="control.none",
        why="No control vantage point measured this, so a failure here cannot be told from one of the site.",
        state=State.INSUFFICIENT,
        matches=_nobody_asked,
    ),
    Rule(
        id="control.divided",
        why="As many controls get the page as do not.",
        state=State.INSUFFICIENT,
        matches=_divided,
    ),
    Rule(
        id="control.suspect_addresses",
        why="It failed at addresses that nobody else is given, which proves nothing, and no others were tried.",
        state=State.INSUFFICIENT,
        evidence=Evidence.NONE,
        matches=_unvouched,
    ),
)

LAST = (
    Rule(
        id="control.undecided",
        why="What was seen fits no reading that the evidence would carry.",
        state=State.INSUFFICIENT,
        matches=_always,
    ),
)
