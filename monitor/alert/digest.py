"""The digest: what goes on, what ended or was taken back, and what was kept from the recipient since the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from monitor.alert.hours import digest_before
from monitor.alert.plan import Moment, key_of
from monitor.alert.settings import Recipient
from monitor.alert.step import OPEN
from monitor.alert.wanted import concerned
from monitor.model import Alert, Delivery, Fate, Form, Stage, Topic

LATE = timedelta(hours=6)
"""A digest that could not be made for so long is left out; the next one tells the rest."""


def digests(recipient: Recipient, moment: Moment, before: Sequence[Delivery]) -> Iterator[Delivery]:
    """The digest that is due now, for each of the recipient's addresses; nothing where it was planned before."""
    if recipient.digest is None:
        return
    due = digest_before(moment.now, recipient.digest, recipient.timezone)
    if moment.now - due > LATE:
        return
    since = due - timedelta(days=7 if recipient.digest.weekly else 1)
    known = {one.key for one in before}
    alerts = listed(recipient, moment, since)
    for address in recipient.addresses:
        key = key_of(recipient.name, address.name, "digest", due.isoformat())
        if key not in known:
            yield Delivery(
                key=key,
                recipient=recipient.name,
                address=address.name,
                alerts=alerts,
                created=moment.now,
                due=moment.now,
                form=Form.DIGEST,
                quiet=True,
                note=noted(moment, before, since),
            )


def listed(recipient: Recipient, moment: Moment, since: datetime) -> tuple[Alert, ...]:
    """What concerns the recipient, however sure: open stories, and those that ended or were taken back since then."""
    return tuple(
        alert
        for alert in moment.alerts
        if concerned(recipient, alert)
        and (alert.stage in OPEN or (_over(alert) >= since and alert.stage in (Stage.ENDED, Stage.RETRACTED)))
    )


def withheld(before: Sequence[Delivery], since: datetime) -> tuple[Delivery, ...]:
    """What was kept from the recipient since then, on purpose."""
    return tuple(one for one in before if one.fate is Fate.WITHHELD and one.created >= since)


def noted(moment: Moment, before: Sequence[Delivery], since: datetime) -> str:
    """What a digest counts beside its stories: what was held back, and networks of which too little is measured."""
    thin = sum(alert.topic is Topic.COVERAGE and alert.stage in OPEN for alert in moment.alerts)
    return f"withheld {len(withheld(before, since))} thin {thin}"


def _over(alert: Alert) -> datetime:
    return alert.end[1] if alert.end is not None else alert.since
