"""What machines read: metrics, health and JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitor.model import BlockingEvent, State
from monitor.schedule import Tally


async def test_metrics_are_served_in_the_text_format(place: Any) -> None:
    """/metrics is text 0.0.4 and reads the store at the time of the scrape."""
    place.runtime.tally = Tally(missed=3)
    place.measure(State.BLOCKED, technique="dns.nxdomain")
    answer = await place.get("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'probe_success{instance="https://kloop.kg/"} 0.0' in answer.text
    assert "presscanary_schedule_missed_total 3.0" in answer.text
    assert 'presscanary_stored_records{record="measurements"} 1.0' in answer.text


async def test_metrics_of_an_empty_folder_are_no_fault(place: Any) -> None:
    """Before the first measurement the store counts as readable, and nothing is claimed about any URL."""
    text = (await place.get("/metrics")).text

    assert "presscanary_store_readable 1.0" in text
    assert "probe_success{" not in text
    assert 'presscanary_target_info{category="media",target="kloop"} 1.0' in text


async def test_state_gives_every_target_at_every_vantage_point(place: Any) -> None:
    """One entry per pair; where nothing was measured the state is `none`, never a guess."""
    found = place.measure(State.BLOCKED, technique="dns.nxdomain")
    answer = (await place.get("/api/v1/state")).json()

    assert answer["generated"] == "2026-11-23T12:00:00Z"
    assert answer["simulated"] is False
    assert [point["vantage"] for point in answer["vantage_points"]] == ["here", "control"]
    kloop = next(target for target in answer["targets"] if target["id"] == "kloop")
    assert kloop["hosts"] == ["kloop.kg"]
    assert kloop["states"] == [
        {
            "vantage": "here",
            "state": "blocked",
            "since": "2026-11-23T11:55:00Z",
            "time": "2026-11-23T11:55:00Z",
            "technique": "dns.nxdomain",
            "measurement": found,
        },
        {"vantage": "control", "state": "none", "since": None, "time": None, "technique": None, "measurement": None},
    ]


async def test_events_are_given_whole_and_by_target(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """The newest revision with both intervals; a filter leaves out the rest."""
    other = event(id="other-KG-1", target="other", end=(None, place.now))
    place.write(lambda store: store.save_events([event(), other]))
    everything = (await place.get("/api/v1/events")).json()
    one = (await place.get("/api/v1/events?target=kloop&country=KG")).json()

    assert {found["id"] for found in everything["events"]} == {"kloop-KG-1", "other-KG-1"}
    (found,) = one["events"]
    assert found["onset"] == ["2026-11-22T11:50:00Z", "2026-11-22T12:00:00Z"]
    assert found["end"] is None
    assert found["tier"] == "likely"


async def test_simulated_data_is_labelled_in_json(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """Whoever copies the JSON copies the label."""
    place.write(lambda store: store.save_events([event(simulated=True)]))
    place.measure(vantage=replace(place.settings.vantage_points[0], simulated=True, kind="simulated"))

    assert (await place.get("/api/v1/state")).json()["simulated"] is True
    assert (await place.get("/api/v1/events")).json()["simulated"] is True


async def test_api_errors_are_json(place: Any) -> None:
    """A machine that asks for something wrong is answered in its own language."""
    answer = await place.get("/api/v1/nothing")

    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_api_describes_itself_without_a_third_party(place: Any) -> None:
    """The OpenAPI document is served; pages that would load scripts from elsewhere are not."""
    described = (await place.get("/api/v1/openapi.json")).json()

    assert {"/api/v1/state", "/api/v1/events", "/api/v1/events/{id}/revisions"} <= set(described["paths"])
    assert described["openapi"] == "3.1.0"
    assert (await place.get("/docs")).status_code == 404


async def test_a_configuration_that_changed_shows_at_once(place: Any) -> None:
    """Settings are asked anew by each request: a target that was removed is gone from page and metrics."""
    place.measure(ago=timedelta(hours=2))
    assert "kloop" in (await place.get("/metrics")).text
    place.settings = replace(place.settings, targets=place.settings.targets[1:])

    assert "kloop" not in (await place.get("/metrics")).text
    assert "/targets/kloop" not in (await place.get("/")).text
