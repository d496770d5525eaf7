"""What the newest measurements of this process showed on the wire that no stored row holds.

A row keeps what series and pages are made of; blackbox_exporter's families want a little more of the same measurement
(which family of addresses answered, how long the body took). It is remembered here, per URL and vantage point, under
the measurement's id, so that it is never exported beside the numbers of another measurement.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from probes.model import HTTPRoundTrip, Measurement, Purpose, QUICHandshake, TCPConnect, TLSHandshake

_REMEMBERED = 20_000
"""URLs x vantage points; beyond that the one that was measured longest ago is forgotten."""
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193
"""FNV-1a with 32 bits (RFC 9923 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One measurement's last connection."""

    address: str = ""
    """Empty where none was dialled."""
    transfer: float = 0.0
    """Seconds from the response's first byte to the end of its body; 0 where that never came."""
    content_length: int = 0
    """As the last response declares it; -1 where it does not, 0 without a response."""


class Wires:
    """The newest `Wire` of each URL at each vantage point; plain memory of one process."""

    def __init__(self) -> None:
        self._newest: OrderedDict[tuple[str, str], tuple[str, Wire]] = OrderedDict()

    def keep(self, measurement: Measurement, name: str) -> None:
        """Remember what a measurement showed, under its id."""
        place = (measurement.url, measurement.vantage.id)
        self._newest.pop(place, None)
        self._newest[place] = (name, wire_of(measurement))
        if len(self._newest) > _REMEMBERED:
            self._newest.popitem(last=False)

    def of(self, name: str, url: str, vantage: str) -> Wire | None:
        """What the measurement with this id showed; None where another one is the newest, or nothing is known."""
        found = self._newest.get((url, vantage))
        return found[1] if found is not None and found[0] == name else None


def wire_of(measurement: Measurement) -> Wire:
    """Of a visit's steps, what its last connection was; later hops before earlier ones, farther steps before nearer."""
    steps = [step for step in measurement.steps if step.purpose is Purpose.VISIT]
    trip = next((step for step in reversed(steps) if isinstance(step, HTTPRoundTrip)), None)
    dialled = [step for step in steps if isinstance(step, TCPConnect | TLSHandshake | QUICHandshake | HTTPRoundTrip)]
    reached = [step for step in dialled if step.failure is None] or dialled
    last = trip or (reached[-1] if reached else None)
    return Wire(
        address="" if last is None else last.address,
        transfer=_transfer(trip),
        content_length=0 if trip is None or trip.status is None else _declared(trip),
    )


def seconds_of(measurement: Measurement) -> Iterator[tuple[str, str, float]]:
    """Each step that a histogram counts: its layer, `ok` or `failed`, and its seconds."""
    for step in measurement.steps:
        if (layer := _LAYERS.get(type(step).__name__)) is not None:
            yield layer, "ok" if step.failure is None else "failed", max(0.0, step.duration)


_LAYERS = {
    "DNSLookup": "dns",
    "TCPConnect": "tcp",
    "TLSHandshake": "tls",
    "HTTPRoundTrip": "http",
    "QUICHandshake": "quic",
}
LAYERS = tuple(_LAYERS.values())


def ip_protocol(address: str) -> float:
    """4 or 6; 0 where there is no address.

    >>> [ip_protocol(address) for address in ("192.0.2.1", "2001:db8::1", "")]
    [4.0, 6.0, 0.0]
    """
    return float(ip_address(address).version) if address else 0.0


def ip_hash(address: str) -> float:
    """An address as blackbox_exporter hashes it, so that a change is seen: FNV-1a over its bytes; 0 without one.

    >>> ip_hash("127.0.0.1")
    3668918509.0
    """
    found = _FNV_OFFSET
    for byte in ip_address(address).packed if address else b"":
        found = ((found ^ byte) * _FNV_PRIME) % 2**32
    return float(found) if address else 0.0


def _transfer(trip: HTTPRoundTrip | None) -> float:
    if trip is None or trip.failure is not None or trip.first_byte is None:
        return 0.0
    return max(0.0, trip.duration - trip.first_byte)


def _declared(trip: HTTPRoundTrip) -> int:
    values = [value for name, value in trip.headers if name.lower() == "content-length"]
    return int(values[-1]) if values and values[-1].isdecimal() and len(values[-1]) < 16 else -1
