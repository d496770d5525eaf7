"""The steps in the test keys of a web_connectivity document of any version, in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from monitor.history.ooni.loose import blob, number, record, records, text, whole
from monitor.history.ooni.pages import round_trip
from monitor.history.ooni.place import endpoint, times
from monitor.history.ooni.words import failure
from probes.model import Answer, DNSLookup, Step, TCPConnect, TLSHandshake

_Entry: TypeAlias = Mapping[str, Any]

_SYSTEM = frozenset({"", "system", "getaddrinfo", "golang_net_resolver", "go", "libc", "unknown"})
"""Engines that ask whatever resolver the machine is configured with; its address is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The redirects of a measurement, oldest first, and which hop each host belongs to."""

    requests: tuple[tuple[int, _Entry], ...]
    hosts: Mapping[str, int]


def steps_of(keys: _Entry, url: str) -> tuple[Step, ...]:
    """All steps of a document about `url`, in the order of the walk; what is missing or malformed is left out."""
    chain = _chain(keys, url)
    lookups = [_lookup(entry, chain) for entry in records(keys.get("queries"))]
    connects = [_connect(entry) for entry in records(keys.get("tcp_connect")) if text(entry.get("ip"))]
    places = _places(keys)
    handshakes = [_handshake(entry, chain, places) for entry in records(keys.get("tls_handshakes"))]
    trips = [round_trip(hop, entry) for hop, entry in chain.requests]
    steps: list[Step] = [*lookups, *connects, *handshakes, *trips]
    return tuple(sorted(steps, key=lambda step: step.hop))


def _chain(keys: _Entry, url: str) -> Chain:
    """Documents list the newest request first, and repeat a URL where it was tried again."""
    asked = [entry for entry in records(keys.get("requests")) if not _through_tor(entry)]
    hosts = {_host(url): 0}
    numbered: list[tuple[int, _Entry]] = []
    hop, before = 0, None
    for entry in reversed(asked):
        here = text(record(entry.get("request")).get("url"))
        hop += before is not None and here != before
        before = here
        depth = _depth(entry)
        numbered.append((hop if depth is None else depth, entry))
        hosts.setdefault(_host(here), numbered[-1][0])
    return Chain(requests=tuple(numbered), hosts=hosts)


def _through_tor(entry: _Entry) -> bool:
    """The oldest versions fetched a second time through Tor, as their control."""
    return record(record(entry.get("request")).get("tor")).get("is_tor") is True


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _depth(entry: _Entry) -> int | None:
    """The hop that a tag `depth=N` names (web_connectivity 0.5 and later)."""
    tags = entry.get("tags")
    listed = tags if isinstance(tags, list) else []
    named = [tag[6:] for tag in listed if isinstance(tag, str) and re.fullmatch(r"depth=[0-9]{1,3}", tag)]
    return int(named[0]) if named else None


def _lookup(entry: _Entry, chain: Chain) -> DNSLookup:
    engine, resolver = text(entry.get("engine")), text(entry.get("resolver_address"))
    started, duration = times(entry)
    system = engine in _SYSTEM
    name = text(entry.get("hostname")).rstrip(".")
    depth = _depth(entry)
    return DNSLookup(
        hop=chain.hosts.get(name.lower(), 0) if depth is None else depth,
        engine="system" if system else "doh" if resolver.startswith("https:") or engine == "doh" else "udp",
        resolver="" if system else resolver,
        name=name,
        query_type=text(entry.get("query_type")) or "A",
        started=started,
        duration=duration,
        failure=failure(entry.get("failure")),
        rcode=whole(entry.get("rcode")),
        answers=tuple(answer for raw in records(entry.get("answers")) if (answer := _answer(raw)) is not None),
    )


def _answer(raw: _Entry) -> Answer | None:
    value = next((text(raw.get(key)) for key in ("ipv4", "ipv6", "cname", "hostname") if text(raw.get(key))), "")
    kind = text(raw.get("answer_type"))
    return Answer(type=kind, value=value.rstrip("."), ttl=whole(raw.get("ttl"))) if value and kind else None


def _connect(entry: _Entry) -> TCPConnect:
    status = record(entry.get("status"))
    started, duration = times(entry)
    failed = failure(status.get("failure"))
    if failed is None and status.get("success") is False:
        failed = failure("unknown_failure: no reason was recorded")
    return TCPConnect(
        hop=_depth(entry) or 0,
        address=text(entry.get("ip")),
        port=whole(entry.get("port")) or 0,
        started=started,
        duration=duration,
        failure=failed,
    )


def _places(keys: _Entry) -> Mapping[float, tuple[str, int, float]]:
    """End time of a handshake -> address, port and start, from the network events, which follow one connection each.

    Versions before 0.5 noted a handshake's address nowhere else. An end time that two connections share names neither.
    """
    found: dict[float, tuple[str, int, float] | None] = {}
    place, start = None, None
    for event in records(keys.get("network_events")):
        match event.get("operation"):
            case "connect":
                place, start = endpoint(event.get("address")), None
            case "tls_handshake_start":
                start = number(event.get("t"))
            case "tls_handshake_done":
                end = number(event.get("t"))
                if place is not None and end is not None:
                    found[end] = None if end in found else (*place, end if start is None else start)
    return {end: place for end, place in found.items() if place is not None}


def _handshake(entry: _Entry, chain: Chain, places: Mapping[float, tuple[str, int, float]]) -> TLSHandshake:
    name = text(entry.get("server_name"))
    started, duration = times(entry)
    place, depth = endpoint(entry.get("address")), _depth(entry)
    if place is None and (known := places.get(number(entry.get("t")) or -1.0)) is not None:
        place, started, duration = known[:2], known[2], max(started - known[2], 0.0)
    address, port = place or ("", 443)
    return TLSHandshake(
        hop=chain.hosts.get(name.lower(), 0) if depth is None else depth,
        address=address,
        port=port,
        server_name=name,
        started=started,
        duration=duration,
        failure=failure(entry.get("failure")),
        version=text(entry.get("tls_version")),
        cipher=text(entry.get("cipher_suite")),
        alpn=text(entry.get("negotiated_protocol")),
        chain=tuple(der for raw in records(entry.get("peer_certificates")) if (der := blob(raw))),
    )
