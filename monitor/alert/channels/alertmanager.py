"""Prometheus's Alertmanager: the v2 API takes the state of each story, and does its own grouping and telling.

An alert is the same to it as long as its labels are: so they hold what stays (country, target, event), and what changes
(tier, stage, networks, text) is annotations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor.alert.channels import Answer, Delivered, Letter, answered
from monitor.alert.outside import Outside, web_address
from monitor.alert.settings import Address
from monitor.model import Alert, Form, Stage
from probes.document import rfc3339

_LASTS = timedelta(days=30)
"""Alertmanager forgets an alert after five minutes unless it is told for how long it holds; ours holds until its end is
told, and after so long an update or its end was (ours)."""


@dataclass(frozen=True, slots=True)
class _Alertmanager:
    """Posts to `/api/v2/alerts`; the same state twice is the same state."""

    name: str = "alertmanager"
    once: bool = True

    def mistake(self, address: Address) -> str | None:
        """The address of an Alertmanager, as in `http://localhost:9093`; the secret, where there is one, is a token."""
        return web_address(address.to) or ("no options" if address.options else None)

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Tell the state of each story in the letter; a digest holds nothing new."""
        if letter.form is Form.DIGEST:
            return Delivered()
        headers = {"Content-Type": "application/json"}
        if letter.address.secret:
            headers["Authorization"] = f"Bearer {letter.address.secret}"
        body = json.dumps(list(states(letter)), ensure_ascii=False).encode()
        url = f"{letter.address.to.rstrip('/')}/api/v2/alerts"
        return answered(await outside.request("POST", url, body=body, headers=headers))


def states(letter: Letter) -> Iterator[dict[str, Any]]:
    """The alerts of the v2 API, one per story; a test is one that ends at once."""
    notes = {"summary": letter.subject, "description": letter.long}
    if not letter.alerts:
        labels = {"alertname": "PressCanaryTest", "severity": "info"}
        at = rfc3339(letter.written)
        yield {"labels": labels, "annotations": notes, "startsAt": at, "endsAt": at}
    for alert in letter.alerts:
        over = alert.stage in (Stage.ENDED, Stage.RETRACTED)
        begun = alert.onset[1] if alert.onset is not None else alert.since
        made = {
            "labels": _labels(alert),
            "annotations": notes
            | {
                "stage": alert.stage.value,
                "tier": alert.tier.value,
                "networks": ",".join(alert.networks),
                "technique": alert.technique or "",
                "revision": str(alert.revision),
            },
            "startsAt": rfc3339(begun),
            "endsAt": rfc3339(letter.written if over else letter.written + _LASTS),
        }
        if letter.link:
            made["generatorURL"] = letter.link
        yield made


def _labels(alert: Alert) -> dict[str, str]:
    labels = {
        "alertname": f"PressCanary{alert.topic.value.capitalize()}",
        "event": alert.story,
        "country": alert.country,
        "target": alert.target,
        "simulated": "true" if alert.simulated else "",
    }
    return {name: value for name, value in labels.items() if value}


CHANNEL = _Alertmanager()
