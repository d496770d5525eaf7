"""Who asks: the address is counted in memory and looked up, the signature checked, and then the address is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

from starlette.requests import ClientDisconnect, Request

from monitor.collector.refusal import RefusalError
from monitor.config import CollectorSettings
from monitor.fleet import Database, Member, Status, batches, members, nonces, sights
from monitor.sshsig import PublicKey
from monitor.web.bucket import Buckets
from monitor.web.proxy import origin
from monitor.wire import Header, Signed, WireError
from monitor.wire.request import WINDOW
from probes.model import Clock

SLOWEST = 60.0
"""Seconds that a request's body may take to come in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever stands behind a request: for the length of this request only."""

    address: str = field(repr=False)
    """Never written anywhere: it goes back to the caller in a header, and into the lookup."""
    network: str
    """What the prefix table says of it; empty where that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request whose signature holds: the member, what it sent, and where from."""

    caller: Caller
    member: Member
    signed: Signed
    body: bytes

    @property
    def network(self) -> str:
        """The network that it is seen in: the table's word, else what is believed of the vantage point."""
        return self.caller.network or self.member.network


class Gate:
    """Lets requests in. State: how often keys and addresses have asked lately, under keyed hashes."""

    def __init__(
        self,
        fleet: Database,
        *,
        settings: Callable[[], CollectorSettings],
        network_of: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._fleet, self._settings, self._network_of, self._clock = fleet, settings, network_of, clock
        self._addresses, self._keys = Buckets(), Buckets()

    def caller(self, request: Request) -> Caller:
        """Who asks, as far as an address tells; RefusalError for one that asks too often."""
        settings = self._settings()
        address = _plain(origin(request, settings.proxies).client)
        self._count(self._addresses, address, settings.address_rate)
        return Caller(address=address, network=self._network_of(address) if address else "")

    async def visit(self, request: Request, longest: int) -> Visit:
        """The member whose key signed this request, and what it sent (`longest` bytes at most); RefusalError."""
        caller = self.caller(request)
        signed = Signed.read(request.headers)
        member = await asyncio.to_thread(members.read, self._fleet, signed.key)
        if member is None:
            raise RefusalError(401, "signature", "the key is not known here")
        self._count(self._keys, signed.key, self._settings().rate)
        content = await body(request, longest)
        self.check(request, signed, PublicKey.read(member.public), content)
        if not member.live:
            raise RefusalError(403, "revoked", "this key opens nothing any more")
        return Visit(caller=caller, member=member, signed=signed, body=content)

    def check(self, request: Request, signed: Signed, key: PublicKey, content: bytes) -> None:
        """Return where this key signed this very request, else WireError; what a front puts before it is not."""
        path = request.scope["path"]
        signed.check(key, request.method, path[path.index("/agent/v1/") :], content, self._clock())

    async def fresh(self, signed: Signed) -> None:
        """Use the request's word up; RefusalError where it was shown before."""
        taken = await asyncio.to_thread(
            nonces.take, self._fleet, signed.key, signed.nonce, now=self._clock(), window=WINDOW
        )
        if not taken:
            raise RefusalError(401, "signature", "this request came before")

    async def fresh_batch(self, visit: Visit, header: Header) -> None:
        """The same for a batch: the very same one may come again, as it does when a receipt was lost."""
        known = await asyncio.to_thread(batches.known, self._fleet, header.key, header.sequence, header.sha256)
        if not known:
            await self.fresh(visit.signed)

    async def saw(self, visit: Visit) -> None:
        """Write down that this key was seen, and in which network."""
        await asyncio.to_thread(sights.saw, self._fleet, visit.member, visit.network, now=self._clock())

    def _count(self, buckets: Buckets, name: str, rate: int) -> None:
        if seconds := buckets.take(name, rate, self._clock()):
            raise RefusalError.busy(429, seconds, "too many requests")


def approved(member: Member) -> None:
    """Return where a member may deliver; RefusalError where it has to wait."""
    if member.status is not Status.APPROVED:
        raise RefusalError(403, "unapproved", "nobody has approved of this vantage point yet")


async def body(request: Request, longest: int) -> bytes:
    """What was sent, bounded in length and time, and never inflated here."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusalError(400, "malformed", "a body is sent as it is, without Content-Encoding")
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > 12 or int(told) > longest:
        raise RefusalError(413, "too_large", f"a body is {longest} bytes long at most")
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(SLOWEST):
            async for piece in request.stream():
                size += len(piece)
                if size > longest:
                    raise RefusalError(413, "too_large", f"a body is {longest} bytes long at most")
                pieces.append(piece)
    except TimeoutError as fault:
        raise RefusalError(400, "malformed", "the body came too slowly") from fault
    except ClientDisconnect as fault:
        raise WireError("the body was cut off") from fault
    return b"".join(pieces)


def _plain(client: str) -> str:
    """An address in its shortest form; empty for what is none, so that nothing else ever comes back in a header.

    >>> _plain("::ffff:192.0.2.7"), _plain("2001:db8:0::1"), _plain("unix\\r\\nEvil: yes")
    ('192.0.2.7', '2001:db8::1', '')
    """
    try:
        found = ip_address(client)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
