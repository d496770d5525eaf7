"""Asking a proxy for a connection: SOCKS 5 (RFC 1928, RFC 1929) and HTTP's CONNECT (RFC 9110 §9.3.6).

What the proxy says of the far side becomes the errno that a connection of our own would have had. What it says of us,
or does not say as it should, is our own fault or the proxy's: ENETDOWN or EACCES, from which no rule accuses anybody.
"""

from __future__ import annotations

import base64
import errno
import os
import struct
from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Protocol

from probes.proxied import Proxy

_SOCKS: Mapping[int, int] = MappingProxyType(
    {
        2: errno.EACCES,
        3: errno.ENETUNREACH,
        4: errno.EHOSTUNREACH,
        5: errno.ECONNREFUSED,
        6: errno.EHOSTUNREACH,
    }
)
"""Replies of RFC 1928 §6: not allowed, network unreachable, host unreachable, refused, TTL expired."""
_HTTP: Mapping[int, int] = MappingProxyType(
    {502: errno.EHOSTUNREACH, 503: errno.EHOSTUNREACH, 504: errno.ETIMEDOUT, 403: errno.EACCES, 407: errno.EACCES}
)
"""Answers to CONNECT: the far side failed (RFC 9110 §15.6), was silent, we may not, we must say who we are."""
_LONGEST_HEAD = 16 * 1024


class Pipe(Protocol):
    """The connection to the proxy."""

    async def read(self, most: int) -> bytes:
        """At least one byte and at most `most`; empty at the end."""

    async def write(self, data: bytes) -> None:
        """All of `data`."""


async def tunnel(pipe: Pipe, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy connect to a name or an address; OSError where it does not. Not a byte of the far side is read."""
    if proxy.speech == "socks5":
        await _socks(pipe, proxy, host, port)
    else:
        await _connect(pipe, proxy, host, port)


async def _socks(pipe: Pipe, proxy: Proxy, host: str, port: int) -> None:
    await pipe.write(b"\x05\x02\x00\x02" if proxy.user else b"\x05\x01\x00")
    version, method = await _exactly(pipe, 2)
    if version != 5 or method not in (0, 2):
        raise _fault(errno.EACCES if version == 5 else errno.ENETDOWN)
    if method == 2:
        user, password = proxy.user.encode(), proxy.password.encode()
        await pipe.write(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if (await _exactly(pipe, 2))[1]:
            raise _fault(errno.EACCES)
    await pipe.write(b"\x05\x01\x00" + socks_address(host) + struct.pack(">H", port))
    version, reply, _, kind = await _exactly(pipe, 4)
    if version != 5:
        raise _fault(errno.ENETDOWN)
    if reply:
        raise _fault(_SOCKS.get(reply, errno.ENETDOWN))
    rest = {1: 4, 4: 16}.get(kind)
    await _exactly(pipe, 2 + (rest if rest is not None else (await _exactly(pipe, 1))[0]))


def socks_address(host: str) -> bytes:
    """A name or an address as SOCKS 5 writes it (RFC 1928 §5); OSError where a name is too long for that.

    >>> socks_address("kloop.kg"), socks_address("9.9.9.9"), len(socks_address("2620:fe::fe"))
    (b'\\x03\\x08kloop.kg', b'\\x01\\t\\t\\t\\t', 17)
    """
    try:
        packed = ip_address(host).packed
    except ValueError:
        name = host.encode("ascii", "replace")
        if not 0 < len(name) < 256:
            raise _fault(errno.EINVAL) from None
        return b"\x03" + bytes([len(name)]) + name
    return (b"\x01" if len(packed) == 4 else b"\x04") + packed


async def _connect(pipe: Pipe, proxy: Proxy, host: str, port: int) -> None:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.user:
        told = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {told}")
    await pipe.write(("\r\n".join(lines) + "\r\n\r\n").encode("ascii", "replace"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):  # byte by byte, so that nothing of the far side is taken away
        head += await _exactly(pipe, 1)
        if len(head) > _LONGEST_HEAD:
            raise _fault(errno.ENETDOWN)
    words = head.split(b" ", 2)
    status = int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/1.") and words[1].isdigit() else 0
    if not 200 <= status < 300:
        raise _fault(_HTTP.get(status, errno.ENETDOWN))


async def _exactly(pipe: Pipe, count: int) -> bytes:
    """So many bytes; ENETDOWN where the proxy ends before."""
    data = b""
    while len(data) < count:
        more = await pipe.read(count - len(data))
        if not more:
            raise _fault(errno.ENETDOWN)
        data += more
    return data


def _fault(code: int) -> OSError:
    return OSError(code, os.strerror(code))
