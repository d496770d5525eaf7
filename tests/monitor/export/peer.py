"""Cases of the peer's shape (`website-qa.json`) as our measurements: what its probe saw, and what its control saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from probes.model import (
    Answer,
    Body,
    DNSLookup,
    HTTPRoundTrip,
    Measurement,
    Role,
    Step,
    TCPConnect,
    TLSHandshake,
    VantagePoint,
)
from tests.scenes import NOON

_ENGINES = {"getaddrinfo": "system", "udp": "udp", "doh": "doh"}
_WORDS = {"dns_name_error": "dns_nxdomain_error", "connection_refused_error": "connection_refused"}


def measurement_of(case: Mapping[str, Any]) -> Measurement:
    """What the case's probe saw."""
    trace = case["oracle_trace"]
    depths = {flow["txid"]: _depth(flow) for flow in trace["tcp"]}
    places = {flow["txid"]: _place(flow["ep"]) for flow in trace["tcp"]}
    last = len(trace["http"]) - 1
    steps: list[Step] = [*_lookups(trace["dns"])]
    steps += [_connect(flow["ep"], flow["failure"], depths[flow["txid"]]) for flow in trace["tcp"]]
    steps += [
        _handshake(flow["ep"], flow["sni"], flow["failure"], depths.get(flow["txid"], 0)) for flow in trace["tls"]
    ]
    for index, trip in enumerate(trace["http"]):
        # Newest first; a chain that was squeezed in the file keeps its last connection only.
        hop = depths.get(trip["txid"], last - index)
        steps.append(_trip(trip, hop, places.get(trip["txid"]) or next(iter(places.values()))))
    return _measurement(case, steps, VantagePoint(id="probe", country="IT", network="AS137"))


def control_of(case: Mapping[str, Any]) -> Measurement | None:
    """What the case's control saw, or None where it could not be asked."""
    seen = case["oracle_trace"]["control"]
    if seen is None:
        return None
    host = urlsplit(case["input"]).hostname or ""
    addresses = seen["dns"]["addrs"]
    failure = _word(seen["dns"]["failure"]) or (None if addresses else "dns_no_answer")
    steps: list[Step] = [_lookup("doh", "ANY", _ascii(host), failure, addresses)]
    steps += [_connect(place, _word(failed), 0) for place, failed in seen["tcp"].items()]
    steps += [_handshake(place, one["sni"], one["failure"], 0) for place, one in seen["tls"].items()]
    steps.append(_answer(case["input"], seen["http"]))
    return _measurement(case, steps, VantagePoint(id="control", network="AS14061", role=Role.CONTROL))


def _measurement(case: Mapping[str, Any], steps: list[Step], vantage: VantagePoint) -> Measurement:
    return Measurement(
        kind="website",
        kind_version="1",
        target=case["name"],
        url=_ascii(case["input"]),
        vantage=vantage,
        started=NOON,
        duration=1.0,
        steps=tuple(steps),
    )


def _lookups(lookups: list[dict[str, Any]]) -> Iterator[DNSLookup]:
    for one in lookups:
        yield _lookup(_ENGINES[one["engine"]], one["type"], one["host"], one["failure"], one["addrs"], hop=one["depth"])


def _lookup(engine: str, kind: str, name: str, failure: str | None, addresses: list[str], *, hop: int = 0) -> DNSLookup:
    return DNSLookup(
        hop=hop,
        engine=engine,
        resolver="",
        name=name,
        query_type=kind,
        started=0.0,
        duration=0.01,
        failure=failure,
        answers=tuple(Answer(type="A", value=address) for address in addresses),
    )


def _connect(place: str, failure: str | None, hop: int) -> TCPConnect:
    address, port = _place(place)
    return TCPConnect(hop=hop, address=address, port=port, started=0.1, duration=0.01, failure=failure)


def _handshake(place: str, name: str, failure: str | None, hop: int) -> TLSHandshake:
    address, port = _place(place)
    return TLSHandshake(
        hop=hop, address=address, port=port, server_name=name, started=0.2, duration=0.01, failure=failure
    )


def _trip(trip: Mapping[str, Any], hop: int, place: tuple[str, int]) -> HTTPRoundTrip:
    headers = [(name, "x") for name in trip["header_names"] if name != "Location"]
    if trip["location"]:
        headers.append(("Location", trip["location"]))
    return HTTPRoundTrip(
        hop=hop,
        url=trip["url"],
        address=place[0],
        port=place[1],
        started=0.3,
        duration=0.01,
        failure=trip["failure"],
        status=trip["code"] or None,
        headers=tuple(headers),
        body=Body(length=trip["body_len"], title=trip.get("title", _title(trip)), truncated=trip["truncated"]),
    )


def _title(trip: Mapping[str, Any]) -> str | None:
    """The traces leave titles out; the example page (1533 bytes) has this one, and the notice (188 bytes) another."""
    return {1533: "Default Web Page", 188: "Access Denied"}.get(trip["body_len"])


def _answer(url: str, seen: Mapping[str, Any]) -> HTTPRoundTrip:
    return HTTPRoundTrip(
        hop=0,
        url=url,
        address="",
        port=0,
        started=0.3,
        duration=0.01,
        failure=seen["failure"],
        status=seen["status_code"] if seen["status_code"] > 0 else None,
        headers=tuple((name, "x") for name in seen["header_names"]),
        body=Body(length=max(seen["body_length"], 0), title=seen["title"]),
    )


def _place(endpoint: str) -> tuple[str, int]:
    address, _, port = endpoint.rpartition(":")
    return address.strip("[]"), int(port)


def _depth(flow: Mapping[str, Any]) -> int:
    return next(int(tag.removeprefix("depth=")) for tag in flow["tags"] if tag.startswith("depth="))


def _word(failure: str | None) -> str | None:
    return _WORDS.get(failure, failure) if failure else None


def _ascii(text: str) -> str:
    """A host or URL with its international part in Punycode, as both sides ask for it."""
    host = urlsplit(text).hostname or text
    return text.replace(host, host.encode("idna").decode()) if not host.isascii() else text
