"""One OONI document, as bytes, turned into our measurement and the control's beside it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from monitor.history import CROWD, LICENCE, Imported, Skipped, Unreadable, country, moment, network, target_for
from monitor.history.ooni.control import control_steps
from monitor.history.ooni.loose import number, record, text
from monitor.history.ooni.steps import steps_of
from probes.model import Measurement, Origin, Role, Step, VantagePoint
from probes.own import Own
from probes.scrub import SCRUBBED

TEST = "web_connectivity"
CONTROL = VantagePoint(id=f"{CROWD}:control", role=Role.CONTROL, kind=CROWD)
"""All of OONI's test helpers under one name: documents do not tell them apart."""
_NOBODY = frozenset({"", "127.0.0.1", "::1", SCRUBBED, "scrubbed", "[REDACTED]"})
"""What stands where the address of whoever measured was already left out."""
_PACKED = re.compile(rb'(?<=")([A-Za-z0-9+/]{8,}={0,2})(?=")')
"""A whole string that may be base64: bodies and certificates that are no UTF-8 (df-001)."""


def understood(raw: bytes, where: str, name: str, targets: Mapping[str, str]) -> Imported | Skipped | Unreadable:
    """What a document amounts to; `name` may carry its uid, `targets` maps hosts to target ids.

    Another test than web_connectivity is Skipped; what is no document, or lacks what a measurement cannot be
    without, is Unreadable. Optional parts may be missing in any combination.
    """
    try:
        document = _load(raw)
        if (test := text(document.get("test_name"))) != TEST:
            return (
                Skipped(where=where, reason=test) if test else _unreadable(where, "no OONI measurement: no `test_name`")
            )
        raw = without_address(raw, text(document.get("probe_ip")))
        return _imported(_load(raw), raw, where, name, targets)
    except (ValueError, RecursionError) as fault:
        return _unreadable(where, "nested too deeply" if isinstance(fault, RecursionError) else str(fault))


def without_address(raw: bytes, address: str) -> bytes:
    """The document with the address of whoever measured replaced wherever it stands.

    >>> without_address(b'{"probe_ip": "192.0.2.7", "body": "you are 192.0.2.7.", "n": "192.0.2.77"}', "192.0.2.7")
    b'{"probe_ip": "[scrubbed]", "body": "you are [scrubbed].", "n": "192.0.2.77"}'

    It is also found in other spellings, percent-encoded, and in bodies that are written down in base64.

    >>> without_address(b'{"body": {"format": "base64", "data": "/zE5Mi4wLjIuNw=="}}', "192.0.2.7")
    b'{"body": {"format": "base64", "data": "/3NjcnViYmVk"}}'
    """
    if address in _NOBODY:
        return raw
    written = re.escape(address.encode())
    raw = re.sub(rb"(?i)(?<![0-9a-f:.])" + written + rb"(?![0-9a-f:])(?!\.[0-9])", SCRUBBED.encode(), raw)
    own = Own()
    try:
        own.learn(address)
    except ValueError:
        return raw
    hidden: bytes = own.hide_in(_PACKED.sub(lambda found: _repacked(found[1], own), raw))
    return hidden


def _repacked(data: bytes, own: Own) -> bytes:
    """Base64 without the address in what it stands for; as it was where that does not stand there, or is no base64."""
    try:
        plain = base64.b64decode(data, validate=True)
    except binascii.Error:
        return data
    hidden = own.hide_in(plain)
    return data if hidden == plain else base64.b64encode(hidden)


def uid_of(document: Mapping[str, Any], name: str) -> str:
    """OONI's id of the measurement: written in it, or the name of its file, or else made from what identifies it.

    >>> uid_of({}, "20201029043459.005820_RU_webconnectivity_604f1cb2579d144d.json")
    '20201029043459.005820_RU_webconnectivity_604f1cb2579d144d'
    """
    if uid := text(document.get("measurement_uid")):
        return uid
    if found := re.match(r"(\d{14}\.\d{6}_[A-Z]{2}_[a-z]+_[0-9a-f]{16}|01[0-9a-f]{38})(?:\.|$)", name):
        return found[1]
    facts = (text(document.get(key)) for key in ("report_id", "input", "measurement_start_time"))
    return f"derived-{hashlib.sha256(chr(10).join(facts).encode()).hexdigest()[:32]}"


def _load(raw: bytes) -> dict[str, Any]:
    try:
        document = record(json.loads(raw))
    except UnicodeDecodeError:
        raise ValueError("expected JSON in UTF-8") from None
    except json.JSONDecodeError as fault:
        raise ValueError(f"cut off, or not JSON: {fault.msg} at character {fault.pos}") from None
    if not document:
        raise ValueError("expected a JSON object that describes a measurement")
    return document


def _imported(document: Mapping[str, Any], raw: bytes, where: str, name: str, targets: Mapping[str, str]) -> Imported:
    keys, url = record(document.get("test_keys")), _url(document)
    if not keys:
        raise ValueError("lacks `test_keys`")
    started = moment(document.get("measurement_start_time") or document.get("test_start_time"))
    uid, digest = uid_of(document, name), hashlib.sha256(raw).hexdigest()

    def made(vantage: VantagePoint, steps: tuple[Step, ...], own: str) -> Measurement:
        return Measurement(
            kind=TEST,
            kind_version=text(document.get("test_version")),
            target=target_for(url, targets),
            url=url,
            vantage=vantage,
            started=started,
            duration=max(number(document.get("test_runtime")) or 0.0, 0.0),
            steps=steps,
            software=f"{text(document.get('software_name'))} {text(document.get('software_version'))}".strip(),
            origin=Origin(source=CROWD, uid=own, document=digest, licence=LICENCE),
        )

    helper = control_steps(record(keys.get("control")), url)
    return Imported(
        measurement=made(_vantage(document), steps_of(keys, url), uid),
        controls=(made(CONTROL, helper, f"{uid}:control"),) if helper else (),
        original=raw,
        uid=uid,
        where=where,
    )


def _url(document: Mapping[str, Any]) -> str:
    url = text(document.get("input")).strip()
    if not url:
        raise ValueError("lacks `input`")
    url = url if "://" in url else f"http://{url}"
    if not target_for(url, {}):
        raise ValueError(f"expected a URL in `input`, found {url!r:.60}")
    return url


def _vantage(document: Mapping[str, Any]) -> VantagePoint:
    """A network, and never a person: everybody who measured from it stands under its name."""
    where = network(document.get("probe_asn"))
    return VantagePoint(id=f"{CROWD}:{where}", country=country(document.get("probe_cc")), network=where, kind=CROWD)


def _unreadable(where: str, why: str) -> Unreadable:
    return Unreadable(where=where, why=why)
