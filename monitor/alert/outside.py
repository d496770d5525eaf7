"""The one way out for alerts: HTTP and host names, with every address screened before it is dialled.

Addresses of webhooks are text of strangers: one that leads into this machine or its network would make the monitor
somebody's hand there. A name is resolved once, each of its addresses is screened, and that very address is dialled;
redirects are not followed, and neither proxies nor credentials of the environment are used.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from probes.network import screen

TIMEOUT = 20.0
"""Seconds for one exchange, from the first packet to the end of the answer."""
_LARGEST = 65_536
"""Bytes of an answer that are read: nobody needs more to say that they got it."""


class UnreachableError(Exception):
    """A host that must not be, or cannot be, dialled; the message has no address in it."""

    def __init__(self, why: str, *, forbidden: bool = False) -> None:
        super().__init__(why)
        self.forbidden = forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def retry_after(self) -> float | None:
        """The seconds in `Retry-After`, None where there are none (a date in it is passed over)."""
        said = self.headers.get("retry-after", "")
        return float(said) if said.isdecimal() and len(said) < 8 else None


def web_address(text: str) -> str | None:
    """What is wrong with an address that is to be posted to, or None.

    >>> web_address("https://hooks.example/x"), web_address("ftp://x")
    (None, 'an address that begins with https:// or http://')
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not text.isprintable() or " " in text:
        return "an address that begins with https:// or http://"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "an address without user, password and #"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """How this monitor reaches those whom it tells."""

    folder: Path = Path()
    """Where relative paths of file channels begin."""
    allow: frozenset[str] = frozenset()
    """Hosts that may be in this machine's own network, as the configuration says."""
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """For TLS; None takes the bundle of `certifi`."""

    def path(self, named: str) -> Path:
        """The path of a file that an address names."""
        return self.folder / Path(named).expanduser()

    def write(self, path: Path, content: bytes) -> None:
        """Put a file in place, whole or not at all, on disk when this returns; OSError where the disk refuses."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    async def dial(self, host: str, port: int) -> str:
        """An address of `host` that may be dialled; UnreachableError where there is none, or one must not be."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
        except (OSError, UnicodeError) as fault:
            raise UnreachableError("the host name does not resolve") from fault
        addresses = [str(entry[4][0]) for entry in found]
        if host not in self.allow and any(screen(address.partition("%")[0]) for address in addresses):
            raise UnreachableError("the host leads into a private or reserved network", forbidden=True)
        return addresses[0]

    async def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One exchange; UnreachableError where nobody answered in time. The answer's body is cut at 64 KiB."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = await self.dial(host, port)
        named = f"[{address}]" if ":" in address else address
        target = httpx.URL(url).copy_with(host=named.strip("[]"), port=port)
        given = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "presscanary", **(headers or {})}
        client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT, verify=self.tls())
        try:
            async with asyncio.timeout(TIMEOUT), client:
                exchange = client.stream(method, target, content=body, headers=given, extensions={"sni_hostname": host})
                async with exchange as answer:
                    return Reply(
                        status=answer.status_code,
                        headers={name.lower(): value for name, value in answer.headers.items()},
                        body=await _bounded(answer),
                    )
        except (httpx.HTTPError, TimeoutError, ssl.SSLError, OSError) as fault:
            raise UnreachableError(f"no answer ({type(fault).__name__})") from fault

    def tls(self) -> ssl.SSLContext:
        """The context for connections of alerts."""
        return self.context or _default()


_contexts: list[ssl.SSLContext] = []


def _default() -> ssl.SSLContext:
    if not _contexts:
        _contexts.append(httpx.create_ssl_context(trust_env=False))
    return _contexts[0]


async def _bounded(answer: httpx.Response) -> bytes:
    read = bytearray()
    async for piece in answer.aiter_raw():
        read += piece
        if len(read) >= _LARGEST:
            break
    return bytes(read[:_LARGEST])
