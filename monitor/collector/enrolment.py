"""How somebody with a token becomes a member: an offer is shown, a consent comes back, signed with a new key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.collector.plans import RISK, content_of, plan_of, point_of, signed
from monitor.collector.refusal import RefusalError
from monitor.config import Settings
from monitor.fleet import Database, FleetRefusal, Member, Status, Token, members, plans, tokens
from monitor.sshsig import PublicKey, SignatureError, SigningKey
from monitor.wire import Consent, Letter, Offer, Plan, WireError, as_read
from monitor.wire.consent import NAMESPACE
from probes.document import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A token, and the consent of whoever holds it; the signature holds, and the token was not looked at yet."""

    token: str
    key: PublicKey
    letter: Letter
    consent: Consent


class Office:
    """Plans and consents of the fleet, and how one gets into it."""

    def __init__(self, fleet: Database, key: SigningKey, *, settings: Callable[[], Settings]) -> None:
        self._fleet, self._key, self._settings = fleet, key, settings

    def offer(self, secret: str, now: datetime) -> Offer:
        """What the holder of a token is asked to agree to; RefusalError for a token that cannot be used."""
        token = self._token(secret, now)
        return Offer(collector=self._key.public.line, plan=_letter(self.plan(token, now)))

    def enrol(self, application: Application, network: str, now: datetime) -> Member:
        """The member that a token makes of a key. RefusalError for a token or a consent that does not hold."""
        known = members.read(self._fleet, application.key.fingerprint)
        if known is None:  # else it came before, and its receipt was lost
            self._check(application.consent, self._token(application.token, now).vantage)
        member = Member(
            key=application.key.fingerprint,
            public=application.key.line,
            vantage="",
            country="ZZ",
            network=network or "AS0",
            role="",
            status=Status.PENDING,
            enrolled=now,
            consent=application.letter.content.decode(),
            risk=application.consent.risk,
            consented=application.consent.time,
            software=application.consent.software[:60],
        )
        try:
            return tokens.enrol(self._fleet, application.token, member, now=now)
        except FleetRefusal as fault:
            raise RefusalError(403, "token", str(fault)) from fault

    def agree(self, member: Member, raw: bytes, now: datetime) -> None:
        """Take another consent of a member; RefusalError for one to an older risk text.

        Which one is the newer is the request's to say, which is signed by our clock: the vantage point's may be wrong.
        """
        application = applied(member.key, Letter.read(raw), "")
        self._check(application.consent, member.vantage)
        consent = application.consent
        letter = application.letter.content.decode()
        members.agree(self._fleet, replace(member, consent=letter, risk=consent.risk, consented=consent.time), now=now)

    def plan(self, place: Member | Token, now: datetime, network: str = "") -> bytes:
        """The letter of the plan in force for a place."""
        settings = self._settings()
        plan = plan_of(settings, point_of(place, simulated=settings.simulated, network=network))
        return plans.current(
            self._fleet, place.vantage, content_of(plan), lambda serial: signed(plan, serial, self._key, now), now=now
        )

    def plan_named(self, vantage: str, sha256: str) -> Plan:
        """The plan of that hash, which we made for that vantage point; WireError where we made none."""
        content = plans.signed(self._fleet, vantage, sha256)
        if content is None:
            raise WireError("the plan is not one of ours for this vantage point")
        return as_read(Plan, Letter.read(content).document)

    def consent(self, member: Member) -> Consent:
        """What a member's operator agreed to; RefusalError where the risk text has changed since."""
        if member.risk < RISK:
            raise RefusalError(403, "consent", "there is a newer risk text to agree to")
        return as_read(Consent, Letter.read(member.consent.encode()).document)

    def _token(self, secret: str, now: datetime) -> Token:
        token = tokens.find(self._fleet, secret, now=now)
        if token is None:
            raise RefusalError(403, "token", "the token is unknown, used up or too old")
        return token

    def _check(self, consent: Consent, vantage: str) -> None:
        try:
            moment(consent.time)
        except ValueError as fault:
            raise WireError("Consent: the time is none") from fault
        self.plan_named(vantage, consent.plan)
        if consent.risk < RISK:
            raise RefusalError(403, "consent", "there is a newer risk text to agree to")


def applied(key: str, letter: Letter, token: str) -> Application:
    """A consent whose letter is signed with the key in it, which has the fingerprint `key`; WireError else."""
    line = letter.document.get("key")
    try:
        public = PublicKey.read(line if isinstance(line, str) else "")
    except SignatureError as fault:
        raise WireError("Consent: the key is none") from fault
    if public.fingerprint != key:
        raise WireError("the consent is not of the key that signed the request", "signature")
    consent = letter.opened(Consent, public, NAMESPACE)
    return Application(token=token, key=public, letter=letter, consent=consent)


def _letter(content: bytes) -> dict[str, object]:
    letter = Letter.read(content)
    return {"document": letter.document, "signature": letter.signature}
