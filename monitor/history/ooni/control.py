"""What OONI's test helper saw of the same URL, as a measurement of a control vantage point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from monitor.history.ooni.loose import record, text, whole
from monitor.history.ooni.pages import headers_of
from monitor.history.ooni.place import endpoint
from monitor.history.ooni.words import failure
from probes.model import Answer, Body, DNSLookup, HTTPRoundTrip, Step, TCPConnect, TLSHandshake


def control_steps(control: Mapping[str, Any], url: str) -> tuple[Step, ...]:
    """The helper's steps in our order; () where the helper could not be asked, which documents show as an empty
    object."""
    return (*_lookup(control, url), *_connects(control), *_handshakes(control), *_round_trip(control, url))


def _lookup(control: Mapping[str, Any], url: str) -> tuple[Step, ...]:
    seen = record(control.get("dns"))
    if not seen:
        return ()
    addresses = [text(address) for address in seen.get("addrs") or () if text(address)]
    failed = failure(seen.get("failure"))
    return (
        DNSLookup(
            hop=0,
            engine="doh",
            resolver="",
            name=urlsplit(url).hostname or "",
            query_type="ANY",
            started=0.0,
            duration=0.0,
            # The helper reports a name without addresses as a success.
            failure=failed or (None if addresses else "dns_no_answer"),
            answers=tuple(Answer(type="AAAA" if ":" in one else "A", value=one) for one in addresses),
        ),
    )


def _connects(control: Mapping[str, Any]) -> tuple[Step, ...]:
    return tuple(
        TCPConnect(hop=0, address=at[0], port=at[1], started=0.0, duration=0.0, failure=_failure(seen))
        for name, seen in record(control.get("tcp_connect")).items()
        if (at := endpoint(name)) is not None
    )


def _handshakes(control: Mapping[str, Any]) -> tuple[Step, ...]:
    return tuple(
        TLSHandshake(
            hop=0,
            address=at[0],
            port=at[1],
            server_name=text(record(seen).get("server_name")),
            started=0.0,
            duration=0.0,
            failure=_failure(seen),
        )
        for name, seen in record(control.get("tls_handshake")).items()
        if (at := endpoint(name)) is not None
    )


def _failure(seen: object) -> str | None:
    """Of a connection or handshake: its word, or that there is none although it did not succeed."""
    failed = failure(record(seen).get("failure"))
    return (
        failed if failed or record(seen).get("status") is True else failure("unknown_failure: no reason was recorded")
    )


def _round_trip(control: Mapping[str, Any], url: str) -> tuple[Step, ...]:
    """The end of the helper's walk: it follows redirects and does not tell where they led."""
    seen = record(control.get("http_request"))
    if not seen:
        return ()
    failed, status = failure(seen.get("failure")), whole(seen.get("status_code")) or None
    length = whole(seen.get("body_length"))
    return (
        HTTPRoundTrip(
            hop=0,
            url=url,
            address="",
            port=443 if url.startswith("https:") else 80,
            started=0.0,
            duration=0.0,
            failure=failed or (None if status else failure("unknown_failure: no response was recorded")),
            status=status,
            headers=headers_of(seen),
            body=None if length is None else Body(length=length, title=text(seen.get("title")).strip() or None),
        ),
    )
