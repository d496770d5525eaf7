"""One hop of a walk as rules read it: what the name gave, which addresses can be trusted, how far it came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.model import Observation, Page
from monitor.verdict.addresses import is_bogon, neighbours
from monitor.verdict.names import host_of, is_https


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """All observations of one hop. IPv6 connections are left out where this place has no IPv6 (see `case.py`)."""

    number: int
    url: str
    lookups: tuple[Observation, ...] = ()
    """Of the hop's own host, whichever hop asked for it first."""
    screened: tuple[Observation, ...] = ()
    connects: tuple[Observation, ...] = ()
    """To the port of the URL; a cleartext hop may also have handshakes, which only vouch for its addresses."""
    handshakes: tuple[Observation, ...] = ()
    fetches: tuple[Observation, ...] = ()
    default: frozenset[str] = frozenset()
    """Addresses that a reader's programs would use: those of the system's resolver, of all where it was not asked."""
    trusted: frozenset[str] = frozenset()
    """Addresses that somebody beside this network vouches for: a control, DNS over HTTPS, or a valid certificate."""

    @property
    def host(self) -> str:
        """The host that this hop is about."""
        return host_of(self.url)

    @property
    def secure(self) -> bool:
        """Whether this hop asks for TLS."""
        return is_https(self.url)

    @property
    def asked(self) -> tuple[Observation, ...]:
        """The lookups that a reader's programs depend on, A before AAAA."""
        system = tuple(one for one in self.lookups if one.engine == "system") or self.lookups
        return tuple(sorted(system, key=lambda one: one.query_type == "AAAA"))

    @property
    def fetch(self) -> Observation | None:
        """The request that was made: the one that was answered, or the first."""
        answered = (fetch for fetch in self.fetches if fetch.failure is None)
        return next(answered, next(iter(self.fetches), None))

    @property
    def page(self) -> Page | None:
        """What was answered, or None."""
        return self.fetch.page if self.fetch else None

    @property
    def fetched_at(self) -> frozenset[str]:
        """Where the request went. Old imported documents do not tell; theirs went to an address of the system's."""
        address = self.fetch.addresses[0] if self.fetch else ""
        return frozenset({address}) if address else self.default

    @property
    def certified(self) -> bool:
        """Whether the answer came through a handshake whose chain was verified for the host.

        A page without any handshake in the record comes from old imported documents, whose tool fetches only over
        verified connections.
        """
        verified = {one.addresses[0] for one in self.verified}
        return self.secure and self.page is not None and (not self.handshakes or bool(self.fetched_at & verified))

    @property
    def verified(self) -> tuple[Observation, ...]:
        """The handshakes with the hop's own name that worked and were verified."""
        own = {self.host, ""}
        return tuple(one for one in self.handshakes if one.failure is None and one.server_name.lower() in own)

    @property
    def cleared(self) -> bool:
        """Whether the system's answer is proved right: a certificate for the name is valid at one of its addresses."""
        return any(one.addresses[0] in self.default for one in self.verified)

    @property
    def by_default(self) -> bool:
        """Whether a reader here gets this hop's answer: over an address of the system's resolver, or its equal."""
        return self.cleared or not self.lookups or (self.fetch is not None and self.fetched_at <= self.default)

    @property
    def suspects(self) -> tuple[str, ...]:
        """Default addresses that nobody vouches for, sorted; empty as soon as one default address is trusted."""
        return () if self.default & self.trusted else tuple(sorted(self.default))

    @property
    def contradicted(self) -> bool:
        """Whether another resolver gives this place an address that is vouched for, where the system's gives none."""
        others = (one for one in self.lookups if one.engine != "system")
        return bool(self.suspects) and any(self.trusted & {*one.addresses} for one in others)

    def at(self, addresses: Iterable[str], *, of: tuple[Observation, ...]) -> tuple[Observation, ...]:
        """Those observations of `of` that dialled one of the addresses."""
        wanted = frozenset(addresses)
        return tuple(one for one in of if one.addresses[0] in wanted)


def vouched(name: str, observations: Iterable[Observation]) -> frozenset[str]:
    """Every address of a name that somebody beside this network vouches for.

    Controls' answers, answers that came over HTTPS, and addresses where a certificate for the name was valid, here or
    at a control. A neighbour of such an address (same /24 or /48) is as good. A bogon is only what a control says too.
    Where neither a control nor an HTTPS answer speaks of the name (a redirect's host in imported data), the public
    resolver does.
    """
    named = [one for one in observations if name in (one.subject.lower().rstrip("."), one.server_name.lower())]
    controls = frozenset(address for one in named for address in one.control.addresses)
    known = controls | _given(named, engine="doh") or _given(named, engine="udp")
    proved = frozenset(one.addresses[0] for one in named if one.server_name and (one.failure is None or one.control.ok))
    near = frozenset(address for one in named for address in one.addresses if neighbours(address, known | proved))
    return frozenset(address for address in known | proved | near if address in controls or not is_bogon(address))


def _given(observations: Iterable[Observation], *, engine: str) -> frozenset[str]:
    return frozenset(address for one in observations if one.engine == engine for address in one.addresses)
