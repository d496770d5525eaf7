"""Can this place be believed? A measurement by a sick vantage point says nothing, whatever it shows."""

from __future__ import annotations

from functools import partial

from monitor.model import Health, Layer, Locus, Observation, State
from monitor.verdict import words
from monitor.verdict.addresses import is_v6
from monitor.verdict.case import Case
from monitor.verdict.likeness import is_portal
from monitor.verdict.rule import Rule


def _has_health(case: Case, *, health: Health) -> Observation | None:
    """Innocuous targets are judged all the same: health is read from them."""
    return case.whole if case.health is health and not case.innocuous else None


def _measured_nothing(case: Case) -> Observation | None:
    return None if case.observations else case.whole


def _reached_nothing(case: Case) -> Observation | None:
    return None if case.whole.reached else case.whole


def _has_no_ipv6(case: Case) -> Observation | None:
    """Only IPv6 addresses, and no route to any: the connections were left out of the hop, see `case.py`."""
    hop = case.last
    only_v6 = hop.default and all(is_v6(address) for address in hop.default | hop.trusted)
    stranded = only_v6 and not hop.connects and not hop.screened
    return case.whole if stranded and case.whole.failure in words.UNREACHABLE | words.LOCAL else None


def _refused_by_itself(case: Case) -> Observation | None:
    tried = case.last.connects
    return tried[0] if tried and all(one.failure in words.LOCAL for one in tried) else None


def _was_late(case: Case) -> Observation | None:
    """Only where there is no page: what was reached in spite of it was reached."""
    timed_out = any(one.failure in words.TIMEOUT for one in case.observations)
    return case.whole if case.whole.late and timed_out and case.whole.failure is not None else None


def _distrusts_the_true_certificate(case: Case) -> Observation | None:
    tried = case.last.handshakes
    if not tried or any(one.failure not in words.CERTIFICATE for one in tried):
        return None
    return next((one for one in tried if one.certificate in one.control.certificates), None)


def _login_is_asked_for(case: Case) -> Observation | None:
    """An answer in the clear that only a portal gives: its own status, or the marks by which programs log in."""
    shown = ((hop, hop.page) for hop in case.hops if not hop.secure)
    return next((hop.fetch for hop, page in shown if page and is_portal(page)), None)


RULES = (
    Rule(
        id="vantage.offline",
        why="The vantage point reaches nothing at all, so what fails here says nothing of the target.",
        state=State.INSUFFICIENT,
        matches=partial(_has_health, health=Health.OFFLINE),
    ),
    Rule(
        id="vantage.sick",
        why="Sites that nobody blocks fail here as well, so what fails here says nothing of the target.",
        state=State.INSUFFICIENT,
        matches=partial(_has_health, health=Health.SICK),
    ),
    Rule(
        id="vantage.no_ipv6",
        why="The name has IPv6 addresses only, and this place has no route to any IPv6 address.",
        state=State.INSUFFICIENT,
        layer=Layer.TCP,
        matches=_has_no_ipv6,
    ),
    Rule(
        id="vantage.nothing_measured",
        why="The measurement has no steps.",
        state=State.INSUFFICIENT,
        matches=_measured_nothing,
    ),
    Rule(
        id="vantage.nothing_reached",
        why="Nobody answered anything: no resolver, no address. A vantage point without an uplink looks the same.",
        state=State.INSUFFICIENT,
        matches=_reached_nothing,
    ),
    Rule(
        id="vantage.local_fault",
        why="This machine itself refused to connect (no interface, no permission, no buffers); nothing was sent.",
        state=State.INSUFFICIENT,
        layer=Layer.TCP,
        matches=_refused_by_itself,
    ),
    Rule(
        id="vantage.captive_portal",
        why="In the place of the page this network asks for a login, as portals do for every page until somebody has.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        matches=_login_is_asked_for,
    ),
    Rule(
        id="vantage.clock_or_roots",
        why="The certificate that controls verify fails here: this machine's clock or root store must be wrong.",
        state=State.INSUFFICIENT,
        layer=Layer.TLS,
        locus=Locus.UNKNOWN,
        matches=_distrusts_the_true_certificate,
    ),
    Rule(
        id="vantage.late",
        why="This machine was too busy to hear the answers in time, so that its time-outs say nothing of the target.",
        state=State.INSUFFICIENT,
        matches=_was_late,
    ),
)
