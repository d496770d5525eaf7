"""An internet, and networks that censor, on loopback sockets as an ordinary user: real DNS, TCP, TLS and HTTP, no root.

A probe asks its `Network` for a socket to a logical address; the view answers with a socket and the loopback endpoint
that plays this address for this view. So everything that a probe sees, records and screens is the logical address, and
only `connect` meets 127.0.0.1. What loopback cannot play: routers' ICMP errors, hop counts, packet loss.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from probes.model import Clock
from probes.network import AddressRange
from probes.testing.censor import Rule
from probes.testing.internet import Internet
from probes.testing.stage import Stage
from probes.testing.view import View

RESOLVER = "192.0.2.53"
"""Where a view's own resolver is unless it is told otherwise: an address for documentation (RFC 5737)."""


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


class Loopback:
    """The lab: plays an internet to any number of views while it is entered (`async with`).

    Certificates are valid at the clock's time. A fault in the lab's own servers is raised when the lab closes.
    """

    def __init__(self, internet: Internet, *, clock: Clock = utc_now) -> None:
        self._internet = internet
        self._clock = clock
        self._running: Stage | None = None

    @property
    def _stage(self) -> Stage:
        if self._running is None:
            raise RuntimeError("the lab is not open: use `async with Loopback(…) as lab`")
        return self._running

    @property
    def internet(self) -> Internet:
        """What is played; it may be replaced while the lab runs, and later connections meet the new one."""
        return self._internet

    @internet.setter
    def internet(self, internet: Internet) -> None:
        self._internet = internet
        if self._running is not None:
            self._running.internet = internet

    def network(
        self, name: str, *, rules: tuple[Rule, ...] = (), resolver: str = RESOLVER, allow: tuple[AddressRange, ...] = ()
    ) -> View:
        """A network to measure from, under `rules` (changeable) and with its own resolver at a logical address.

        `allow` exempts address ranges from the screen, for sites that live where nobody may be dialled.
        """
        return View(self._stage, name, rules=rules, resolver=resolver, allow=allow)

    async def __aenter__(self) -> Self:
        self._running = Stage(self._internet, self._clock())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        fault = await self._stage.close()
        self._running = None
        if fault is not None and error is None:
            raise fault
