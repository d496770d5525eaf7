"""The one way out: signed requests to the collector, at its addresses in turn, through a proxy where there is one.

Nothing of the environment has a say (no proxy variables, no `.netrc`), no redirect is followed, and an answer is read
up to a limit only. Names are resolved by the proxy, so an onion service is reached through Tor's SOCKS5 port as it is.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import certifi
import httpx

from monitor.agent.clock import Comparison, Moment, Moments, compared
from monitor.agent.folder import AgentError
from monitor.sshsig import SigningKey
from monitor.wire.request import sign

LONGEST = 8 * 1024 * 1024
"""Bytes of an answer: twice the longest letter."""

_TIMEOUT = httpx.Timeout(60.0, connect=30.0)
_TOTAL = 120.0
"""Seconds for one request at one address, whatever trickles in."""


class UnreachableError(Exception):
    """No address of the collector answered; the message says what happened at the last one, without its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    method: str
    path: str
    body: bytes
    kind: str
    tag: str
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a collector answered."""

    status: int
    content: bytes = b""
    headers: httpx.Headers = field(default_factory=httpx.Headers)

    @property
    def told(self) -> dict[str, Any]:
        """The JSON object in it; empty where it holds none."""
        try:
            told = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    @property
    def code(self) -> str:
        """The word of a refusal (docs/reference/agent-protocol.md); empty for anything else."""
        code = self.told.get("code") if self.status >= 400 else ""
        return code if isinstance(code, str) else ""

    @property
    def retry_after(self) -> float | None:
        """Seconds that the collector asks to wait; None where it asks for nothing."""
        text = self.headers.get("Retry-After", "")
        return float(text) if text.isascii() and text.isdigit() else None


class Uplink:
    """Asks one collector. State: which of its addresses answered last, and the newest comparison of the clocks.

    `ca` is a file of certificates that alone may vouch for it; None: the usual ones. `proxy` is `http://`, `https://`
    or `socks5://`. `transport` replaces the network, for tests. AgentError for an address or proxy that cannot be.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        key: SigningKey,
        moments: Moments,
        *,
        proxy: str = "",
        ca: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        on_compared: Callable[[Comparison], None] = lambda _: None,
    ) -> None:
        self._addresses = [checked(each) for each in addresses]
        self._key, self._moments, self._on_compared = key, moments, on_compared
        self.comparison: Comparison | None = None
        self.outer = ""
        """Our address as the collector sees it, where it says so; for `identity` only, and never written down."""
        try:
            context = ssl.create_default_context(cafile=str(ca) if ca is not None else certifi.where())
            self._client = httpx.AsyncClient(
                verify=context, proxy=proxy or None, trust_env=False, timeout=_TIMEOUT, transport=transport
            )
        except (OSError, ValueError, ImportError) as fault:
            raise AgentError(f"the collector cannot be asked so: {fault}") from fault

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        kind: str = "application/json",
        tag: str = "",
        signed: bool = True,
    ) -> Reply:
        """The collector's answer to a request (`tag` is for If-None-Match); UnreachableError where no address gave one.

        An address that fails, or that is only a front without a collector behind (502, 504), is followed by the next.
        """
        question = _Question(method=method, path=path, body=body, kind=kind, tag=tag, signed=signed)
        fault: UnreachableError | None = None
        for address in list(self._addresses):
            try:
                reply = await self._at(address, question)
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, TimeoutError, ValueError) as error:
                fault = UnreachableError(_said(error))
                continue
            if reply.status in (502, 504):
                fault = UnreachableError(f"a front answered {reply.status}")
                continue
            self._addresses.remove(address)
            self._addresses.insert(0, address)
            return reply
        raise fault or UnreachableError("there is no address to ask")

    async def _at(self, address: str, question: _Question) -> Reply:
        reply = await self._once(address, question)
        if question.signed and reply.status == 401 and reply.code == "clock":
            reply = await self._once(address, question)
        return reply

    async def _once(self, address: str, question: _Question) -> Reply:
        before, url = self._moments(), address.rstrip("/") + question.path
        headers = {"Content-Type": question.kind, "Accept-Encoding": "identity", "User-Agent": "presscanary-agent"}
        if question.tag:
            headers["If-None-Match"] = question.tag
        if question.signed:
            now = before.wall if self.comparison is None else self.comparison.now(before)
            headers |= sign(
                self._key, question.method, question.path, question.body, now=now, nonce=secrets.token_urlsafe(16)
            )
        async with (
            asyncio.timeout(_TOTAL),
            self._client.stream(question.method, url, content=question.body, headers=headers) as answer,
        ):
            self._learn(answer, before, self._moments())
            content = b""
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > LONGEST:
                    raise ValueError("the answer is too long")
        return Reply(status=answer.status_code, content=content, headers=answer.headers)

    def _learn(self, answer: httpx.Response, before: Moment, after: Moment) -> None:
        self.outer = answer.headers.get("Your-Address", self.outer)
        known = compared(answer.headers.get("Date", ""), before, after)
        if known is None:
            return
        held = self.comparison
        if held is None or known.within <= (held.reading(after).within or known.within):
            self.comparison = known
            self._on_compared(known)


def checked(address: str) -> str:
    """A collector's address as it is asked; AgentError for one that would send our data in the clear.

    >>> checked("https://collector.example/canary")
    'https://collector.example/canary'
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    safe = parts.scheme == "https" or host.endswith(".onion") or host in ("127.0.0.1", "::1", "localhost")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise AgentError(f"{address!r} is no address of a collector; expected https://HOST[:PORT][/PATH]")
    if not safe:
        raise AgentError(f"{address!r} is not asked in the clear; expected https:// (or an onion service)")
    return address


def _said(error: BaseException) -> str:
    """What happened, for people; the texts of errors may name addresses of this machine, so only kinds are told.

    >>> _said(httpx.ConnectTimeout("from 192.0.2.7"))
    'it could not be reached (ConnectTimeout)'
    """
    if "certificate" in str(error).lower():
        return "its certificate is not one that may vouch for it"
    return f"it could not be reached ({type(error).__name__})"
