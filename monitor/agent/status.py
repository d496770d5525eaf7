"""How an agent does, read from its folder beside the running process."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.agent.clock import moments
from monitor.agent.course import Course
from monitor.agent.folder import AgentFolder
from monitor.agent.spool.file import reading, word
from monitor.agent.spool.kept import backlog, comparison
from monitor.agent.spool.losses import untold
from monitor.sshsig import PublicKey
from monitor.wire import Dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """An agent as its folder shows it; times are RFC 3339 by the machine's clock, empty where something never was."""

    vantage: str
    key: str
    """Fingerprint of the vantage point's key."""
    collectors: tuple[str, ...]
    running: bool
    standing: str
    """How the last round ended: well, unreachable, busy, unapproved, consent, revoked, fork, malformed …"""
    trouble: str
    mistake: str
    """The newest mistake of ours while measuring: which probe of which target, and its kind."""
    halted: str
    """Why nothing may be measured; empty where it may."""
    contact: str
    offset: float | None
    """Seconds that this machine's clock is ahead of the collector's."""
    waiting: int
    oldest: str
    bytes: int
    limit: int
    delivered: int
    refused: int
    dropped: tuple[Dropped, ...]
    """Lost and not yet told to the collector."""
    lost: int
    """Dropped since the enrolment."""
    plan: int
    """Serial of the plan in force."""
    visited: tuple[str, ...]
    left_out: tuple[str, ...]
    """Targets of the plan that are not visited, as the operator wishes."""
    unasked: tuple[str, ...]
    """Categories of the plan that the operator was not asked about yet."""
    risk: int
    consented: str


def status_of(folder: AgentFolder) -> AgentStatus:
    """How the agent of a folder does. AgentError where it is none, SpoolError where its spool cannot be read."""
    membership, key = folder.membership(), folder.key()
    plan, _ = folder.plan(PublicKey.read(membership.collector))
    course = Course(plan=plan, consent=folder.consent(key.public))
    now = moments()()
    visited = {each.id for each in course.visited}
    with reading(folder.spool) as spool:
        known = comparison(spool, now.boot)
        waits = backlog(spool)
        return AgentStatus(
            vantage=membership.vantage,
            key=key.public.fingerprint,
            collectors=membership.collectors,
            running=folder.running() is not None,
            standing=word(spool, "standing") or "never spoke",
            trouble=word(spool, "trouble"),
            mistake=word(spool, "mistake"),
            halted=course.standing,
            contact=word(spool, "contact"),
            offset=None if known is None else known.reading(now).offset,
            waiting=waits.waiting,
            oldest=waits.oldest,
            bytes=waits.bytes,
            limit=membership.limit,
            delivered=int(word(spool, "delivered") or 0),
            refused=int(word(spool, "refused") or 0),
            dropped=untold(spool),
            lost=int(word(spool, "lost") or 0),
            plan=plan.serial,
            visited=tuple(sorted(visited)),
            left_out=tuple(sorted(each.id for each in plan.targets if each.id not in visited)),
            unasked=tuple(sorted(course.unasked)),
            risk=course.consent.risk,
            consented=course.consent.time,
        )
