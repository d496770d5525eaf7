"""What the classic analysis looks at: the system's lookups, the connections meant to fetch, and the control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

from probes.model import DNSLookup, Failure, HTTPRoundTrip, Measurement, Screened, Step, TCPConnect, TLSHandshake

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Kind(IntEnum):
    """How deep a connection came; deeper says more."""

    DNS = 0
    TCP = 1
    TLS = 2
    HTTP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One lookup or one connection, with the failure of its deepest step."""

    depth: int
    kind: Kind
    failure: Failure
    order: int
    name: str = ""
    addresses: tuple[str, ...] = ()
    endpoint: tuple[str, int] = ("", 0)
    server_name: str = ""
    trip: HTTPRoundTrip | None = None
    secure: bool = False
    dialled: bool = True
    """False of a name all of whose addresses point where no probe dials."""

    @property
    def final(self) -> bool:
        """Whether this is an answer that ends a walk: 2xx, 4xx or 5xx."""
        status = self.trip.status if self.trip and self.failure is None else None
        return status is not None and (200 <= status < 300 or 400 <= status < 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the control knows; a missing key means that it was not asked about that."""

    name: str
    asked: bool = False
    """Whether it looked the name up at all."""
    dns_failure: Failure = None
    addresses: frozenset[str] = frozenset()
    tcp: Mapping[tuple[str, int], Failure] = field(default_factory=dict)
    tls: Mapping[tuple[str, int, str], Failure] = field(default_factory=dict)
    page: HTTPRoundTrip | None = None
    """The answer that its walk ended with; None where it failed."""


def host_of(url: str) -> str:
    """The host of a URL in lower case, or nothing."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def is_loopback(address: str) -> bool:
    """Whether an address points back to the machine itself."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def entries(measurement: Measurement) -> tuple[Entry, ...]:
    """Lookups and connections in the order in which the classic walk reads them.

    Deepest hop first, then deepest layer, then success before failure, then the newest.
    """
    found = (*_lookups(measurement), *_connections(measurement))
    return tuple(sorted(found, key=lambda one: (-one.depth, -one.kind, one.failure or "", -one.order)))


def _lookups(measurement: Measurement) -> list[Entry]:
    """The system's A and AAAA lookups of one hop as the one lookup that getaddrinfo would have been."""
    by_name: dict[tuple[int, str], list[tuple[int, DNSLookup]]] = {}
    spared = {step.address for step in measurement.steps if isinstance(step, Screened)}
    for order, step in enumerate(measurement.steps):
        if isinstance(step, DNSLookup) and step.engine == "system":
            by_name.setdefault((step.hop, step.name.lower()), []).append((order, step))
    return [_merged(hop, name, numbered, spared) for (hop, name), numbered in by_name.items()]


def _merged(hop: int, name: str, numbered: list[tuple[int, DNSLookup]], spared: set[str]) -> Entry:
    lookups = [lookup for _, lookup in numbered]
    addresses = tuple(address for one in lookups if one.failure is None for address in one.addresses)
    return Entry(
        depth=hop,
        kind=Kind.DNS,
        failure=merged_failure(lookups),
        order=numbered[0][0],
        name=name,
        addresses=addresses,
        dialled=not addresses or any(not is_loopback(one) and one not in spared for one in addresses),
    )


def merged_failure(lookups: list[DNSLookup]) -> Failure:
    """None where one of the lookups worked; else the telling word: a missing AAAA record is no failure of a name."""
    failures = [lookup.failure for lookup in lookups]
    if None in failures:
        return None
    return next((one for one in failures if one != "dns_no_answer"), failures[0] if failures else None)


def _connections(measurement: Measurement) -> list[Entry]:
    """Connections that were meant to fetch a hop's URL, at addresses that the system's resolver gave (or nobody)."""
    urls = _urls(measurement)
    system, others = _origins(measurement)
    flows: dict[tuple[int, str, int], list[tuple[int, Step]]] = {}
    for order, step in enumerate(measurement.steps):
        if isinstance(step, TCPConnect | TLSHandshake | HTTPRoundTrip):
            flows.setdefault((step.hop, step.address, step.port), []).append((order, step))
    return [
        _flow(hop, (address, port), numbered, secure=urls.get(hop, "").startswith("https:"))
        for (hop, address, port), numbered in flows.items()
        if port == _port(urls.get(hop, "")) and (address in system or address not in others)
    ]


def _flow(hop: int, endpoint: tuple[str, int], numbered: list[tuple[int, Step]], *, secure: bool) -> Entry:
    order, deepest = max(numbered, key=lambda one: (_kind(one[1]), one[0]))
    names = [step.server_name for _, step in numbered if isinstance(step, TLSHandshake)]
    return Entry(
        depth=hop,
        kind=_kind(deepest),
        failure=deepest.failure,
        order=order,
        endpoint=endpoint,
        server_name=names[0] if names else "",
        trip=deepest if isinstance(deepest, HTTPRoundTrip) else None,
        secure=secure,
    )


def _kind(step: Step) -> Kind:
    match step:
        case HTTPRoundTrip():
            return Kind.HTTP
        case TLSHandshake():
            return Kind.TLS
        case TCPConnect():
            return Kind.TCP
    return Kind.DNS


def _origins(measurement: Measurement) -> tuple[set[str], set[str]]:
    """Addresses that the system's resolver gave, and those that any other gave."""
    system: set[str] = set()
    others: set[str] = set()
    for step in measurement.steps:
        if isinstance(step, DNSLookup) and step.failure is None:
            (system if step.engine == "system" else others).update(step.addresses)
    return system, others


def _urls(measurement: Measurement) -> dict[int, str]:
    """The URL of each hop: the one that was fetched, or the one that the hop before redirected to."""
    urls = {0: measurement.url}
    trips = [step for step in measurement.steps if isinstance(step, HTTPRoundTrip)]
    for trip in sorted(trips, key=lambda trip: trip.hop):
        urls[trip.hop] = trip.url
        location = next((value for name, value in trip.headers if name.lower() == "location"), "")
        if trip.status in _REDIRECTS and location:
            urls.setdefault(trip.hop + 1, _joined(trip.url, location))
    return urls


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _port(url: str) -> int:
    try:
        return urlsplit(url).port or (443 if url.startswith("https:") else 80)
    except ValueError:
        return 0


def control_of(control: Measurement, url: str) -> Control:
    """A control's measurement as the classic analysis reads a test helper's answer."""
    name = host_of(url)
    lookups = [step for step in control.steps if isinstance(step, DNSLookup) and step.name.lower() == name]
    failure = merged_failure(lookups)
    first = [step for step in control.steps if step.hop == 0]
    return Control(
        name=name,
        asked=bool(lookups),
        # A test helper reports a name without addresses as a success with an empty list.
        dns_failure=None if failure == "dns_no_answer" else failure,
        addresses=frozenset(address for one in lookups if one.failure is None for address in one.addresses),
        # A test helper follows redirects without telling about their connections.
        tcp={(one.address, one.port): one.failure for one in first if isinstance(one, TCPConnect)},
        tls={(one.address, one.port, one.server_name): one.failure for one in first if isinstance(one, TLSHandshake)},
        page=_last_page(control),
    )


def _last_page(control: Measurement) -> HTTPRoundTrip | None:
    last = max((step.hop for step in control.steps), default=0)
    trips = [step for step in control.steps if isinstance(step, HTTPRoundTrip) and step.hop == last]
    answered = [trip for trip in trips if trip.failure is None and trip.status is not None]
    return next((trip for trip in answered if trip.status not in _REDIRECTS), None)
