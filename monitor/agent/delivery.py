"""What is sent when: the plan is asked for, then batches go out one after the other until nothing waits.

A round ends with a `Pause`: how long until the next one, and whether the agent may go on at all.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from monitor.agent.clock import Moments
from monitor.agent.folder import AgentFolder
from monitor.agent.spool import Sealed, Spool, SpoolFull
from monitor.agent.uplink import Reply, UnreachableError, Uplink
from monitor.sshsig import PublicKey, SigningKey
from monitor.wire import Letter, Plan, Receipt, WireError
from monitor.wire import plan as plans
from monitor.wire import receipt as receipts
from probes.document import rfc3339

EVERY = 60.0
"""Seconds between two rounds while all is well …"""
SHORTEST, LONGEST = 10.0, 900.0
"""… and the bounds of what grows with each failure."""
_AT_MOST = 3600.0
"""A collector that asks for a longer rest is asked again after an hour all the same."""
STILL_HERE = 600.0
"""Seconds after which a batch without measurements says that somebody is still there."""

T = TypeVar("T")


class OnDisk(Protocol):
    """Carries out work on the one thread that uses the spool."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """What the work returns, once it is done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How many seconds until the next round; `standing` is a word for status, and `over` says that there is none."""

    seconds: float
    standing: str
    over: bool = False


class Delivery:
    """Speaks with the collector. State: failures in a row, the plan that it was told, and when it last delivered."""

    def __init__(
        self,
        *,
        folder: AgentFolder,
        spool: Spool,
        uplink: Uplink,
        key: SigningKey,
        collector: PublicKey,
        moments: Moments,
        on_disk: OnDisk,
        software: str,
        plan: tuple[int, str],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._folder, self._spool, self._uplink, self._key = folder, spool, uplink, key
        self._collector, self._moments, self._on_disk, self._software = collector, moments, on_disk, software
        self._serial, self._plan = plan
        self._draw = draw
        self._failures = 0
        self._spoke: float | None = None

    async def round(self) -> Pause:
        """One round: the plan, then all that waits. SpoolError where the disk has a fault; a full one is waited for."""
        try:
            pause = await self._ask_plan()
            while pause is None:
                pause = await self._send_one()
        except UnreachableError as fault:
            pause = self._later("unreachable")
            await self._tell(pause, str(fault))
            return pause
        except (SpoolFull, OSError) as fault:
            pause = self._later("disk_full")
            await self._tell(pause, str(fault))
            return pause
        except WireError as fault:
            pause = self._later("malformed")
            await self._tell(pause, f"the collector answered something else than it should: {fault}")
            return pause
        await self._tell(pause, "")
        return pause

    async def tell_consent(self) -> bool:
        """Tell the collector what the operator agreed to; True once it has taken it."""
        reply = await self._uplink.ask("POST", "/agent/v1/consent", self._folder.consent_letter().content)
        return reply.status in (200, 204)

    async def _ask_plan(self) -> Pause | None:
        reply = await self._uplink.ask("GET", "/agent/v1/plan", tag=f'"{self._plan}"')
        await self._keep_comparison()
        if reply.status == 200:
            await self._take_plan(Letter.read(reply.content))
        elif reply.status != 304:
            return await self._refused(reply, None)
        return None

    async def _take_plan(self, letter: Letter) -> None:
        plan = letter.opened(Plan, self._collector, plans.NAMESPACE)
        if plan.serial < self._serial:
            raise WireError("the plan is older than the one that was there before")
        if letter.sha256 != self._plan:
            await self._on_disk(lambda: self._folder.keep_plan(letter))
            self._serial, self._plan = plan.serial, letter.sha256

    async def _send_one(self) -> Pause | None:
        now = self._moments()
        quiet = self._spoke is None or now.steady - self._spoke >= STILL_HERE
        sealed = await self._on_disk(
            lambda: self._spool.seal(self._key, now, software=self._software, plan=self._plan, empty=quiet)
        )
        if sealed is None:
            self._failures = 0
            return Pause(seconds=EVERY * (0.7 + 0.6 * self._draw()), standing="well")
        reply = await self._uplink.ask("POST", "/agent/v1/batches", sealed.content, kind="application/zstd")
        await self._keep_comparison()
        if reply.status != 200:
            return await self._refused(reply, sealed)
        receipt = Letter.read(reply.content).opened(Receipt, self._collector, receipts.NAMESPACE)
        if (receipt.key, receipt.batch) != (self._key.public.fingerprint, sealed.sha256):
            raise WireError("the receipt is not one for this batch")
        self._spoke, self._failures = now.steady, 0
        await self._on_disk(
            lambda: self._spool.acknowledge(sealed, accepted=receipt.accepted, refused=len(receipt.refused))
        )
        return None

    async def _refused(self, reply: Reply, sealed: Sealed | None) -> Pause | None:
        """What a refusal asks for; None where the round goes on at once."""
        match reply.status, reply.code:
            case 403, "revoked":
                return Pause(seconds=_AT_MOST, standing="revoked", over=True)
            case 403, ("unapproved" | "consent") as standing:
                return self._later(standing)
            case 409, "sequence" if sealed is not None:
                return await self._elsewhere(reply, sealed)
            case 413, _ if sealed is not None:
                await self._on_disk(lambda: self._spool.split(sealed))
                return None
            case ((429 | 503), _):
                return self._later("busy", reply.retry_after)
        return self._later(reply.code or f"refused ({reply.status})")

    async def _elsewhere(self, reply: Reply, sealed: Sealed) -> Pause | None:
        """The collector's chain is at another place: on a new disk we go on from there, else something is wrong."""
        expected, previous = reply.told.get("expected"), reply.told.get("previous")
        new_here = sealed.sequence == 1
        if (
            new_here
            and isinstance(expected, int)
            and expected > 1
            and isinstance(previous, str)
            and len(previous) == 64
        ):
            await self._on_disk(lambda: self._spool.adopt(expected - 1, previous))
            return None
        return Pause(seconds=_AT_MOST, standing="fork")

    def _later(self, standing: str, asked: float | None = None) -> Pause:
        self._failures += 1
        if asked is not None:
            return Pause(seconds=min(asked, _AT_MOST) * (1 + 0.3 * self._draw()), standing=standing)
        return Pause(seconds=backoff(self._failures, self._draw()), standing=standing)

    async def _keep_comparison(self) -> None:
        known = self._uplink.comparison
        if known is not None:
            await self._on_disk(lambda: self._spool.compare(known))

    async def _tell(self, pause: Pause, trouble: str) -> None:
        words = {"standing": pause.standing, "trouble": trouble}
        if pause.standing == "well":
            words["contact"] = rfc3339(self._moments().wall)
        await self._on_disk(lambda: self._spool.say(**words))


def backoff(failures: int, drawn: float) -> float:
    """Seconds to wait after so many failures in a row; `drawn` in [0, 1) spreads those that failed together.

    >>> [backoff(1, 0.0), backoff(1, 1.0), backoff(4, 0.5), backoff(60, 0.5)]
    [5.0, 10.0, 60.0, 675.0]
    """
    bound = min(SHORTEST * 2.0 ** min(failures - 1, 16), LONGEST)
    return bound * (0.5 + drawn / 2)
