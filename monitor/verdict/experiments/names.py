"""What `dns_consistency` shows: whose answers differ, and whether that can be anything but a lie.

Different addresses alone are never a lie: content networks answer different places differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.model import Layer, Locus
from monitor.verdict import words
from monitor.verdict.addresses import is_bogon, neighbours
from monitor.verdict.experiments.reading import Reading, indices
from probes.model import Datagram, DNSLookup, Measurement, Purpose

_PLAIN = ("system", "udp", "tcp")
_WITNESSES = ("doh", "tcp")
"""Whose answers are set against the others': nobody on the path can change the first, and hardly anybody does the
second."""
_RCODES = words.NXDOMAIN | words.REFUSES | words.EMPTY
_WITHHELD = _RCODES | words.SERVFAIL | words.TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All lookups of one measurement, found by what they were made for."""

    lookups: tuple[DNSLookup, ...]

    def to(self, purpose: Purpose, *engines: str) -> tuple[DNSLookup, ...]:
        """The lookups of one purpose, of those engines, in the order of the engines."""
        found = [one for one in self.lookups if one.purpose is purpose and one.engine in engines]
        return tuple(sorted(found, key=lambda one: engines.index(one.engine)))

    def clean(self, lookup: DNSLookup) -> bool:
        """Whether the same resolver answered for the innocuous name before and after."""
        around = [*self.to(Purpose.BEFORE, lookup.engine), *self.to(Purpose.AFTER, lookup.engine)]
        return len(around) > 1 and all(one.failure is None for one in around)

    def witness(self, lookup: DNSLookup) -> DNSLookup | None:
        """The answer to the same question that came another way: over HTTPS or, failing that, over TCP."""
        asked = self.to(Purpose.VISIT, *(engine for engine in _WITNESSES if engine != lookup.engine))
        return next((one for one in asked if one.query_type == lookup.query_type and one.failure is None), None)

    def usable(self, engine: str) -> bool:
        """Whether a resolver gave an address of either family: many leave out IPv6 for reasons of their own."""
        return any(one.failure is None for one in self.to(Purpose.VISIT, engine))

    @property
    def questions(self) -> tuple[DNSLookup, ...]:
        """The lookups of the target's name that went in clear."""
        return self.to(Purpose.VISIT, *_PLAIN)


Seen = DNSLookup | None


def _answered(one: DNSLookup) -> bool:
    return any(not each.stray and not each.malformed for each in one.datagrams) or one.rcode is not None


def _from_nowhere(answers: Answers, *, innocuous: bool) -> Seen:
    """An answer from an address that runs no DNS, where the innocuous name got one from there too, or none."""
    for one in answers.to(Purpose.NO_SERVER, "udp"):
        others = [each for each in answers.to(Purpose.NO_SERVER_INNOCUOUS, "udp") if each.resolver == one.resolver]
        if _answered(one) and others and any(map(_answered, others)) is innocuous:
            return one
    return None


def _raced(answers: Answers) -> Seen:
    """Two answers to one question, of which one agrees with the witness and the other has nothing of it."""
    for one in answers.questions:
        witness = answers.witness(one)
        heard = [each for each in one.datagrams if not each.stray and not each.malformed]
        if witness is None or len(heard) < 2:
            continue
        agreeing = [_agrees(_addresses(each), witness.addresses) for each in heard]
        if any(agreeing) and not all(agreeing):
            return one
    return None


def _withheld(answers: Answers, *, by_rcode: bool) -> Seen:
    """No address of the target's from a resolver that has one of the innocuous name, while a witness has."""
    failures = _RCODES if by_rcode else _WITHHELD
    suspects = (
        one
        for one in answers.questions
        if one.failure in failures and answers.clean(one) and not answers.usable(one.engine)
    )
    return next((one for one in suspects if answers.witness(one) is not None), None)


def _special(answers: Answers) -> Seen:
    """An address that no public site has, where the witness gives one that can be."""
    for one in answers.questions:
        witness = answers.witness(one)
        if witness is None or not answers.clean(one) or any(map(is_bogon, witness.addresses)):
            continue
        if one.failure is None and any(map(is_bogon, one.addresses)):
            return one
    return None


def _resolver_fails(answers: Answers) -> Seen:
    """The system's resolver fails for the innocuous name, too."""
    around = [*answers.to(Purpose.BEFORE, "system"), *answers.to(Purpose.AFTER, "system")]
    return next((one for one in around if one.failure is not None), None)


def _authority(answers: Answers) -> Seen:
    """The name fails in the clear, and in the same way over HTTPS, where nobody on the path can have a hand in it."""
    for one in answers.questions:
        same = [each for each in answers.to(Purpose.VISIT, "doh") if each.query_type == one.query_type]
        if (
            one.query_type == "A"
            and one.failure in _WITHHELD - words.TIMEOUT
            and any(each.failure == one.failure for each in same)
        ):
            return one
    return None


def _no_witness(answers: Answers) -> Seen:
    """Nobody vouches for an answer: DNS over HTTPS and TCP fail for the innocuous name, too."""
    asked = answers.to(Purpose.BEFORE, *_WITNESSES)
    return next(iter(asked), None) if asked and all(one.failure is not None for one in asked) else None


def _differs(answers: Answers) -> Seen:
    for one in answers.to(Purpose.VISIT, "system"):
        witness = answers.witness(one)
        if one.failure is None and witness is not None and not _agrees(one.addresses, witness.addresses):
            return one
    return None


def _same(answers: Answers) -> Seen:
    for one in answers.to(Purpose.VISIT, "system"):
        witness = answers.witness(one)
        if one.failure is None and witness is not None and _agrees(one.addresses, witness.addresses):
            return one
    return None


def _agrees(some: Iterable[str], others: Iterable[str]) -> bool:
    known = tuple(others)
    return any(address in known or neighbours(address, known) for address in some)


def _addresses(datagram: Datagram) -> tuple[str, ...]:
    return tuple(answer.value for answer in datagram.answers if answer.type in {"A", "AAAA"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    id: str
    why: str
    matches: Callable[[Answers], Seen]
    technique: Callable[[DNSLookup], str] | None = None
    decisive: bool = False
    exonerating: bool = False


def _injected(one: DNSLookup) -> str:
    """What an injector answered: denial, an address that cannot be, or another one."""
    answers = [each for each in one.datagrams if not each.stray and not each.malformed]
    if any(is_bogon(address) for each in answers for address in _addresses(each)):
        return "dns.injection.bogon"
    return "dns.nxdomain" if any(each.rcode == 3 for each in answers) else "dns.injection"


def _kept_back(one: DNSLookup) -> str:
    failure = one.failure or ""
    named = {
        "dns.nxdomain": words.NXDOMAIN,
        "dns.refused": words.REFUSES | words.SERVFAIL,
        "dns.timeout": words.TIMEOUT,
    }
    return next((technique for technique, failures in named.items() if failure in failures), "dns")


RULES = (
    _Rule(
        id="injected_from_nowhere",
        why="An address that runs no DNS answers for the target's name, and is silent for an innocuous one: the answer "
        "was written on the way.",
        matches=lambda answers: _from_nowhere(answers, innocuous=False),
        technique=_injected,
        decisive=True,
    ),
    _Rule(
        id="raced",
        why="One question got two answers, of which only one agrees with what came another way.",
        matches=_raced,
        technique=_injected,
        decisive=True,
    ),
    _Rule(
        id="denied",
        why="A resolver that answers for an innocuous name before and after denies the target's, which does exist.",
        matches=lambda answers: _withheld(answers, by_rcode=True),
        technique=_kept_back,
        decisive=True,
    ),
    _Rule(
        id="special_address",
        why="A resolver gives an address that no public site has, and another way gives one that can be.",
        matches=_special,
        technique=lambda _: "dns.injection.bogon",
        decisive=True,
    ),
    _Rule(
        id="withheld",
        why="A resolver that answers for an innocuous name before and after fails, or is silent, for the target's.",
        matches=lambda answers: _withheld(answers, by_rcode=False),
        technique=_kept_back,
    ),
    _Rule(
        id="resolver_fails",
        why="The system's resolver fails for an innocuous name, too: nothing can be said of the target's.",
        matches=_resolver_fails,
        exonerating=True,
    ),
    _Rule(
        id="authority",
        why="The name fails over HTTPS in the same way, so its own servers say so.",
        matches=_authority,
    ),
    _Rule(
        id="proxy",
        why="An address that runs no DNS answers for every name: somebody answers all questions here, and nothing "
        "shows that the target's gets another treatment.",
        matches=lambda answers: _from_nowhere(answers, innocuous=True),
    ),
    _Rule(
        id="no_witness",
        why="Neither DNS over HTTPS nor TCP answers for an innocuous name: nobody vouches for the others' answers.",
        matches=_no_witness,
    ),
    _Rule(
        id="differs",
        why="The system's resolver gives other addresses; content networks do so, and it proves nothing.",
        matches=_differs,
    ),
    _Rule(id="agrees", why="The system's resolver and a way that cannot be forged agree.", matches=_same),
)
"""First match speaks."""

_UNCLEAR = "Too few of the questions were answered to compare anything."


def read_dns_consistency(measurement: Measurement) -> Reading:
    """What a `dns_consistency` shows; never raises for what a network did."""
    answers = Answers(lookups=tuple(step for step in measurement.steps if isinstance(step, DNSLookup)))
    for rule in RULES:
        seen = rule.matches(answers)
        if seen is not None:
            return _reading(measurement, rule, seen)
    return Reading(rule_id="dns_consistency.unclear", why=_UNCLEAR)


def _reading(measurement: Measurement, rule: _Rule, seen: DNSLookup) -> Reading:
    technique = rule.technique(seen) if rule.technique else None
    return Reading(
        rule_id=f"dns_consistency.{rule.id}",
        why=rule.why,
        technique=technique,
        layer=Layer.DNS if technique or rule.exonerating else None,
        locus=Locus.NETWORK if rule.decisive else Locus.UNKNOWN,
        decisive=rule.decisive,
        exonerating=rule.exonerating,
        steps=indices(measurement, lambda step: step == seen),
    )
