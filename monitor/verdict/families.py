"""Addresses of version 4 and of version 6 apart: whether connections and handshakes work over each of them."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.model import Layer, Observation, State
from monitor.verdict import words
from monitor.verdict.addresses import is_v6
from monitor.verdict.case import Case
from monitor.verdict.hop import Hop
from monitor.verdict.names import host_of, same_site
from monitor.verdict.rule import Rule


def family(case: Case, rule: Rule, *, v6: bool) -> State | None:
    """What a measurement says of the site's addresses of one version; None where none of them was dialled.

    Connections and handshakes count, at addresses that are vouched for; where `rule`, which speaks for the whole,
    speaks of an answer, the version that it came over shares its state. A place without IPv6, or one that cannot be
    believed, gives `insufficient`. Controls count where they dialled the same address, and for IPv6 only those that
    have it; their whole walk answers for them where one version alone was dialled here.
    """
    if v6 and case.without_ipv6:
        return State.INSUFFICIENT
    own = (hop for hop in case.hops if same_site(hop.host, host_of(case.url)))
    states = [state for hop in own if (state := _at(hop, case, v6=v6)) is not None]
    if not states:
        return None
    if rule.id.startswith("vantage."):
        return State.INSUFFICIENT
    return next((state for state in states if state is not State.OK), None) or _answered(case, rule, v6=v6)


def _answered(case: Case, rule: Rule, *, v6: bool) -> State:
    """The state of a version over which everything up to the request works; the answer may be amiss, or its pace."""
    fetches = case.last.fetches
    if rule.state is State.OK or rule.layer not in (Layer.TLS, Layer.HTTP) or not fetches:
        return State.OK
    return rule.state if _of(fetches, v6=v6) else State.INSUFFICIENT


def _at(hop: Hop, case: Case, *, v6: bool) -> State | None:
    dialled = _of(hop.connects, v6=v6)
    if not dialled:
        return None
    ends = [end for one in hop.at(hop.trusted, of=dialled) if (end := _end(hop, one)) is not None]
    if any(end.failure is None for end in ends):
        return State.OK
    alone = len(dialled) == len(hop.connects)
    said = {_beside(end, case, v6=v6, alone=alone) for end in ends if end.failure not in words.LOCAL}
    return next((state for state in (State.BLOCKED, State.DOWN) if state in said), State.INSUFFICIENT)


def _end(hop: Hop, connect: Observation) -> Observation | None:
    """How far one address let itself be reached; None where the handshake that should have followed is not known."""
    if connect.failure is not None or not hop.secure:
        return connect
    mine = [one for one in hop.at(connect.addresses, of=hop.handshakes) if one.server_name.lower() in {hop.host, ""}]
    return next((one for one in mine if one.failure is None), next(iter(mine), None))


def _beside(end: Observation, case: Case, *, v6: bool, alone: bool) -> State:
    """What most controls that looked make of a failure."""
    if not end.control.asked and alone:
        works, fails = case.contrary(end), case.shared(end)
    else:
        unable = words.UNREACHABLE | words.LOCAL if v6 else words.LOCAL
        failed = sum(words.plain(one) not in unable for one in end.control.failures)
        works, fails = end.control.ok > failed, failed > end.control.ok
    if works:
        return State.BLOCKED
    return State.DOWN if fails else State.INSUFFICIENT


def _of(observations: Iterable[Observation], *, v6: bool) -> tuple[Observation, ...]:
    """Those at addresses of one version; old imported documents do not tell where a request went."""
    return tuple(one for one in observations if one.addresses and one.addresses[0] and is_v6(one.addresses[0]) is v6)
