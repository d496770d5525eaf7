"""Names: forged, withheld, or never answered. A mismatch alone is never blocking: content networks vary theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial

from monitor.model import Evidence, Layer, Locus, Observation, Standing, State
from monitor.verdict import words
from monitor.verdict.addresses import is_bogon, is_v6
from monitor.verdict.case import Case
from monitor.verdict.fingerprints import recognise
from monitor.verdict.hop import Hop
from monitor.verdict.likeness import Likeness
from monitor.verdict.rule import Rule
from monitor.verdict.rules.proof import page_proved
from probes.model import Datagram


def _doubtful(case: Case) -> Iterator[Hop]:
    """Hops whose name controls resolve, and whose default addresses no certificate and nobody else vouches for."""
    for hop in case.hops:
        resolved = any(one.control.ok > one.control.failed for one in hop.lookups)
        if resolved and not hop.cleared and not hop.default & hop.trusted:
            yield hop


def _asked(hop: Hop) -> tuple[Observation, ...]:
    """The lookups that a reader's programs depend on, A before AAAA."""
    system = tuple(one for one in hop.lookups if one.engine == "system") or hop.lookups
    return tuple(sorted(system, key=lambda one: one.query_type == "AAAA"))


# Two answers to one question


def _raced(case: Case, *, kind: str) -> Observation | None:
    found = ((one, _forged(one, hop)) for hop in _doubtful(case) for one in hop.lookups)
    return next((one for one, forged in found if forged is not None and _kind(forged) == kind), None)


def _raced_elsewhere(case: Case) -> Observation | None:
    """The page is reached all the same: only a resolver that the system does not use was lied about."""
    if page_proved(case) is None:
        return None
    return next((one for hop in case.hops for one in hop.lookups if _forged(one, hop) is not None), None)


def _forged(lookup: Observation, hop: Hop) -> Datagram | None:
    """The first answer that contradicts another answer to the same question, where that other one is vouched for."""
    answers = [one for one in lookup.datagrams if not one.malformed]
    false = [one for one in answers if not _addresses(one) & hop.trusted]
    return false[0] if false and len(false) < len(answers) else None


def _kind(datagram: Datagram) -> str:
    if datagram.rcode == 3:
        return "nxdomain"
    return "bogon" if any(is_bogon(address) for address in _addresses(datagram)) else "other"


def _addresses(datagram: Datagram) -> set[str]:
    return {answer.value for answer in datagram.answers if answer.type in {"A", "AAAA"}}


# An answer that cannot be right


def _bogon(case: Case) -> Observation | None:
    """A special address in place of a public one. In a lab all addresses are special: only a screened one counts."""
    for hop in _doubtful(case):
        screened = {one.addresses[0] for one in hop.screened}
        lab = any(is_bogon(address) for address in hop.trusted)
        false = {address for address in hop.suspects if address in screened or (not lab and is_bogon(address))}
        found = next((one for one in _asked(hop) if false & set(one.addresses)), None)
        if found:
            return found
    return None


def _notice_at_suspect(case: Case) -> Observation | None:
    hop = case.last
    if hop.secure or hop.page is None or hop.fetch is None or not any(one is hop for one in _doubtful(case)):
        return None
    told = case.astray or case.likeness() is Likeness.DIFFERENT or recognise(hop.page, case.country) is not None
    return hop.fetch if told and case.others_succeed and hop.fetched_at & set(hop.suspects) else None


def _wrong_certificate_at_suspect(case: Case) -> Observation | None:
    """The addresses given here show another's certificate, while an address that is vouched for shows the right one."""
    for hop in _doubtful(case):
        wrong = hop.at(hop.suspects, of=hop.handshakes)
        if wrong and hop.verified and all(one.failure in words.CERTIFICATE for one in wrong):
            return wrong[0] if case.others_succeed else None
    return None


def _dead_end(case: Case) -> Observation | None:
    """The addresses given here lead nowhere, while one that is vouched for leads to the site."""
    for hop in _doubtful(case):
        tried = hop.at(hop.suspects, of=(*hop.connects, *hop.handshakes))
        dead = any(one.failure for one in tried) and not hop.at(hop.suspects, of=hop.verified)
        elsewhere = hop.page and not hop.fetched_at & set(hop.suspects)
        if dead and elsewhere and (hop.certified or not hop.secure) and case.others_succeed:
            return next(one for one in tried if one.failure)
    return None


# No answer of use

_NAMED = words.NXDOMAIN | words.REFUSES | words.SERVFAIL | words.EMPTY | words.TIMEOUT


def _withheld(case: Case, *, failures: Collection[str]) -> Observation | None:
    """The system's resolver has no usable address, most controls have one, and DNS over HTTPS does not agree."""
    seen = _unresolved(case)
    return seen if seen and seen.failure in failures and not _doh_agrees(case, seen) else None


def _otherwise(case: Case) -> Observation | None:
    seen = _unresolved(case)
    return seen if seen and seen.failure not in _NAMED and not _doh_agrees(case, seen) else None


def _silent(case: Case) -> Observation | None:
    """As `_withheld`; but silence counts only where another resolver did answer in the same measurement."""
    seen = _withheld(case, failures=words.TIMEOUT)
    answered = any(one.failure is None for one in case.observations if one.layer is Layer.DNS and not one.screened)
    return seen if answered else None


def _authority_agrees(case: Case) -> Observation | None:
    seen = _unresolved(case)
    return seen if seen and _doh_agrees(case, seen) else None


def _unresolved(case: Case) -> Observation | None:
    for hop in case.hops:
        if hop.cleared or _usable(hop):
            continue
        found = next((one for one in _asked(hop) if one.failure and case.contrary(one)), None)
        if found:
            return found
    return None


def _usable(hop: Hop) -> bool:
    """Whether the system gave an address that can be dialled here; IPv6 ones cannot where there is no IPv6."""
    dialled = {one.addresses[0] for one in hop.connects}
    return any(not is_v6(address) or address in dialled for address in hop.default)


def _doh_agrees(case: Case, seen: Observation) -> bool:
    """An answer inside TLS was not forged on the path: the name's own servers say so here."""
    if seen.failure in words.TIMEOUT:
        return False
    question = (seen.subject, seen.query_type)
    said = [one for one in case.observations if one.engine == "doh" and (one.subject, one.query_type) == question]
    return any(one.failure == seen.failure for one in said)


def _exists_only_here(case: Case) -> Observation | None:
    """Controls are told that the name does not exist, and here it has an address."""
    for hop in case.hops:
        for one in _asked(hop):
            denied = all(words.plain(failure) in words.NXDOMAIN for failure in one.control.failures)
            if one.failure is None and one.standing is Standing.CONTRARY and denied and not hop.verified:
                return one
    return None


REACHED_ALL_THE_SAME = (
    Rule(
        id="dns.injection.other_resolver",
        why="The site is reached, but a question to another resolver was answered twice, once falsely, on the way.",
        state=State.OK,
        layer=Layer.DNS,
        technique="dns.injection",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=_raced_elsewhere,
    ),
)

RULES = (
    Rule(
        id="dns.injection.raced_bogon",
        why="One question got two answers: one names an address that no public site has, the other is vouched for.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.bogon",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(_raced, kind="bogon"),
    ),
    Rule(
        id="dns.injection.raced_nxdomain",
        why="One question got two answers: one denies that the name exists, the other is vouched for.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.nxdomain",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(_raced, kind="nxdomain"),
    ),
    Rule(
        id="dns.injection.raced",
        why="One question got two answers that contradict each other, and only one of them is vouched for.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(_raced, kind="other"),
    ),
    Rule(
        id="dns.bogon.controls_differ",
        why="The system's resolver gives an address that no public site has, and the controls are given others.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.bogon",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=_bogon,
    ),
    Rule(
        id="dns.blockpage.suspect_address",
        why="The system's resolver leads to an address that nobody else is given, and another page is served there.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=_notice_at_suspect,
    ),
    Rule(
        id="dns.certificate.suspect_address",
        why="At the address given here the certificate is not the site's; at the address given elsewhere it is.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.other",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=_wrong_certificate_at_suspect,
    ),
    Rule(
        id="dns.address.dead_end",
        why="The addresses given here, which nobody else is given, lead nowhere; another resolver's address works.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns",
        evidence=Evidence.AMBIGUOUS,
        matches=_dead_end,
    ),
    Rule(
        id="dns.nxdomain.controls_resolve",
        why="The system's resolver denies that the name exists; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.nxdomain",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(_withheld, failures=words.NXDOMAIN),
    ),
    Rule(
        id="dns.refused.controls_resolve",
        why="The system's resolver refuses to answer for this name; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.refused",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(_withheld, failures=words.REFUSES),
    ),
    Rule(
        id="dns.servfail.controls_resolve",
        why="The system's resolver says that it cannot answer for this name; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.refused",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(_withheld, failures=words.SERVFAIL),
    ),
    Rule(
        id="dns.no_answer.controls_resolve",
        why="The system's resolver knows the name but gives no address; most controls are given one.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(_withheld, failures=words.EMPTY),
    ),
    Rule(
        id="dns.timeout.controls_resolve",
        why="The system's resolver is silent about this name while another resolver answers; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.timeout",
        evidence=Evidence.AMBIGUOUS,
        matches=_silent,
    ),
    Rule(
        id="dns.failed.controls_resolve",
        why="The system's resolver fails for this name in another way; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns",
        evidence=Evidence.AMBIGUOUS,
        matches=_otherwise,
    ),
)

UNDECIDED = (
    Rule(
        id="dns.authority_agrees",
        why="DNS over HTTPS, which this network cannot forge, says the same as the system's resolver; controls differ.",
        state=State.INSUFFICIENT,
        layer=Layer.DNS,
        matches=_authority_agrees,
    ),
    Rule(
        id="dns.exists_only_here",
        why="The name exists for no control and yet has an address here: an ISP that rewrites denials does so too.",
        state=State.DOWN,
        layer=Layer.DNS,
        matches=_exists_only_here,
    ),
)
