"""What belongs into one message: the same target and country is one story already; here stories are put together that
the same networks began, or ended, within minutes of each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.model import Alert, Stage

_SIDES = {Stage.RETRACTED: "back", Stage.ENDED: "end"}


def bundled(alerts: Iterable[Alert], near: timedelta) -> tuple[tuple[Alert, ...], ...]:
    """The alerts in groups, each for one message, by the order of their edges."""
    groups: list[list[Alert]] = []
    for alert in sorted(alerts, key=lambda alert: (edge(alert), alert.story)):
        fitting = next((group for group in groups if related(group[0], alert, near)), None)
        if fitting is None:
            groups.append([alert])
        else:
            fitting.append(alert)
    return tuple(map(tuple, groups))


def related(one: Alert, other: Alert, near: timedelta) -> bool:
    """Whether both tell of the same side of something that the same networks did at the same time."""
    return (
        (one.topic, one.country, _side(one)) == (other.topic, other.country, _side(other))
        and (bool(set(one.networks) & set(other.networks)) or not (one.networks or other.networks))
        and abs(edge(one) - edge(other)) <= near
    )


def edge(alert: Alert) -> datetime:
    """The moment that an alert is about: its end where it tells of that, else its onset."""
    if alert.stage is Stage.ENDED and alert.end is not None:
        return alert.end[1]
    return alert.onset[1] if alert.onset is not None else alert.since


def _side(alert: Alert) -> str:
    return _SIDES.get(alert.stage, "extended" if alert.stage is Stage.EXTENDED else "start")
