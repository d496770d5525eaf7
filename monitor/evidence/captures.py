"""What was captured on the wire, in the forms that others read: block pages as WARC, certificates as PEM."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import textwrap
import uuid
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from monitor.evidence.slice import Slice
from probes.document import measurement_from, rfc3339
from probes.model import HTTPRoundTrip, Measurement, TLSHandshake

_NAMESPACE = uuid.UUID("c7a5a4bb-30a1-5a33-a5d9-4e7c7be1f5d0")
"""Ours, for the ids of records: the same capture has the same id."""


def available() -> bool:
    """Whether WARC can be written here: the extra `evidence` brings warcio."""
    return find_spec("warcio") is not None


def warc(facts: Slice) -> bytes:
    """The pages that were kept, as WARC 1.1 in gzip; empty where there are none."""
    pages = list(_pages(facts))
    if not pages:
        return b""
    from warcio.statusandheaders import StatusAndHeaders  # noqa: PLC0415 - the extra `evidence` may be absent
    from warcio.warcwriter import WARCWriter  # noqa: PLC0415 - see above

    class Writer(WARCWriter):  # type: ignore[misc] # warcio publishes no types
        def _create_temp_file(self) -> io.BytesIO:
            """In memory: warcio's own temporary files stay open until they are collected."""
            return io.BytesIO()

    buffer = io.BytesIO()
    writer = Writer(buffer, gzip=True, warc_version="1.1")
    for measurement, step in pages:
        assert step.body is not None
        assert step.body.kept is not None
        name = f"{measurement.target} {step.url} {rfc3339(measurement.started)} {measurement.vantage.id}"
        headers = StatusAndHeaders(f"{step.status or 0} captured", _headers(step), protocol="HTTP/1.1")
        record = writer.create_warc_record(
            step.url,
            "response",
            payload=io.BytesIO(step.body.kept),
            http_headers=headers,
            warc_headers_dict={
                "WARC-Date": rfc3339(measurement.started),
                "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(_NAMESPACE, name)}>",
                "WARC-Truncated": "length" if step.body.truncated else "unspecified",
            },
        )
        writer.write_record(record)
    return buffer.getvalue()


def certificates(facts: Slice) -> Mapping[str, bytes]:
    """Each certificate that was presented, once, as PEM under the SHA-256 of its DER."""
    found: dict[str, bytes] = {}
    for measurement in _measurements(facts):
        for step in measurement.steps:
            if isinstance(step, TLSHandshake):
                found |= {f"{hashlib.sha256(der).hexdigest()}.pem": _pem(der) for der in step.chain}
    return found


def _pages(facts: Slice) -> Iterator[tuple[Measurement, HTTPRoundTrip]]:
    for measurement in _measurements(facts):
        if measurement.target != facts.event.target:
            continue
        for step in measurement.steps:
            if isinstance(step, HTTPRoundTrip) and step.body is not None and step.body.kept:
                yield measurement, step


def _measurements(facts: Slice) -> Iterator[Measurement]:
    for name in sorted(facts.documents):
        yield measurement_from(json.loads(facts.documents[name]))


def _headers(step: HTTPRoundTrip) -> list[tuple[str, str]]:
    """The headers that were seen, without what no longer holds: the body is kept as it was decoded."""
    stale = {"content-encoding", "transfer-encoding", "content-length"}
    return [(_line(name), _line(value)) for name, value in step.headers if name.lower() not in stale]


def _line(text: Any) -> str:
    return " ".join(str(text).split())


def _pem(der: bytes) -> bytes:
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()
