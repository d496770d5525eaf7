"""Names that were answered falsely: two answers to one question, or one that cannot be right.

A mismatch alone is never blocking: content networks answer different places with different addresses.
"""

from __future__ import annotations

from monitor.model import Health, Observation
from monitor.verdict import words
from monitor.verdict.addresses import is_bogon
from monitor.verdict.case import Case
from monitor.verdict.hop import Hop
from monitor.verdict.likeness import Likeness
from monitor.verdict.readings.proof import page_proved
from probes.model import Datagram


def raced(case: Case, *, kind: str) -> Observation | None:
    """The lookup that was answered twice, first or later with a false answer of that kind (bogon, nxdomain, other)."""
    found = ((one, _forged(one, hop), hop) for hop in case.doubtful for one in hop.lookups)
    return next((one for one, forged, hop in found if forged is not None and _kind(forged, hop) == kind), None)


def raced_in_vain(case: Case) -> Observation | None:
    """The page is reached all the same: the lie came too late, was told of another resolver, or leads to a relay."""
    if page_proved(case) is None:
        return None
    return next((one for hop in case.hops for one in hop.lookups if _forged(one, hop) is not None), None)


def is_raced(hop: Hop) -> bool:
    """Whether a question for the hop's name was answered truly and falsely."""
    return any(_forged(one, hop) is not None for one in hop.lookups)


def _forged(lookup: Observation, hop: Hop) -> Datagram | None:
    """The first answer that contradicts another answer to the same question, where that other one is vouched for.

    A content network's resolver may answer a question that was sent twice with two of many addresses. So a false
    answer that is neither a denial nor a special address must also have come another way than the true one.
    """
    answers = [one for one in lookup.datagrams if not one.malformed]
    true = [one for one in answers if _addresses(one) & hop.trusted]
    false = [one for one in answers if not _addresses(one) & hop.trusted]
    if not true:
        return None
    told = (one for one in false if _kind(one, hop) != "other" or all(_came_apart(one, other) for other in true))
    return next(told, None)


def _came_apart(one: Datagram, other: Datagram) -> bool:
    """Whether two answers were sent from different places or programs: another distance (IP TTL), other flags."""
    if None not in (one.ip_ttl, other.ip_ttl) and one.ip_ttl != other.ip_ttl:
        return True
    return (one.edns, one.authoritative, one.rcode) != (other.edns, other.authoritative, other.rcode)


def _kind(datagram: Datagram, hop: Hop) -> str:
    if datagram.rcode == 3:
        return "nxdomain"
    special = not _in_a_lab(hop) and any(is_bogon(address) for address in _addresses(datagram))
    return "bogon" if special else "other"


def _in_a_lab(hop: Hop) -> bool:
    """Whether the site's true addresses are special ones themselves, so that their being special proves nothing."""
    return any(is_bogon(address) for address in hop.trusted)


def _addresses(datagram: Datagram) -> set[str]:
    return {answer.value for answer in datagram.answers if answer.type in {"A", "AAAA"}}


def special_address(case: Case) -> Observation | None:
    """A special address in place of a public one; in a lab only one that was never dialled."""
    for hop in case.doubtful:
        screened = {one.addresses[0] for one in hop.screened}
        false = {one for one in hop.suspects if one in screened or (not _in_a_lab(hop) and is_bogon(one))}
        found = next((one for one in hop.asked if false & set(one.addresses)), None)
        if found:
            return found
    return None


def known_address(case: Case) -> Observation | None:
    """An address in the place of the site's that is known from here as a notice's."""
    for hop in case.doubtful:
        if case.fingerprints.address(hop.suspects, case.country, case.network):
            return next((one for one in hop.asked if set(one.addresses) & set(hop.suspects)), None)
    return None


def known_notice_at_suspect(case: Case) -> Observation | None:
    """A known notice, in the clear, at an address that nobody else is given."""
    seen = _page_at_suspect(case)
    return seen if seen and seen.page and case.notice(seen.page) else None


def notice_at_suspect(case: Case, *, healthy: bool) -> Observation | None:
    """Another page, in the clear, at an address that nobody else is given, and that another resolver here denies.

    Where only one resolver was asked, the site itself may serve this country from there. Whether the resolver answers
    so for every name (a portal before its login does) only the innocuous targets tell: `healthy` asks for them, or for
    two answers to one question.
    """
    seen = _page_at_suspect(case)
    told = case.astray or case.likeness() is Likeness.DIFFERENT
    raced = is_raced(case.last)
    alone = case.health is Health.HEALTHY or raced or not healthy
    return seen if told and alone and (case.last.contradicted or raced) else None


def _page_at_suspect(case: Case) -> Observation | None:
    hop = case.last
    if hop.secure or hop.page is None or not case.at_suspect or case.fingerprints.parked(hop.page):
        return None
    return hop.fetch if case.others_succeed else None


def wrong_certificate_at_suspect(case: Case) -> Observation | None:
    """The addresses given here show another's certificate, while an address that is vouched for shows the right one."""
    for hop in case.doubtful:
        wrong = hop.at(hop.suspects, of=hop.handshakes)
        if wrong and hop.verified and all(one.failure in words.ANOTHERS for one in wrong):
            return wrong[0] if case.others_succeed else None
    return None


def dead_end(case: Case) -> Observation | None:
    """The addresses given here lead nowhere, while one that is vouched for leads to the site."""
    for hop in case.doubtful:
        tried = hop.at(hop.suspects, of=(*hop.connects, *hop.handshakes))
        dead = any(one.failure for one in tried) and not hop.at(hop.suspects, of=hop.verified)
        elsewhere = hop.page and not hop.fetched_at & set(hop.suspects)
        if dead and elsewhere and (hop.certified or not hop.secure) and case.others_succeed:
            return next(one for one in tried if one.failure)
    return None
