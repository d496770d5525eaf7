"""What `hop` shows: at which router the fate of the target's name parts from that of an innocuous one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from monitor.model import Layer, Locus
from monitor.verdict import words
from monitor.verdict.experiments.reading import Reading, indices
from probes.model import Measurement, Purpose, TTLTrial

_HOPS_USED_UP = frozenset({(11, 0), (3, 0)})
"""ICMP time exceeded in transit: RFC 792 for IPv4, RFC 4443 §3.3 for IPv6, whose own type 3 it is."""
_GIVEN_UP = "host_unreachable"
_INNOCUOUS = frozenset({Purpose.SITE, Purpose.INNOCUOUS_AT_TARGET, Purpose.BEFORE})
_METHODS = ("tls", "http", "dns", "syn")
"""The order in which a difference is told: where a name is what differs, that says more than an address."""


class Fate(IntEnum):
    """What became of a message; of several with the same number of hops the greatest counts."""

    SILENT = 0
    EXPIRED = 1
    """A router used up its last hop, and said so."""
    UNREACHABLE = 2
    """A router refused it."""
    CLOSED = 3
    RESET = 4
    ANSWERED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Where the two ways of one kind of message part: at the router that is reached with `hops`.

    The box is that router or stands on the line that leads to it. It may be as early as `earliest`, where routers in
    between said nothing under either name.
    """

    method: str
    address: str
    hops: int
    earliest: int
    trigger: Fate
    innocuous: Fate
    router: str = ""
    """How that router calls itself, where it was told."""
    differing: int = 0
    """With how many numbers of hops, short of where the innocuous one arrives, the fates differ; 0: only there."""

    @property
    def decisive(self) -> bool:
        """Whether only the network can have done it: the names went to one address, and the server saw neither.

        Silence may be chance, so it must be seen with two numbers of hops at least.
        """
        return self.method != "syn" and self.differing > (1 if self.trigger is Fate.SILENT else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayReading:
    """A reading of the first parting, all partings, and the routers that told their addresses, by hops."""

    reading: Reading
    partings: tuple[Parting, ...] = ()
    routers: Mapping[int, str] = field(default_factory=dict)


def read_hop(measurement: Measurement) -> WayReading:
    """What a `hop` shows; never raises for what a network did."""
    trials = [step for step in measurement.steps if isinstance(step, TTLTrial)]
    routers = _routers(trials)
    ways = [way for method in _METHODS for way in _ways(method, [one for one in trials if one.method == method])]
    found = [(way, parted) for way in ways if (parted := _parted(way)) is not None]
    partings = tuple(_parting(way, hops, earliest, routers) for way, (hops, earliest) in found)
    first = next((one for one in partings if one.differing), next(iter(partings), None))
    return WayReading(
        reading=_reading(measurement, first, comparable=any(way.innocuous for way in ways)),
        partings=partings,
        routers=routers,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """The fates of one kind of message to one address, by hops, under both names."""

    method: str
    address: str
    trigger: Mapping[int, Fate]
    innocuous: Mapping[int, Fate]
    refusing: str
    """The router that refused the trigger, where one did and was told."""

    @property
    def both(self) -> list[tuple[int, Fate, Fate]]:
        """Numbers of hops that were tried under both names, with the trigger's fate and the other one's."""
        tried = sorted(self.trigger.keys() & self.innocuous.keys())
        return [(hops, self.trigger[hops], self.innocuous[hops]) for hops in tried]


def _ways(method: str, trials: Sequence[TTLTrial]) -> list[_Way]:
    """One for each address that was shown the trigger; SYNs are compared with those to another site's address."""
    ways = []
    for address in dict.fromkeys(one.address for one in trials if one.purpose not in _INNOCUOUS):
        own = [one for one in trials if one.address == address and one.purpose not in _INNOCUOUS]
        beside = [one for one in trials if one.purpose in _INNOCUOUS and _is_beside(one, address)]
        refusing = (one.router for one in own if one.router and _fate(one) is Fate.UNREACHABLE)
        way = _Way(
            method=method,
            address=address,
            trigger=_fates(own),
            innocuous=_fates(beside),
            refusing=next(refusing, ""),
        )
        ways.append(way)
    return ways


def _is_beside(trial: TTLTrial, address: str) -> bool:
    if trial.purpose is Purpose.SITE:
        return (":" in trial.address) == (":" in address)
    return trial.address == address


def _fates(trials: Iterable[TTLTrial]) -> dict[int, Fate]:
    fates: dict[int, Fate] = {}
    for one in trials:
        fates[one.ttl] = max(fates.get(one.ttl, Fate.SILENT), _fate(one))
    return fates


def _fate(trial: TTLTrial) -> Fate:
    if trial.failure is None:
        return Fate.ANSWERED
    if trial.failure in words.RESET | words.REFUSED:
        return Fate.RESET
    if trial.failure in words.EOF:
        return Fate.CLOSED
    if trial.failure == _GIVEN_UP and (trial.icmp is None or trial.icmp in _HOPS_USED_UP):
        return Fate.EXPIRED
    return Fate.UNREACHABLE if trial.failure in words.UNREACHABLE else Fate.SILENT


def _routers(trials: Iterable[TTLTrial]) -> dict[int, str]:
    """The routers that told their addresses, by hops; the first that was heard of counts."""
    routers: dict[int, str] = {}
    for one in sorted(trials, key=lambda one: one.ttl):
        if one.router and _fate(one) is Fate.EXPIRED:
            routers.setdefault(one.ttl, one.router)
    return routers


def _parted(way: _Way) -> tuple[int, int] | None:
    """With how many hops the fates differ first, and how early that may have begun; None where they go together."""
    both = way.both
    for index, (hops, trigger, innocuous) in enumerate(both):
        if trigger is Fate.SILENT:
            if innocuous is not Fate.SILENT and all(later is Fate.SILENT for _, later, _ in both[index:]):
                return hops, 1 + max((before for before, seen, _ in both[:index] if seen), default=0)
        elif trigger is not innocuous and trigger is not Fate.EXPIRED and not _nearer(way, trigger):
            return hops, hops
    return None


def _nearer(way: _Way, trigger: Fate) -> bool:
    """An address that answers earlier than another site's is merely nearer."""
    return way.method == "syn" and trigger is Fate.ANSWERED


def _parting(way: _Way, hops: int, earliest: int, routers: Mapping[int, str]) -> Parting:
    after = [(seen, other) for number, seen, other in way.both if number >= hops]
    return Parting(
        method=way.method,
        address=way.address,
        hops=hops,
        earliest=earliest,
        trigger=way.trigger[hops],
        innocuous=way.innocuous[hops],
        router=way.refusing if way.trigger[hops] is Fate.UNREACHABLE else routers.get(hops, ""),
        differing=sum(seen is not other and other <= Fate.EXPIRED for seen, other in after),
    )


def _reading(measurement: Measurement, parting: Parting | None, *, comparable: bool) -> Reading:
    if not comparable:
        return Reading(rule_id="hop.unclear", why="Nothing was sent that could be compared.")
    if parting is None:
        return Reading(rule_id="hop.together", why="Both names fare alike at every router of the way.")
    steps = indices(measurement, lambda step: isinstance(step, TTLTrial) and step.method == parting.method)
    if not parting.differing:
        why = f"{_SUBJECTS[parting.method]} only where the server itself is reached: it may be the server's doing."
        return Reading(rule_id="hop.at_the_end", why=why, steps=steps)
    return Reading(
        rule_id="hop.parted",
        why=f"{_SUBJECTS[parting.method]} {_where(parting)}: the target's {_VERBS[parting.trigger]}.",
        technique=_TECHNIQUES[parting.method].get(parting.trigger, _LAYERS[parting.method].value),
        layer=_LAYERS[parting.method],
        locus=Locus.NETWORK if parting.decisive else Locus.UNKNOWN,
        decisive=parting.decisive,
        steps=steps,
    )


def _where(parting: Parting) -> str:
    """The router in words.

    >>> _where(Parting(method="tls", address="", hops=3, earliest=2, trigger=Fate.SILENT, innocuous=Fate.EXPIRED))
    'between routers 2 and 3'
    """
    if parting.earliest < parting.hops:
        return f"between routers {parting.earliest} and {parting.hops}"
    return f"at router {parting.hops}{f' ({parting.router})' if parting.router else ''}, or on the line to it"


_LAYERS = MappingProxyType({"tls": Layer.TLS, "http": Layer.HTTP, "dns": Layer.DNS, "syn": Layer.TCP})
_SUBJECTS = MappingProxyType(
    {
        "tls": "The fates of two ClientHellos, which differ in the server name, part",
        "http": "The fates of two requests, which differ in the Host, part",
        "dns": "The fates of two questions part",
        "syn": "The ways to the target's address and to an innocuous site's part",
    }
)
_VERBS = MappingProxyType(
    {
        Fate.SILENT: "vanishes",
        Fate.EXPIRED: "goes on",
        Fate.UNREACHABLE: "is refused by a router",
        Fate.CLOSED: "ends the connection",
        Fate.RESET: "is reset",
        Fate.ANSWERED: "is answered by somebody who is not the server",
    }
)
_TECHNIQUES: Mapping[str, Mapping[Fate, str]] = MappingProxyType(
    {
        "tls": {Fate.SILENT: "tls.timeout.sni", Fate.CLOSED: "tls.eof.sni", Fate.RESET: "tls.reset.sni"},
        "http": {Fate.SILENT: "http.timeout.host", Fate.CLOSED: "http.eof.host", Fate.RESET: "http.reset.host"},
        "dns": {Fate.SILENT: "dns.timeout", Fate.ANSWERED: "dns.injection"},
        "syn": {Fate.SILENT: "tcp.timeout", Fate.RESET: "tcp.refused", Fate.UNREACHABLE: "ip.unreachable"},
    }
)
"""What a difference is called; of an answer over TCP that is not the server's no more is known than its layer."""
