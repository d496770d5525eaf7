"""Joining a collector: it makes an offer, the operator agrees to it, and only then is anything written or promised."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.agent.folder import AgentError
from monitor.agent.risk import VERSION
from monitor.agent.uplink import Reply, UnreachableError, Uplink
from monitor.sshsig import PublicKey, SignatureError, SigningKey
from monitor.wire import Consent, Letter, Offer, Plan, WireError, as_read
from monitor.wire import consent as consents
from monitor.wire import plan as plans
from probes.document import rfc3339

ASKED_FOR = frozenset(
    {"porn", "hate", "lgbt", "religion", "rel", "terror", "milx", "xed", "date", "gambling", "alcohol"}
)
"""Categories that are left out unless an operator asks for them by name: visiting such sites can harm whoever does it,
whatever it is good for. The words are those of the Citizen Lab test lists, in lower case, and their plain forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a collector offers: its key, and the plan that an operator is asked to agree to."""

    collector: PublicKey
    letter: Letter
    plan: Plan


async def ask_offer(uplink: Uplink, token: str) -> Offered:
    """What the collector offers to whoever has this token. AgentError says why there is nothing."""
    reply = await _asked(uplink, "/agent/v1/offer", json.dumps({"token": token}).encode(), signed=False)
    try:
        offer = as_read(Offer, reply.told)
        collector, letter = PublicKey.read(offer.collector), Letter.read(json.dumps(offer.plan).encode())
        return Offered(collector=collector, letter=letter, plan=letter.opened(Plan, collector, plans.NAMESPACE))
    except (WireError, SignatureError) as fault:
        raise AgentError(f"the collector's offer is not what it should be: {fault}") from fault


async def enrol(uplink: Uplink, token: str, consent: Letter) -> str:
    """Join with what the operator agreed to; the id of the vantage point. AgentError says why that was not possible.

    The same token with the same key may be sent again, where the answer was lost.
    """
    body = json.dumps({"token": token, "consent": {"document": consent.document, "signature": consent.signature}})
    reply = await _asked(uplink, "/agent/v1/enrol", body.encode(), signed=True)
    vantage = reply.told.get("vantage")
    if not isinstance(vantage, str) or not vantage:
        raise AgentError("the collector's answer to the enrolment is not what it should be")
    return vantage


def agreed(
    offered: Plan,
    digest: str,
    key: SigningKey,
    *,
    language: str,
    now: datetime,
    software: str,
    wanted: Iterable[str] = (),
    vetoed_categories: Iterable[str] = (),
    vetoed_targets: Iterable[str] = (),
) -> Letter:
    """The signed consent to a plan (`digest` is its document's SHA-256), with what is excepted.

    Categories of ASKED_FOR are agreed to only where they are among the `wanted`. AgentError for a veto of something
    that is not in the plan: it would be a misspelt one.
    """
    vetoed, targets, asked = set(vetoed_categories), set(vetoed_targets), set(wanted)
    unknown = sorted({*vetoed, *asked} - offered.categories) + sorted(targets - {each.id for each in offered.targets})
    if unknown:
        raise AgentError(f"the plan has no target or category called {', '.join(map(repr, unknown))}")
    vetoed |= {each for each in offered.categories if each.lower() in ASKED_FOR and each not in asked}
    told = Consent(
        key=key.public.line,
        time=rfc3339(now),
        risk=VERSION,
        language=language,
        plan=digest,
        categories=tuple(sorted(offered.categories - vetoed)),
        vetoed_categories=tuple(sorted(vetoed)),
        vetoed_targets=tuple(sorted(targets)),
        software=software,
    )
    return Letter.sign(told, key, consents.NAMESPACE)


async def _asked(uplink: Uplink, path: str, body: bytes, *, signed: bool) -> Reply:
    try:
        reply = await uplink.ask("POST", path, body, signed=signed)
    except UnreachableError as fault:
        raise AgentError(f"the collector: {fault}") from fault
    match reply.status, reply.code:
        case 200, _:
            return reply
        case 403, "token":
            raise AgentError("the collector does not take this token: it is unknown, used up or too old")
        case ((429 | 503), _):
            raise AgentError("the collector is busy: try again in a minute")
    raise AgentError(f"the collector refused ({reply.status}{reply.code and ', '}{reply.code})")
