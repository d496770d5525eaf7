"""One measurement as a walk: hop after hop from the URL to the last page, or to where it ended."""

from __future__ import annotations

from urllib.parse import urljoin

from probes.model import (
    DNSLookup,
    DNSSECValidation,
    Failure,
    HTTPRoundTrip,
    Measurement,
    QUICHandshake,
    Screened,
    Step,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
)

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Status codes that send a reader elsewhere (RFC 9110 §15.4); 300 and 304 do not."""

_UNHEARD = frozenset(
    {
        "generic_timeout_error",
        "timed_out",
        "network_unreachable",
        "host_unreachable",
        "network_down",
        "address_not_available",
        "address_family_not_supported",
        "permission_denied",
        "no_buffer_space",
        "interrupted",
    }
)
"""Failures that need nobody at the other end: silence, no route, or this machine's own refusal."""
_TIMED_OUT = frozenset({"generic_timeout_error", "timed_out"})
_HEARD_FROM_ANY_RESOLVER = frozenset({"dns_nxdomain_error", "dns_no_answer"})


def endpoint(address: str, port: int) -> str:
    """An address and a port as one word; an IPv6 address in brackets (RFC 5952 §6).

    >>> endpoint("192.0.2.1", 443), endpoint("2001:db8::1", 80)
    ('192.0.2.1:443', '[2001:db8::1]:80')
    """
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def location_of(trip: HTTPRoundTrip) -> str:
    """Where a redirect leads, as a whole URL; empty for other answers and for what cannot be read as a URL."""
    if trip.status not in REDIRECTS:
        return ""
    named = next((value for name, value in trip.headers if name.lower() == "location"), "")
    try:
        return urljoin(trip.url, named) if named else ""
    except ValueError:
        return ""


def trips(measurement: Measurement) -> tuple[HTTPRoundTrip, ...]:
    """The round trips of a measurement, in their order."""
    return tuple(step for step in measurement.steps if isinstance(step, HTTPRoundTrip))


def final_trip(measurement: Measurement) -> HTTPRoundTrip | None:
    """The answer that the walk ended with; None where it broke off, or ended on a redirect that leads further."""
    last = max((step.hop for step in measurement.steps), default=0)
    ends = [
        trip for trip in trips(measurement) if trip.hop == last and trip.failure is None and trip.status is not None
    ]
    return next((trip for trip in ends if not location_of(trip)), None)


def last_failure(measurement: Measurement) -> Failure:
    """The word of the failure nearest to the end of the walk; that of the whole measurement where no step failed."""
    ordered = sorted(measurement.steps, key=lambda step: (step.hop, _depth(step)), reverse=True)
    return next((step.failure for step in ordered if step.failure is not None), measurement.failure)


def reached(measurement: Measurement) -> bool:
    """Whether anybody answered anything; False is what a vantage point without an uplink looks like.

    A resolver's refusal does not count where it may be the router in the next room (engine `system`): forwarders say
    SERVFAIL or REFUSED when their own uplink is gone.
    """
    return any(_heard(step) for step in measurement.steps)


def late(measurement: Measurement) -> bool:
    """Whether a step timed out while this machine's own loop was late for half of the time that the step was given.

    What had come by then may have lain unread: such a time-out is as likely ours as the network's.
    """
    waited = [step.duration for step in measurement.steps if step.failure in _TIMED_OUT]
    return bool(waited) and measurement.lag >= min(waited) / 2


def _heard(step: Step) -> bool:
    match step:
        case Screened() | DNSSECValidation():
            return False
        case DNSLookup(failure=None):
            return True
        case DNSLookup(engine="system", failure=failure):
            return failure in _HEARD_FROM_ANY_RESOLVER
        case DNSLookup(rcode=rcode, failure=failure):
            return rcode is not None or failure in _HEARD_FROM_ANY_RESOLVER
    return step.failure not in _UNHEARD


def _depth(step: Step) -> int:
    """How far along a hop a step stands: names before connections, connections before pages."""
    match step:
        case DNSLookup() | Screened() | DNSSECValidation():
            return 0
        case TCPConnect() | TTLTrial():
            return 1
        case TLSHandshake() | QUICHandshake():
            return 2
        case HTTPRoundTrip():
            return 3
