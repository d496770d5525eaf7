"""Where and when a step happened, as OONI's documents write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from monitor.history.ooni.loose import number, text

_LAST_PORT = 65535


def endpoint(value: object) -> tuple[str, int] | None:
    """Address and port from `address:port`, with brackets around IPv6; None where it is neither.

    >>> endpoint("[2001:db8::1]:443"), endpoint("192.0.2.1:80"), endpoint("scrubbed")
    (('2001:db8::1', 443), ('192.0.2.1', 80), None)
    """
    address, _, port = text(value).rpartition(":")
    if not address or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _LAST_PORT:
        return None
    return address.strip("[]"), int(port)


def times(entry: Mapping[str, Any]) -> tuple[float, float]:
    """Start and duration; versions before 0.5 noted only the end, and the oldest nothing."""
    end = number(entry.get("t"))
    start = number(entry.get("t0"))
    if start is None:
        return max(end or 0.0, 0.0), 0.0
    return max(start, 0.0), max((end or start) - start, 0.0)
