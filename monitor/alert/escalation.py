"""Who hears of it next when nobody says that they take care: the second contact, and the second one's second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from monitor.alert.plan import Moment, key_of
from monitor.alert.settings import AlertSettings, Recipient
from monitor.alert.step import OPEN
from monitor.alert.wanted import acknowledged, muted
from monitor.model import Alert, Delivery, Fate, Form


def escalations(
    settings: AlertSettings, moment: Moment, before: Mapping[str, Sequence[Delivery]]
) -> Iterator[Delivery]:
    """A message to the next contact about each open story that was delivered long enough ago and not acknowledged.

    `before` has the deliveries of each recipient. Each contact is told once of each story in this way.
    """
    standing = {alert.story: alert for alert in moment.alerts if alert.stage in OPEN}
    for recipient in settings.recipients:
        contact = settings.recipient(recipient.escalate_to)
        if contact is None:
            continue
        for story in _overdue(recipient, moment, before.get(recipient.name, ())):
            alert = standing.get(story)
            if alert is not None and not muted(contact, alert, moment.sayings, moment.now):
                yield from _to(contact, alert, moment, before.get(contact.name, ()))


def _overdue(recipient: Recipient, moment: Moment, before: Sequence[Delivery]) -> Iterator[str]:
    """The stories of which the recipient's first message left so long ago without an answer."""
    left: dict[str, Delivery] = {}
    for one in before:
        if one.fate is Fate.SENT and one.form in (Form.NEWS, Form.ESCALATION):
            for alert in one.alerts:
                left.setdefault(alert.story, one)
    for story, one in left.items():
        waited = moment.now - (one.changed or one.created)
        if waited >= recipient.escalate_after and not acknowledged(story, moment.sayings):
            yield story


def _to(contact: Recipient, alert: Alert, moment: Moment, before: Sequence[Delivery]) -> Iterator[Delivery]:
    known = {one.key for one in before}
    for address in contact.addresses:
        key = key_of(contact.name, address.name, "escalation", alert.story)
        if key not in known:
            yield Delivery(
                key=key,
                recipient=contact.name,
                address=address.name,
                alerts=(alert,),
                created=moment.now,
                due=moment.now,
                form=Form.ESCALATION,
            )
