"""What `vantage_health` and `resolver_health` show: whether a place, and its resolvers, can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from urllib.parse import urljoin

from monitor.verdict import words
from monitor.verdict.experiments.cells import is_ours
from monitor.verdict.names import host_of, same_site
from probes.model import DNSLookup, HTTPRoundTrip, Measurement, Purpose, TCPConnect, TLSHandshake

_SKEW = 300.0
"""Seconds from which a clock is too wrong: times of events would be wrong, and certificates seem expired."""
_LOGIN = 511
"""Network Authentication Required, which portals are meant to answer with (RFC 6585 §6)."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageReading:
    """A vantage point as it shows itself; None where a thing was not seen one way or the other."""

    rule_id: str
    why: str
    healthy: bool
    sites: int
    """Innocuous sites that were asked for …"""
    working: int
    """… and answered over verified TLS."""
    clock_offset: float | None = None
    """Seconds by which the sites' clocks are ahead of this machine's: the median of those that tell."""
    captive: bool | None = None
    ipv6: bool | None = None
    dns64: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverReading:
    """A resolver as it shows itself."""

    engine: str
    rule_id: str
    why: str
    healthy: bool
    asked: int
    answered: int


def read_vantage_health(measurement: Measurement) -> VantageReading:
    """What a `vantage_health` shows; never raises for what a network did."""
    sites = _sites(measurement)
    working = sum(_works(measurement, name) for name in sites)
    captive, offset = _captive(measurement), clock_offset(measurement)
    rule, why = _judged(measurement, sites=len(sites), working=working, captive=captive, offset=offset)
    return VantageReading(
        rule_id=f"vantage_health.{rule}",
        why=why,
        healthy=rule == "healthy",
        sites=len(sites),
        working=working,
        clock_offset=offset,
        captive=captive,
        ipv6=_ipv6(measurement),
        dns64=_dns64(measurement),
    )


def _judged(
    measurement: Measurement, *, sites: int, working: int, captive: bool | None, offset: float | None
) -> tuple[str, str]:
    """The rule that speaks, and its reason."""
    share = f"{working} of {sites} innocuous sites answer"
    if captive:
        return (
            "captive",
            "A page of ours, or one that nobody blocks, comes back as somebody else's: a portal, or a proxy.",
        )
    if offset is not None and abs(offset) > _SKEW:
        return "clock", f"The clock is {abs(offset):.0f} s {'behind' if offset > 0 else 'ahead of'} the sites' clocks."
    if not working and not any(step.failure is None for step in measurement.steps):
        return "offline", "Nobody answered anything."
    if not working and _intercepted(measurement):
        return "intercepted", "No innocuous site shows a valid certificate: a filter or a proxy answers in their place."
    if 2 * working <= sites:
        return "sick", f"{share}."
    return "healthy", f"{share}."


def _sites(measurement: Measurement) -> tuple[str, ...]:
    """The innocuous names that were asked for."""
    asked = (step.name for step in measurement.steps if isinstance(step, DNSLookup) and step.purpose is Purpose.SITE)
    return tuple(dict.fromkeys(asked))


def _visits(measurement: Measurement) -> tuple[HTTPRoundTrip, ...]:
    steps = (step for step in measurement.steps if isinstance(step, HTTPRoundTrip))
    return tuple(step for step in steps if step.purpose is Purpose.SITE)


def _works(measurement: Measurement, name: str) -> bool:
    """Whether a site answered; its handshake was verified, or nothing would have been asked over it."""
    own = [trip for trip in _visits(measurement) if host_of(trip.url) == name.lower()]
    return any(trip.failure is None and trip.status is not None and trip.status < 500 for trip in own)


def _intercepted(measurement: Measurement) -> bool:
    shaken = [step for step in measurement.steps if isinstance(step, TLSHandshake) and step.purpose is Purpose.SITE]
    return bool(shaken) and all(step.failure in words.CERTIFICATE and step.chain for step in shaken)


def clock_offset(measurement: Measurement) -> float | None:
    """Seconds by which the sites are ahead of this machine, by their Date headers; None where none tells."""
    found = [offset for trip in _visits(measurement) if (offset := _offset(measurement.started, trip)) is not None]
    return median(found) if found else None


def _offset(started: datetime, trip: HTTPRoundTrip) -> float | None:
    fields = {name.lower(): value for name, value in trip.headers}
    try:
        date = parsedate_to_datetime(fields["date"])
        age = int(fields.get("age", "0"))  # a cache repeats the date of the answer that it keeps (RFC 9111 §5.1)
        said = (date if date.tzinfo else date.replace(tzinfo=UTC)) + timedelta(seconds=age + 0.5)  # cut to the second
    except (KeyError, ValueError, OverflowError):
        return None
    return (said - started).total_seconds() - trip.started - (trip.first_byte or 0.0)


def _captive(measurement: Measurement) -> bool | None:
    asked = [s for s in measurement.steps if isinstance(s, HTTPRoundTrip) and s.purpose is Purpose.CANARY]
    trip = next((step for step in asked if step.failure is None and step.status is not None), None)
    if trip is None:
        return None
    ours = "[secret]" in trip.url
    return not is_ours(trip) and trip.status != 429 if ours else _led_away(trip)


def _led_away(trip: HTTPRoundTrip) -> bool:
    """Whether a page in the clear leads to somebody else's site, or asks for a login to the network."""
    if trip.status == _LOGIN:
        return True
    location = next((value for name, value in trip.headers if name.lower() == "location"), "")
    try:
        host = host_of(urljoin(trip.url, location))
    except ValueError:
        return False
    return trip.status in _REDIRECTS and bool(host) and not same_site(host, host_of(trip.url))


def _ipv6(measurement: Measurement) -> bool | None:
    tried = [step for step in measurement.steps if isinstance(step, TCPConnect) and step.purpose is Purpose.IPV6]
    return any(step.failure is None for step in tried) if tried else None


def _dns64(measurement: Measurement) -> bool | None:
    asked = [step for step in measurement.steps if isinstance(step, DNSLookup) and step.purpose is Purpose.DNS64]
    if not asked or asked[0].failure not in (None, *words.EMPTY):
        return None
    return asked[0].failure is None


def read_resolver_health(measurement: Measurement) -> tuple[ResolverReading, ...]:
    """What a `resolver_health` shows of each resolver, in the order of their engines' names."""
    lookups = [step for step in measurement.steps if isinstance(step, DNSLookup)]
    engines = sorted({one.engine for one in lookups})
    truth = [one for one in lookups if one.engine == "doh" and one.purpose is Purpose.INVENTED]
    exists = any(one.failure is None for one in truth)
    return tuple(_resolver(engine, [one for one in lookups if one.engine == engine], exists) for engine in engines)


def _resolver(engine: str, lookups: Sequence[DNSLookup], exists: bool) -> ResolverReading:
    asked = [one for one in lookups if one.purpose is Purpose.SITE]
    answered = sum(one.failure is None for one in asked)
    invents = any(one.failure is None for one in lookups if one.purpose is Purpose.INVENTED) and not exists
    rule, why = "healthy", "It answers for innocuous names and denies one that nobody has."
    if not answered:
        rule, why = "dead", "It answers for no innocuous name."
    elif 2 * answered <= len(asked):
        rule, why = "sick", f"It answers for {answered} of {len(asked)} innocuous names."
    elif invents:
        rule, why = "invents", "It gives an address for a name that nobody has: its answers about others prove little."
    return ResolverReading(
        engine=engine,
        rule_id=f"resolver_health.{rule}",
        why=why,
        healthy=rule == "healthy",
        asked=len(asked),
        answered=answered,
    )
