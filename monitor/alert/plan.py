"""The plan: what one recipient is to be told now, as deliveries; planned twice it is planned once, by its keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.alert.bundle import bundled, related
from monitor.alert.hours import local, quiet_until
from monitor.alert.settings import AlertSettings, Recipient
from monitor.alert.step import RANKS, Told, is_first, step, told_by
from monitor.alert.wanted import Surroundings, muted, seen, wanted
from monitor.model import Alert, Delivery, Fate, Form, Said, Saying, Stage, Tier, Topic

GROWTH = 4
"""An update that tells of nothing but more networks, or another layer, waits so many times longer: by then most blocks
that spread have spread (counted in `benchmarks/alert_counts.py`)."""
RETURNED = 3
"""The end of a block that returned after its end was told has to hold so many times longer: by default more than the
four hours within which detection calls it the same block."""
_FINAL = frozenset({Stage.ENDED, Stage.RETRACTED})
DECLINED = "declined"
"""The note of a delivery that somebody stopped."""
_COUNTED = frozenset({Fate.WAITING, Fate.PROPOSED, Fate.SENT, Fate.DEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Everything that planning looks at, at one moment."""

    now: datetime
    alerts: tuple[Alert, ...]
    around: Surroundings = field(default_factory=Surroundings)
    sayings: tuple[Saying, ...] = ()
    live: frozenset[str] = frozenset()
    """Stories that were followed from the beginning: they are news whenever somebody first wants to hear of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Deliveries to append, and known ones whose fate is another now."""

    new: tuple[Delivery, ...] = ()
    changed: tuple[Delivery, ...] = ()


def plan(recipient: Recipient, moment: Moment, before: Sequence[Delivery], settings: AlertSettings) -> Plan:
    """What is to be told to a recipient whose deliveries so far are `before`."""
    told = told_by(before)
    case = _Case(recipient=recipient, told=told, before=before, moment=moment, settings=settings)
    due = [found for alert in moment.alerts if (found := case.due(alert))]
    passed: list[Alert] = []
    withheld: list[Alert] = []
    for alert in due:
        (withheld if muted(recipient, alert, moment.sayings, moment.now) else passed).append(alert)
    new: list[Delivery] = list(_withheld(recipient, withheld, moment, "muted"))
    changed: dict[str, Delivery] = {}
    for group in bundled(passed, settings.gap):
        stale = [one for one in before if _replaceable(one, group) and one.key not in changed]
        whole = _whole(group, stale, told)
        changed |= {one.key: replace(one, fate=Fate.SUPERSEDED, changed=moment.now) for one in stale}
        if not whole:
            continue
        if _capped(recipient, whole, [*before, *new], moment.now):
            new += _withheld(recipient, whole, moment, "daily cap")
        else:
            new += _addressed(recipient, whole, told, moment)
    known = {one.key for one in before}
    return Plan(new=tuple(one for one in new if one.key not in known), changed=tuple(changed.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One recipient at one moment."""

    recipient: Recipient
    told: Mapping[str, Told]
    before: Sequence[Delivery]
    moment: Moment
    settings: AlertSettings

    def due(self, alert: Alert) -> Alert | None:
        """The alert at the stage at which it is told now, or None."""
        last = self.told.get(alert.story)
        stage = step(last, alert)
        if stage is None or (last is None and self._declined(alert)):
            return None
        again = stage is Stage.EXTENDED and last is not None and last.alert.stage in _FINAL
        alert = replace(alert, stage=stage, note="again" if again else alert.note)
        if stage in _FINAL:
            return alert if self._holds(alert) else None
        if last is None:
            return alert if self._starts(alert) else None
        if not last.reached:
            return replace(alert, stage=Stage(alert.tier.value))
        grown = stage is Stage.EXTENDED and not again
        rest = self.settings.updates * (GROWTH if grown else 1)
        waited = self.moment.now - last.at >= rest
        return alert if waited and seen(alert, self.moment.around) else None

    def _holds(self, alert: Alert) -> bool:
        """Whether the end of a block that has returned before has held for long enough to be told once more."""
        if alert.stage is Stage.RETRACTED or alert.end is None or not self._returned(alert.story):
            return True
        return self.moment.now - alert.end[1] >= self.settings.settle * RETURNED

    def _returned(self, story: str) -> bool:
        return any(other.story == story and other.note == "again" for one in self.before for other in one.alerts)

    def _starts(self, alert: Alert) -> bool:
        """Whether the first message about a story leaves now."""
        waits = self.settings.wait if alert.topic in (Topic.BLOCKING, Topic.OFFLINE) else timedelta()
        return (
            self.moment.now - alert.since >= waits
            and (alert.story in self.moment.live or is_news(alert, self.moment.now, self.settings))
            and wanted(self.recipient, alert, seen(alert, self.moment.around))
            and not _soon_after(alert, self.before, self.moment.now, self.settings.gap)
        )

    def _declined(self, alert: Alert) -> bool:
        """Whether somebody decided that this is not to be published, as sure as it is now."""
        return any(
            other.story == alert.story and RANKS[alert.tier] <= RANKS[other.tier]
            for one in self.before
            if one.fate is Fate.WITHHELD and one.note == DECLINED
            for other in one.alerts
        )


def is_news(alert: Alert, now: datetime, settings: AlertSettings) -> bool:
    """Whether an alert, or its newest network, is young enough to be told of when it is first seen."""
    return now - max(alert.since, alert.newest or alert.since) <= settings.fresh


def _soon_after(alert: Alert, before: Sequence[Delivery], now: datetime, gap: timedelta) -> bool:
    """Whether a first message about the same networks and hour has just left: the next one waits for company."""
    recent = (one for one in before if one.fate in _COUNTED and now - one.created < gap and one.form is Form.NEWS)
    return any(related(other, alert, gap) for one in recent for other in one.alerts)


def _replaceable(one: Delivery, group: Sequence[Alert]) -> bool:
    """Whether a delivery that nobody can have seen yet speaks of one of these stories."""
    untouched = one.fate in (Fate.WAITING, Fate.PROPOSED) and one.attempts == 0 and one.form is Form.NEWS
    return untouched and bool({alert.story for alert in one.alerts} & {alert.story for alert in group})


def _whole(group: Sequence[Alert], stale: Sequence[Delivery], told: Mapping[str, Told]) -> tuple[Alert, ...]:
    """The group, with what else the replaced messages spoke of; what was taken back unheard is left out."""
    stories = {alert.story: alert for one in stale for alert in one.alerts} | {alert.story: alert for alert in group}
    return tuple(
        alert
        for story, alert in stories.items()
        if alert.stage is not Stage.RETRACTED or (story in told and told[story].reached)
    )


def _capped(recipient: Recipient, alerts: Sequence[Alert], before: Iterable[Delivery], now: datetime) -> bool:
    if recipient.cap is None or any(alert.stage in _FINAL or alert.tier is Tier.CONFIRMED for alert in alerts):
        return False
    today = local(now, recipient.timezone).date()
    sent = {
        tuple((alert.story, alert.revision, alert.stage) for alert in one.alerts)
        for one in before
        if one.fate in _COUNTED
        and one.form is Form.NEWS
        and local(one.created, recipient.timezone).date() == today
        and not any(alert.stage in _FINAL for alert in one.alerts)
    }
    return len(sent) >= recipient.cap


def _withheld(recipient: Recipient, alerts: Sequence[Alert], moment: Moment, why: str) -> Iterator[Delivery]:
    """What is kept back is written down, once a day and stage, for the digest."""
    day = local(moment.now, recipient.timezone).date()
    for alert in alerts:
        yield Delivery(
            key=key_of(recipient.name, why, str(day), f"{alert.story} {alert.stage}"),
            recipient=recipient.name,
            address="",
            alerts=(alert,),
            created=moment.now,
            due=moment.now,
            fate=Fate.WITHHELD,
            note=why,
        )


def _addressed(
    recipient: Recipient, alerts: tuple[Alert, ...], told: Mapping[str, Told], moment: Moment
) -> Iterator[Delivery]:
    """One delivery for each address of the recipient, at the hour and with the approval that they need."""
    first = any(is_first(told.get(alert.story)) for alert in alerts)
    back = any(alert.note == "again" for alert in alerts)
    ends = any(alert.stage in _FINAL for alert in alerts)
    needs_approval = recipient.public and not (ends and not first)
    due = _hour(recipient, alerts, moment.now)
    told_of = " ".join(f"{alert.story}:{alert.revision}:{alert.stage}" for alert in alerts)
    for address in recipient.addresses:
        yield Delivery(
            key=key_of(recipient.name, address.name, told_of),
            recipient=recipient.name,
            address=address.name,
            alerts=alerts,
            created=moment.now,
            due=due,
            fate=Fate.PROPOSED if needs_approval else Fate.WAITING,
            quiet=not (first or back or ends),
        )


def _hour(recipient: Recipient, alerts: Sequence[Alert], now: datetime) -> datetime:
    """Now, or the end of the recipient's quiet hours; what they want to be woken for is judged by its tier."""
    quiet = recipient.quiet
    if quiet is None:
        return now
    if quiet.wake is not None and any(RANKS[alert.tier] >= RANKS[quiet.wake] for alert in alerts):
        return now
    return quiet_until(now, quiet, recipient.timezone) or now


def decided(before: Iterable[Delivery], sayings: Iterable[Saying], now: datetime) -> tuple[Delivery, ...]:
    """Proposed deliveries that somebody has approved, which now wait, or declined, which are withheld."""
    words = {saying.subject: saying for saying in sayings if saying.said in (Said.APPROVED, Said.DECLINED)}
    found = []
    for one in before:
        word = words.get(f"delivery:{one.key}")
        if one.fate is not Fate.PROPOSED or word is None:
            continue
        approved = word.said is Said.APPROVED
        fate, note = (Fate.WAITING, "approved") if approved else (Fate.WITHHELD, DECLINED)
        found.append(replace(one, fate=fate, note=note, changed=now, due=max(one.due, now)))
    return tuple(found)


def key_of(*parts: str) -> str:
    """What makes a message the same as another: 32 hex digits over its recipient, address and content.

    >>> key_of("desk", "mail", "ev-1:1:likely") == key_of("desk", "mail", "ev-1:1:likely")
    True
    """
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
