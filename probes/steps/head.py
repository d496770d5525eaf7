"""The head of an ordinary HTTP/1.1 response, read at one go; whatever is not ordinary is for h11 to judge.

Ordinary is a final response whose lines are well-formed, end with CR LF, and tell once how long the body is. What is
read here, h11 reads alike (a property test says so); it takes about five times as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.steps.exchange import RawHeaders

_NAME = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [\x20-\x7e]*)?\r\n((?:" + _NAME + rb":[\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)
"""RFC 9112 §4, §5, without tabs, without lines that are folded or end early, and without HTTP/1.0."""
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_BODILESS = frozenset({204, 304})
_LENGTH = re.compile(rb"[0-9]{1,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHead:
    """What an ordinary head says; `size` bytes of it came before the body, and `length` bytes of body follow."""

    status: int
    headers: RawHeaders
    size: int
    length: int


def read(received: bytes) -> PlainHead | None:
    """The head at the beginning of what was received; None where it is not all there, or not ordinary.

    >>> read(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
    PlainHead(status=200, headers=((b'Content-Length', b'2'),), size=38, length=2)
    >>> read(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n") is None
    True
    """
    found = _HEAD.match(received)
    if found is None or (status := int(found[1])) in _BODILESS:
        return None
    parted = (line.partition(b":") for line in found[2][:-2].split(b"\r\n"))
    headers = tuple((name, value.strip(b" ")) for name, _, value in parted)
    framing = [(lowered, value) for name, value in headers if (lowered := name.lower()) in _FRAMING]
    match framing:
        case [(b"content-length", length)] if _LENGTH.fullmatch(length):
            return PlainHead(status=status, headers=headers, size=found.end(), length=int(length))
    return None
