"""A measurement's observations as rules ask for them. Built once per verdict, and read by every rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.model import Fingerprint, Health, Layer, Observation, Page, Standing
from monitor.verdict import words
from monitor.verdict.addresses import is_v6
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.hop import Hop, vouched
from monitor.verdict.likeness import Likeness, compare
from monitor.verdict.names import host_of, is_address, port_of, same_site
from probes.model import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a rule may look at."""

    url: str
    country: str
    network: str
    fingerprints: Fingerprints
    innocuous: bool
    health: Health
    whole: Observation
    observations: tuple[Observation, ...]
    hops: tuple[Hop, ...]
    """Up to the end of the walk, or up to the hop from which it was led astray."""
    astray: bool = False
    """Whether an answer that anybody could have forged led to a site that no control was led to."""
    without_ipv6: bool = False
    """Whether IPv6 addresses were dialled and this place had no route to any: those connections are left out here."""

    @property
    def last(self) -> Hop:
        """The hop that decides: everything before it was answered."""
        return self.hops[-1]

    @property
    def doubtful(self) -> tuple[Hop, ...]:
        """Hops whose name controls resolve, and whose default addresses no certificate and nobody else vouches for."""
        return tuple(
            hop
            for hop in self.hops
            if any(one.control.ok > one.control.failed for one in hop.lookups)
            and not hop.cleared
            and not hop.default & hop.trusted
        )

    def notice(self, page: Page) -> Fingerprint | None:
        """The notice, known from this country and network, that a page is or leads to."""
        return self.fingerprints.known(page, self.country, self.network, of=host_of(self.url))

    @property
    def at_suspect(self) -> bool:
        """Whether the last request went to an address that only this network gives."""
        hop = self.last
        return any(one is hop for one in self.doubtful) and bool(hop.fetched_at & set(hop.suspects))

    @property
    def everyone_fails(self) -> bool:
        """Whether most controls got no page."""
        return self.whole.control.failed > self.whole.control.ok

    @property
    def others_succeed(self) -> bool:
        """Whether most controls got a page."""
        return self.whole.control.ok > self.whole.control.failed

    def most(self, holds: Callable[[Page], bool]) -> bool:
        """Whether something holds for more than half of the pages that the controls ended with."""
        pages = self.whole.control.pages
        return 2 * sum(holds(page) for page in pages) > len(pages)

    def contrary(self, seen: Observation) -> bool:
        """Whether most controls had this very thing working while it fails here.

        Where no control looked at it (another address of the name, a hop of ours), their whole walk answers for them.
        """
        if seen.failure is None:
            return False
        return seen.standing is Standing.CONTRARY if seen.control.asked else self.others_succeed

    def shared(self, seen: Observation) -> bool:
        """Whether this fails for most controls as well, or they failed before they came so far."""
        if seen.failure is None:
            return False
        return seen.standing is Standing.AGREE if seen.control.asked else self.everyone_fails

    def likeness(self) -> Likeness:
        """How the last page compares with the pages that the controls ended with; UNCLEAR without a majority."""
        page, pages = self.last.page, self.whole.control.pages
        votes = [compare(page, other) for other in pages] if page else []
        return next((vote for vote in Likeness if 2 * votes.count(vote) > len(votes)), Likeness.UNCLEAR)


def case_of(
    measurement: Measurement, observations: Sequence[Observation], health: Health, fingerprints: Fingerprints
) -> Case:
    """The case that a measurement and its observations make; ValueError without the observation of the whole."""
    whole = next((one for one in observations if one.whole), None)
    if whole is None:
        raise ValueError("the observations of a measurement begin with the one of the whole walk")
    steps = tuple(one for one in observations if not one.whole)
    seen = _with_working_family(steps)
    hops = _hops(measurement.url, seen)
    end = next((index for index, hop in enumerate(hops) if _leads_astray(hop, whole, measurement, fingerprints)), None)
    return Case(
        url=measurement.url,
        country=measurement.vantage.country,
        network=measurement.vantage.network,
        fingerprints=fingerprints,
        innocuous=measurement.innocuous,
        health=health,
        whole=whole,
        observations=seen,
        hops=hops if end is None else hops[: end + 1],
        astray=end is not None,
        without_ipv6=len(seen) < len(steps),
    )


def _hops(url: str, observations: Sequence[Observation]) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    for number in sorted({0} | {one.hop for one in observations}):
        hops.append(_hop(url, number, observations, hops))
    return tuple(hops)


def _with_working_family(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Without the IPv6 connections of a place that has no IPv6: all of them found no route."""
    v6 = [one for one in observations if one.layer is Layer.TCP and is_v6(one.addresses[0])]
    if not v6 or any(one.failure not in words.UNREACHABLE | words.LOCAL for one in v6):
        return observations
    dead = {id(one) for one in v6}
    return tuple(one for one in observations if id(one) not in dead)


def _hop(url: str, number: int, seen: Sequence[Observation], before: Sequence[Hop]) -> Hop:
    mine = [one for one in seen if one.hop == number]
    fetches = tuple(one for one in mine if one.layer is Layer.HTTP)
    led = before[-1].page.location if before and before[-1].page else ""
    here = url if number == 0 else (fetches[0].subject if fetches else led)
    host = host_of(here)
    lookups = tuple(one for one in seen if one.layer is Layer.DNS and not one.screened and _is_name(one.subject, host))
    return Hop(
        number=number,
        url=here,
        lookups=lookups,
        screened=tuple(one for one in mine if one.screened),
        connects=tuple(one for one in mine if one.layer is Layer.TCP and one.subject.endswith(f":{port_of(here)}")),
        handshakes=tuple(one for one in mine if one.layer is Layer.TLS),
        fetches=fetches,
        default=_default(host, lookups),
        trusted=frozenset({host}) if is_address(host) else vouched(host, seen),
    )


def _is_name(subject: str, host: str) -> bool:
    return bool(host) and subject.lower().rstrip(".") == host


def _default(host: str, lookups: Sequence[Observation]) -> frozenset[str]:
    if is_address(host):
        return frozenset({host})
    system = [one for one in lookups if one.engine == "system"]
    return frozenset(address for one in system or lookups for address in one.addresses)


def _leads_astray(hop: Hop, whole: Observation, measurement: Measurement, fingerprints: Fingerprints) -> bool:
    """Whether this hop's redirect came in the clear and leads to a site that neither the URL nor a control leads to.

    Without a control's answer to the same request (imported history has none) only a known notice tells, or that it
    leads to a bare address: sites that people visit have names. A walk that ended on the controls' own last page was
    not astray, wherever it passed.
    """
    page, own = hop.page, host_of(measurement.url)
    if page is None or not page.location or hop.secure or hop.fetch is None:
        return False
    if fingerprints.known(page, measurement.vantage.country, measurement.vantage.network, of=own):
        return True
    comparable = hop.fetch.control.pages or (is_address(host_of(page.location)) and whole.control.pages)
    return bool(comparable) and not _expected(page, hop.fetch, whole, own)


def _expected(page: Page, fetch: Observation, whole: Observation, own: str) -> bool:
    known = {own}
    for other in (*fetch.control.pages, *whole.control.pages):
        known |= {host_of(other.url), host_of(other.location)}
    if any(same_site(host_of(page.location), host) for host in known):
        return True
    return whole.page is not None and any(compare(whole.page, other) is Likeness.SAME for other in whole.control.pages)
