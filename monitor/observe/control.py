"""The controls: what each control vantage point saw, ready to be set beside one of our own steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from monitor.model import ControlFacts, Page
from monitor.observe.certificate import read_leaf
from monitor.observe.walk import final_trip, last_failure, location_of, reached, trips
from probes.document import measurement_id
from probes.model import DNSLookup, Failure, HTTPRoundTrip, Measurement, TCPConnect, TLSHandshake


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one control vantage point saw of one thing: a failure word or None, and what it was shown."""

    failure: Failure = None
    addresses: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    pages: tuple[Page, ...] = field(default=())
    goodput: float | None = None
    """Bytes a second of a whole answer."""


def voices(measurement: Measurement, controls: Sequence[Measurement]) -> tuple[Measurement, ...]:
    """One measurement per control vantage point, the one nearest in time, ordered by vantage point.

    Another URL is no control for this one, and no vantage point is its own control.
    """
    nearest: dict[str, list[Measurement]] = {}
    for control in controls:
        if control.url == measurement.url and control.vantage.id != measurement.vantage.id:
            nearest.setdefault(control.vantage.id, []).append(control)
    return tuple(_nearest(measurement, nearest[vantage]) for vantage in sorted(nearest))


def _nearest(measurement: Measurement, candidates: Sequence[Measurement]) -> Measurement:
    if len(candidates) == 1:
        return candidates[0]
    # Two at the same distance are told apart by their hash, so that the order in which they came does not matter.
    return min(candidates, key=lambda one: (abs(one.started - measurement.started), measurement_id(one)))


def tally(controls: Sequence[Measurement], look: Callable[[Measurement], Sighting | None]) -> ControlFacts:
    """All controls' sightings of one thing as one record.

    A control that reached nothing at all is counted in `total` and otherwise ignored: its own uplink is gone.
    """
    looked = [sighting for control in controls if reached(control) and (sighting := look(control)) is not None]
    return ControlFacts(
        total=len(controls),
        ok=sum(sighting.failure is None for sighting in looked),
        failed=sum(sighting.failure is not None for sighting in looked),
        failures=tuple(sorted(sighting.failure for sighting in looked if sighting.failure is not None)),
        addresses=_merged(sighting.addresses for sighting in looked),
        certificates=_merged(sighting.certificates for sighting in looked),
        pages=tuple(page for sighting in looked for page in sighting.pages),
        goodputs=tuple(sorted(sighting.goodput for sighting in looked if sighting.goodput is not None)),
    )


def _merged(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({item for items in lists for item in items}))


def name_at(control: Measurement, name: str, query_type: str) -> Sighting | None:
    """How a name and type resolved there, by whichever resolver; the addresses are those of every type."""
    lookups = [step for step in control.steps if isinstance(step, DNSLookup) and step.name == name]
    same = [lookup for lookup in lookups if _same_type(lookup.query_type, query_type)]
    if not same:
        return None
    good = any(lookup.failure is None for lookup in same)
    addresses = tuple(address for lookup in lookups if lookup.failure is None for address in lookup.addresses)
    return Sighting(failure=None if good else same[0].failure, addresses=addresses)


def _same_type(one: str, other: str) -> bool:
    """A and AAAA are judged apart; a lookup of ANY (getaddrinfo in imported data) stands beside both."""
    return one == other or "ANY" in (one, other)


def connect_at(control: Measurement, address: str, port: int) -> Sighting | None:
    """Whether that address and port could be connected to there; one success of several attempts is enough."""
    same = [
        step for step in control.steps if isinstance(step, TCPConnect) and (step.address, step.port) == (address, port)
    ]
    return _any_good(same)


def handshake_at(control: Measurement, address: str, port: int, server_name: str) -> Sighting | None:
    """Whether TLS with that server name worked at that address there, and which leaf it verified."""
    same = [
        step
        for step in control.steps
        if isinstance(step, TLSHandshake)
        and (step.address, step.port, step.server_name) == (address, port, server_name)
    ]
    return _any_good(same)


def leaves_at(control: Measurement, server_name: str) -> tuple[str, ...]:
    """The leaf certificates that were verified for a name there, at whichever address."""
    good = [
        step
        for step in control.steps
        if isinstance(step, TLSHandshake) and step.server_name == server_name and step.failure is None and step.chain
    ]
    return tuple(read_leaf(step.chain[0]).fingerprint for step in good)


def _any_good(attempts: Sequence[TCPConnect | TLSHandshake]) -> Sighting | None:
    if not attempts:
        return None
    good = any(attempt.failure is None for attempt in attempts)
    return Sighting(failure=None if good else attempts[0].failure)


def answer_at(control: Measurement, url: str, hop: int) -> Sighting | None:
    """What was answered there to the same URL or, where it was never asked, at the same hop.

    A page that redirects to itself was asked at many hops; of those the same hop counts. An imported control tells only
    how its walk ended; its hops are not known and therefore not compared.
    """
    if control.origin is not None:
        return None
    asked = trips(control)
    alike = [trip for trip in asked if trip.url == url]
    here = [trip for trip in asked if trip.hop == hop]
    same = [trip for trip in alike if trip in here] or alike or here
    if not same:
        return None
    best = next((trip for trip in same if trip.failure is None), same[0])
    return Sighting(failure=best.failure, pages=pages_of(best), goodput=_goodput(best))


def _goodput(trip: HTTPRoundTrip) -> float | None:
    """Bytes a second from the request to the last byte; None where it did not come to its end, or was not noted."""
    if trip.failure is not None or not trip.arrivals:
        return None
    ended, received = trip.arrivals[-1]
    return received / max(ended, 1e-4)


def walk_at(control: Measurement) -> Sighting:
    """Whether the whole walk ended with an answer there, and with which."""
    last = final_trip(control)
    if last is None:
        return Sighting(failure=last_failure(control) or "unknown_failure: no answer was recorded")
    return Sighting(pages=pages_of(last))


def pages_of(trip: HTTPRoundTrip) -> tuple[Page, ...]:
    """The response of a round trip as a page, or nothing where it failed before its end."""
    if trip.failure is not None or trip.status is None:
        return ()
    body = trip.body
    return (
        Page(
            url=trip.url,
            status=trip.status,
            protocol=trip.protocol,
            headers=tuple(sorted({name.lower() for name, _ in trip.headers})),
            location=location_of(trip),
            title=body.title if body else None,
            length=body.length if body and not body.truncated else None,
            sha256=body.sha256 if body and not body.truncated else None,
            kept=body.kept if body else None,
        ),
    )
