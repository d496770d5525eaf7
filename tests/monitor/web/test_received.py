"""What an Alertmanager posts reaches the desk, from nobody but an operator's key; nothing of it is believed blindly."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from monitor.access import Database, UserRole, keys
from monitor.alert.received import LARGEST, MOST, standing, take_in
from monitor.model import Topic
from tests.monitor.web.test_access import Browser

PATH = "/api/v1/alertmanager"


def payload(status: str = "firing", name: str = "DiskFull", **labels: str) -> dict[str, Any]:
    """A payload of Alertmanager's webhook with one alert."""
    alert = {"status": status, "labels": {"alertname": name, **labels}, "startsAt": "2024-03-05T10:00:00Z"}
    return {"version": "4", "status": status, "groupKey": "{}", "alerts": [alert]}


def key_of(place: Any, role: UserRole, *scopes: str) -> dict[str, str]:
    """The header that an operator's or viewer's key makes."""
    until = place.now + timedelta(days=1)
    secret = keys.add(Database(place.folder), f"k{role.word}", role, scopes, until, now=place.now, actor="t")
    return {"Authorization": f"Bearer {secret}"}


async def test_what_fires_stands_until_it_is_resolved(place: Any) -> None:
    """One story with the alert's name and time, for whoever looks after the monitor; posted twice it is one."""
    browser, key = Browser(place), key_of(place, UserRole.OPERATOR, "alertmanager")
    folder = place.folder / "alerts" / "received"
    for _ in range(2):
        assert (await browser.client.post(PATH, json=payload(), headers=key)).status_code == 204
    (alert,) = standing(folder, place.now)
    assert (alert.topic, alert.note, alert.story) == (
        Topic.MONITOR,
        "reported DiskFull",
        "reported-diskfull-20240305T1000",
    )
    assert (await browser.client.post(PATH, json=payload("resolved"), headers=key)).status_code == 204
    assert list(standing(folder, place.now)) == []


async def test_only_an_operators_key_may_report(place: Any) -> None:
    """Not even one's own browser on one's own machine: a page elsewhere could make it post."""
    browser = Browser(place)

    assert (await browser.client.post(PATH, json=payload())).status_code == 403
    viewer = key_of(place, UserRole.VIEWER)
    assert (await browser.client.post(PATH, json=payload(), headers=viewer)).status_code == 403
    other = {"Authorization": "Bearer pck_wrong"}
    assert (await browser.client.post(PATH, json=payload(), headers=other)).status_code == 401
    assert not (place.folder / "alerts").exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 20_000, 400),
        (b"x" * (LARGEST + 1), 413),
        (json.dumps(payload() | {"version": "3"}).encode(), 400),
        (json.dumps(payload(name="<script>")).encode(), 400),
        (json.dumps(payload(status="?")).encode(), 400),
        (json.dumps({"version": "4", "alerts": [1]}).encode(), 400),
        (json.dumps({"version": "4", "alerts": [{"labels": {"alertname": "a"}, "status": "firing"}]}).encode(), 400),
    ],
)
async def test_what_is_no_payload_is_refused(place: Any, body: bytes, status: int) -> None:
    """One line says what was expected; nothing is kept."""
    key = key_of(place, UserRole.OPERATOR)
    answer = await Browser(place).client.post(PATH, content=body, headers=key)

    assert answer.status_code == status
    assert list(standing(place.folder / "alerts" / "received", place.now)) == []


def test_a_storm_is_bounded_and_damaged_files_are_passed_over(tmp_path: Any) -> None:
    """So many stand at once, and no more."""
    for number in range(MOST + 5):
        take_in(tmp_path, payload(instance=str(number)))
    (tmp_path / "junk.json").write_text("{", encoding="utf-8")

    assert len(list(tmp_path.glob("*.json"))) == MOST + 1
