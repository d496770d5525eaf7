"""Made-up events and recipients for the tests of alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.alert.plan import Moment, plan
from monitor.alert.settings import Address, AlertSettings, Recipient
from monitor.alert.story import Knowledge, alert_of
from monitor.alert.wanted import Surroundings
from monitor.model import BlockingEvent, Fate, Locus, Tier

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday."""
SETTINGS = AlertSettings(settle=timedelta(minutes=30))
KNOWN = Knowledge(
    hosts={"kloop-ru": ("kloop.kg",), "kaktus": ("kaktus.media",)},
    categories={"kloop-ru": "media", "kaktus": "media"},
    tested={("kloop-ru", "KG"): 5},
)


def minutes(count):
    """So many minutes."""
    return timedelta(minutes=count)


def event(name="ev-1", **changes):
    """A likely block of one site on two networks that began at `AT` and was noticed ten minutes later."""
    given = {
        "id": name,
        "target": "kloop-ru",
        "country": "KG",
        "networks": ("AS47237", "AS50223"),
        "onset": (AT - minutes(10), AT),
        "end": None,
        "tier": Tier.LIKELY,
        "technique": "tls.reset.sni",
        "locus": Locus.NETWORK,
        "alarm": AT + minutes(10),
        "score": 9.0,
        "counts": {
            "vantage_points": 3, "networks": 2, "blocked": 9, "ok": 0, "controls_agree": 4, "controls_total": 4,
            "flaps": 0, "decisive": 2,
        },
        "witnesses": ("m1",),
    }  # fmt: skip
    return BlockingEvent(**given | changes)


def over(one, at=60, **changes):
    """The same event with an end so many minutes after `AT`."""
    return replace(one, end=(AT + minutes(at - 10), AT + minutes(at)), revision=one.revision + 1, **changes)


def recipient(**changes):
    """Somebody with one file and no habits."""
    given = {"name": "desk", "addresses": (Address(name="file", channel="file", to="out.jsonl"),)}
    return Recipient(**given | changes)


class Inbox:
    """What one recipient gets, planned as a monitor would: the plan of each moment is kept for the next."""

    def __init__(self, who=None, settings=SETTINGS):
        self.who, self.settings = who or recipient(), settings
        self.kept = {}

    def at(self, minute, *events, around=None, sayings=(), sent=True):
        """Plan at `AT` plus so many minutes; what became due is sent unless told otherwise. The new deliveries."""
        now = AT + minutes(minute)
        moment = Moment(
            now=now,
            alerts=tuple(alert_of(one, now, self.settings.settle, KNOWN) for one in events),
            around=around or Surroundings(),
            sayings=tuple(sayings),
        )
        made = plan(self.who, moment, tuple(self.kept.values()), self.settings)
        self.kept |= {one.key: one for one in (*made.new, *made.changed)}
        for one in list(self.kept.values()):
            if sent and one.fate is Fate.WAITING and one.due <= now:
                self.kept[one.key] = replace(one, fate=Fate.SENT, attempts=1, changed=now)
        return made.new

    @property
    def heard(self):
        """The stages that were sent or wait, in their order."""
        return [
            alert.stage.value
            for one in self.kept.values()
            if one.fate in (Fate.SENT, Fate.WAITING)
            for alert in one.alerts
        ]
