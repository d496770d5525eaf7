"""The plan of one vantage point, made from the configuration and from what is known of the place. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime

from monitor.config import Settings
from monitor.fleet import Member, Token
from monitor.sshsig import SigningKey
from monitor.wire import Letter, Plan
from monitor.wire.plan import NAMESPACE
from probes.document import canonical, document, rfc3339
from probes.kinds import Need
from probes.model import Role, VantagePoint
from probes.registry import all_probes

RISK = 1
"""The version of the risk text that operators must have agreed to."""

KIND = "agent"
"""How a vantage point of the fleet reaches us, in its measurements."""


def point_of(place: Member | Token, *, simulated: bool, network: str = "") -> VantagePoint:
    """A member, or who is invited, as the vantage point that its measurements name."""
    return VantagePoint(
        id=place.vantage,
        country=place.country,
        network=network or place.network,
        role=Role(place.role),
        kind=KIND,
        simulated=simulated,
    )


def plan_of(settings: Settings, point: VantagePoint) -> Plan:
    """What a vantage point is asked to measure, without number and date.

    Kinds that need our echo host are left out: its token would be in the hands of everybody who runs an agent.
    """
    schedule, experiments = settings.schedule, settings.experiments
    intervals = {
        target.id: schedule.interval_of(target.id, point.id).total_seconds()
        for target in settings.targets
        if schedule.interval_of(target.id, point.id) != schedule.interval
    }
    without_echo = {kind for kind, probe in all_probes().items() if Need.ECHO not in probe.needs}
    return Plan(
        serial=0,
        made="",
        vantage=point,
        risk=RISK,
        targets=settings.targets,
        interval=schedule.interval.total_seconds(),
        intervals=intervals,
        beside={kind: each.total_seconds() for kind, each in experiments.every.items() if kind in without_echo},
        concurrency=schedule.concurrency,
        resolvers=settings.resolvers,
        limits=settings.limits,
        innocuous_names=settings.innocuous_names(),
        no_dns=experiments.no_dns,
    )


def content_of(plan: Plan) -> str:
    """What tells a plan from one that asks for something else: SHA-256 (hex) without number and date."""
    return hashlib.sha256(canonical(document(plan))).hexdigest()


def signed(plan: Plan, serial: int, key: SigningKey, now: datetime) -> tuple[str, bytes]:
    """The document's SHA-256 (hex) and the letter of a plan with its number and date."""
    told = document(plan) | {"serial": serial, "made": rfc3339(now)}
    letter = Letter(document=told, signature=key.sign(canonical(told), NAMESPACE))
    return letter.sha256, letter.content
