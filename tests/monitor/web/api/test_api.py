"""What the API gives, page by page, and what it says to whoever asks wrongly."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model import BlockingEvent, Cell, Claim, State
from monitor.store import StoreDamaged
from monitor.web.api.asked import FILTERS
from monitor.web.api.resource import Resource
from monitor.web.api.resources import all_resources
from probes.model import VantagePoint


async def test_pages_give_each_row_once(place: Any) -> None:
    """Walking along `next` gives every measurement once, newest first, also where many are of one moment."""
    made = [place.measure(ago=timedelta(minutes=1), vantage=VantagePoint(id=f"v{number}")) for number in range(5)]
    made += [place.measure(ago=timedelta(minutes=minutes)) for minutes in range(2, 5)]
    seen: list[str] = []
    path = "/api/v1/measurements?limit=2"
    for _ in range(10):
        answer = (await place.get(path)).json()
        seen += [row["measurement"] for row in answer["measurements"]]
        if answer["next"] is None:
            break
        path = f"/api/v1/measurements?limit=2&cursor={answer['next']}"

    assert sorted(seen) == sorted(made)
    assert seen[-3:] == made[-3:]


async def test_a_row_that_comes_in_between_moves_nothing(place: Any) -> None:
    """The second page goes on behind the first, whatever was measured meanwhile."""
    made = [place.measure(ago=timedelta(minutes=minutes)) for minutes in (2, 3, 4)]
    first = (await place.get("/api/v1/measurements?limit=1")).json()
    place.measure(ago=timedelta(minutes=1))
    second = (await place.get(f"/api/v1/measurements?limit=1&cursor={first['next']}")).json()

    assert [row["measurement"] for row in first["measurements"] + second["measurements"]] == made[:2]


async def test_the_next_page_is_in_a_header_too(place: Any) -> None:
    """CSV has no place for a cursor: the Link header names the next page, and it works as it is."""
    for minutes in (1, 2, 3):
        place.measure(ago=timedelta(minutes=minutes))
    first = await place.get("/api/v1/measurements?limit=2&format=csv&target=kloop")
    address = first.headers["link"].removeprefix("<").split(">")[0]
    second = await place.get(address)

    assert first.headers["link"].endswith('; rel="next"')
    assert (first.text.count("\r\n"), second.text.count("\r\n")) == (3, 2)
    assert "link" not in second.headers


async def test_a_cursor_belongs_to_its_question(place: Any) -> None:
    """With another filter, or after tampering, a cursor is refused with what to do; a larger page may use it."""
    for minutes in (1, 2, 3):
        place.measure(ago=timedelta(minutes=minutes))
    cursor = (await place.get("/api/v1/measurements?limit=1")).json()["next"]

    assert (await place.get(f"/api/v1/measurements?limit=50&cursor={cursor}")).status_code == 200
    for query in (f"target=kloop&cursor={cursor}", "cursor=AAAA", "cursor=%7B%7D", f"cursor={cursor[:-6]}"):
        answer = await place.get(f"/api/v1/measurements?{query}")
        assert answer.status_code == 400, query
        assert "cursor: expected" in answer.json()["detail"]


async def test_filters_leave_out_the_rest(place: Any) -> None:
    """State, target, category, vantage point, network, country and time each narrow the list."""
    blocked = place.measure(State.BLOCKED, ago=timedelta(hours=2))
    other = place.measure(target=place.settings.targets[1], ago=timedelta(hours=1))
    control = place.measure(vantage=place.settings.vantage_points[1])

    async def ids(query: str) -> set[str]:
        rows = (await place.get(f"/api/v1/measurements?{query}")).json()["measurements"]
        return {row["measurement"] for row in rows}

    assert await ids("state=blocked") == {blocked}
    assert await ids("target=other") == {other}
    assert await ids("category=media") == {blocked, control}
    assert await ids("vantage=control") == await ids("network=AS64501") == await ids("country=de") == {control}
    assert await ids("until=2026-11-23T10:30:00Z") == {blocked}
    assert await ids("since=2026-11-23T11:30:00%2B00:00") == {control}
    assert await ids("since=2026-11-24") == set()


async def test_a_measurement_is_given_with_its_document(place: Any) -> None:
    """By its id: the row, and the document that hashes to the id; an unknown or impossible id is a 404 problem."""
    found = place.measure(State.BLOCKED, technique="dns.nxdomain")
    answer = (await place.get(f"/api/v1/measurements/{found}")).json()

    assert (answer["measurement"]["state"], answer["document"]["target"]) == ("blocked", "kloop")
    for name in ("0" * 32, "..", "%00", "x/revisions"):
        missing = await place.get(f"/api/v1/measurements/{name}")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


async def test_an_event_keeps_its_revisions(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """The newest one in the list and alone; all of them, oldest first, under `revisions`."""
    place.write(lambda store: store.save_events([event(), event(revision=2, score=11.0)]))
    listed = (await place.get("/api/v1/events?tier=likely&open=true&network=AS64500")).json()["events"]
    one = (await place.get("/api/v1/events/kloop-KG-1")).json()["event"]
    said = (await place.get("/api/v1/events/kloop-KG-1/revisions")).json()["revisions"]

    assert [found["revision"] for found in listed] == [one["revision"]] == [2]
    assert [(each["revision"], each["score"]) for each in said] == [(1, 9.0), (2, 11.0)]
    assert (await place.get("/api/v1/events?open=false")).json()["events"] == []
    assert (await place.get("/api/v1/events/nothing")).status_code == 404


async def test_claims_come_with_their_judgement(place: Any, event: Callable[..., BlockingEvent], claim: Claim) -> None:
    """What is documented, by whom, and what the measurements say of it."""
    place.settings = replace(place.settings, claims=(claim,))
    place.write(lambda store: store.save_events([event()]))
    (found,) = (await place.get("/api/v1/claims?target=kloop")).json()["claims"]

    assert (found["verdict"], found["distance_days"], found["events"]) == ("consistent", 0.0, ["kloop-KG-1"])
    assert found["sources"][0]["url"] == "https://news.example/1"
    assert found["interval"] == ["2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z"]


async def test_series_are_counted_by_day(place: Any, cell: Cell) -> None:
    """Our own results and imported ones, one row a target, network and day, in pages that follow each other."""
    for hours in (1, 2, 30):
        place.measure(State.BLOCKED, ago=timedelta(hours=hours))
    place.write(lambda store: store.append_cells([cell, replace(cell, vantage="other crowd")]))
    rows: list[Any] = []
    path = "/api/v1/series?limit=1"
    while path:
        answer = (await place.get(path)).json()
        rows += answer["series"]
        path = answer["next"] and f"/api/v1/series?limit=1&cursor={answer['next']}"
    (imported,) = (await place.get("/api/v1/series?since=2025-01-01&target=twitter")).json()["series"]

    assert [(row["day"], row["blocked"]) for row in rows] == [("2026-11-22", 1), ("2026-11-23", 2)]
    assert (imported["ok"], imported["blocked"]) == (6, 2)
    assert (await place.get("/api/v1/series?since=2001-01-01")).status_code == 400


async def test_cells_are_verdicts_by_hour(place: Any, cell: Cell) -> None:
    """One target's verdicts by hour and vantage point; without a target, or over months, the answer says what to do."""
    for minutes in (5, 10, 70):
        place.measure(State.BLOCKED, ago=timedelta(minutes=minutes))
    place.write(lambda store: store.append_cells([cell]))
    found = (await place.get("/api/v1/cells?target=kloop")).json()["cells"]
    past = (await place.get("/api/v1/cells?target=twitter&since=2025-10-18&until=2025-10-21")).json()["cells"]

    assert [(row["blocked"], len(row["witnesses"])) for row in found] == [(1, 1), (2, 2)]
    assert [row["source"] for row in past] == ["a series"]
    for query in ("", "target=kloop&since=2026-01-01"):
        assert (await place.get(f"/api/v1/cells?{query}")).status_code == 400


async def test_targets_and_networks_stand_as_on_the_front_page(place: Any) -> None:
    """The strongest state now, how many vantage points see what, and which targets a network shows as blocked."""
    place.measure(State.BLOCKED)
    targets = (await place.get("/api/v1/targets?category=media")).json()["targets"]
    (one,) = (await place.get("/api/v1/networks?country=kg")).json()["networks"]

    assert [(row["id"], row["state"], row["counts"]) for row in targets] == [("kloop", "blocked", {"blocked": 1})]
    assert (one["network"], one["blocked"], one["counts"]) == ("AS64500", ["kloop"], {"blocked": 1, "none": 1})
    assert (await place.get("/api/v1/targets/kloop")).json()["target"]["hosts"] == ["kloop.kg"]
    assert (await place.get("/api/v1/targets?state=ok")).json()["targets"] == []
    assert [row["vantage"] for row in (await place.get("/api/v1/vantage-points")).json()["vantage_points"]] == [
        "control",
        "here",
    ]


async def test_health_is_told_in_numbers(place: Any) -> None:
    """How much is stored, what is open, and how old the newest result is."""
    place.measure(ago=timedelta(days=2))
    found = (await place.get("/api/v1/health")).json()

    assert (found["stored"]["measurements"], found["silent"], found["open_events"]) == (1, True, 0)
    assert found["vantage_points"] == {"unknown": 1}


async def test_csv_computes_nothing_in_a_spreadsheet(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """A text that begins like a formula has a quote before it; intervals and simulation are columns."""
    place.write(lambda store: store.save_events([event(technique="=HYPERLINK(1)", networks=("@SUM(1)", "AS2"))]))
    answer = await place.get("/api/v1/events", Accept="text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))

    assert answer.headers["content-type"].startswith("text/csv")
    assert (row["technique"], row["networks"]) == ("'=HYPERLINK(1)", "'@SUM(1); AS2")
    assert (row["onset_earliest"], row["end_latest"]) == ("2026-11-22T11:50:00Z", "")
    assert row["simulated"] == "false"


@pytest.mark.parametrize("resource", [each.name for each in all_resources()])
async def test_every_list_is_csv_as_well(place: Any, resource: str) -> None:
    """One line of names, with `simulated` among them, also where there is nothing yet."""
    query = "target=kloop&format=csv" if resource == "cells" else "format=csv"
    answer = await place.get(f"/api/v1/{resource}?{query}")

    assert answer.status_code == 200
    assert "simulated" in answer.text.splitlines()[0].split(",")


async def test_what_did_not_change_is_not_sent_again(place: Any) -> None:
    """The tag is of the facts: a later look at the same facts is a 304 without a body, a new fact is a 200."""
    place.measure()
    first = await place.get("/api/v1/measurements")
    place.now += timedelta(seconds=90)
    again = await place.get("/api/v1/measurements", **{"If-None-Match": first.headers["etag"]})
    place.measure(ago=timedelta(seconds=1))
    changed = await place.get("/api/v1/measurements", **{"If-None-Match": f'"x", {first.headers["etag"]}'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert changed.status_code == 200


async def test_mistakes_are_told_all_at_once(place: Any) -> None:
    """A problem document names each wrong parameter and what was expected; it repeats little of what was sent."""
    answer = await place.get("/api/v1/measurements?country=Kyrgyzstan&limit=0&colour=red&since=yesterday&until=1")
    said = answer.json()

    assert (answer.status_code, said["status"], said["title"]) == (400, 400, "Bad Request")
    assert answer.headers["content-type"] == "application/problem+json"
    for part in (
        "country: expected two letters",
        "limit: expected a whole",
        "'colour' is not known",
        "since: expected",
    ):
        assert part in said["detail"]
    assert "given twice" in (await place.get("/api/v1/events?country=KG&country=KZ")).json()["detail"]


async def test_a_store_that_fails_is_a_problem_of_ours(place: Any) -> None:
    """503, and no word about where the file lies."""

    def broken() -> Any:
        raise StoreDamaged(f"{place.folder}/store.db is not a database")

    place.open_reader = broken
    answer = await place.get("/api/v1/targets")

    assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")
    assert str(place.folder) not in answer.text


async def test_an_empty_folder_is_no_fault(place: Any) -> None:
    """Before the first measurement every list is there, and empty of results."""
    for resource in all_resources():
        query = "?target=kloop" if resource.name == "cells" else ""
        answer = await place.get(f"/api/v1/{resource.name}{query}")
        assert (answer.status_code, answer.json()["next"]) == (200, None), resource.name


def test_every_filter_is_described_and_used() -> None:
    """A filter that no resource has would be dead, and one that is not described would be secret."""
    used = {name for resource in all_resources() for name in resource.parameters}

    assert used == set(FILTERS)
    assert all(known.what and known.expected for known in FILTERS.values())


@pytest.mark.parametrize("resource", all_resources(), ids=lambda each: each.name)
def test_every_column_is_documented(resource: Resource) -> None:
    """docs/reference/api.md has each column with its type and the very words of the OpenAPI document."""
    written = (Path(__file__).parents[4] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    lines = [
        f"| `{column.name}` | {column.kind}{' or null' if column.optional else ''} | {column.what} |"
        for column in resource.columns
    ]

    assert f"### `/api/v1/{resource.name}`" in written
    assert [line for line in lines if line not in written] == []
