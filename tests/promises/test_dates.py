"""An interval, not a date; a claim, not a truth (DESIGN §1.4, 5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2023, 9, 11, tzinfo=UTC)
BLOCKED = range(50, 80)
"""Hours after the start of 11 September in which the site is reset."""
HOURS = range(110)
CONFIG = """\
timezone: UTC
targets:
- {id: herald, urls: ["https://herald.example/"]}
- {id: lantern, urls: ["https://lantern.example/"]}
documented:
"""


def claim(name: str, date: str, kind: str = "blocked", target: str = "herald") -> str:
    return (
        f"- {{id: {name}, target: {target}, country: KG, kind: {kind}, date: {date}, weight: strong, "
        "sources: [{url: doc:a letter}]}\n"
    )


def measured(hour: int) -> dict:
    """An OONI measurement of that hour, reached or reset, beside a control that reached the site."""
    failure = "connection_reset" if hour in BLOCKED else None
    address = "93.184.216.10"
    return {
        "input": "https://herald.example/",
        "measurement_start_time": f"{START + timedelta(hours=hour):%Y-%m-%d %H:%M:%S}",
        "probe_asn": "AS64500", "probe_cc": "KG", "probe_ip": "127.0.0.1", "report_id": "r",
        "test_name": "web_connectivity", "test_version": "0.4.2",
        "test_keys": {
            "queries": [{"engine": "getaddrinfo", "hostname": "herald.example", "query_type": "A", "failure": None,
                         "answers": [{"answer_type": "A", "ipv4": address}]}],
            "tcp_connect": [{"ip": address, "port": 443, "status": {"failure": None, "success": True}}],
            "tls_handshakes": [{"address": f"{address}:443", "server_name": "herald.example", "failure": failure}],
            "requests": [{"failure": failure, "request": {"url": "https://herald.example/"},
                          "response": {"code": 0 if failure else 200, "body": "" if failure else "<title>H</title>"}}],
            "control": {
                "dns": {"failure": None, "addrs": [address]},
                "tcp_connect": {f"{address}:443": {"status": True, "failure": None}},
                "tls_handshake": {f"{address}:443": {"server_name": "herald.example", "status": True, "failure": None}},
                "http_request": {"failure": None, "status_code": 200, "body_length": 16, "title": "H"},
            },
        },
    }  # fmt: skip


def hour(text: str) -> int:
    return int((datetime.fromisoformat(text) - START) / timedelta(hours=1))


@pytest.fixture
def history(country, tmp_path):
    """A country whose history was imported, but for the hours in `missing`."""

    def made(missing: range = range(0), claims: str = "", hours: range = HOURS):
        place = country(CONFIG + (claims or claim("any", "2023-09-13")))
        path = tmp_path / "history.jsonl"
        path.write_text("".join(json.dumps(measured(each)) + "\n" for each in hours if each not in missing))
        assert place.command("import", "ooni", str(path))[0] == 0
        return place

    return made


def event_of(place) -> dict:
    (event,) = json.loads(place.command("events", "--json")[1])
    return event


@pytest.mark.parametrize(
    ("missing", "onset", "end"),
    [
        (range(0), [49, 50], [79, 80]),
        (range(46, 50), [45, 50], [79, 80]),
        (range(50, 54), [49, 54], [79, 80]),
        (range(77, 83), [49, 50], [76, 83]),
    ],
    ids=["whole", "hole before", "hole at the onset", "hole around the end"],
)
def test_a_hole_in_the_data_widens_the_interval(history, missing, onset, end):
    """Onset is [last seen ok, first seen blocked], end is [last seen blocked, first seen ok], whatever is missing."""
    event = event_of(history(missing))
    assert [hour(text) for text in event["onset"]] == onset
    assert [hour(text) for text in event["end"]] == end


def test_claims_are_judged_by_the_measurements_and_never_believed(history):
    """Right, wrong, unmeasured: supported, contradicted, not testable, each beside what it rests on."""
    claims = (
        claim("right", "2023-09-13")
        + claim("right-end", "2023-09-14", "unblocked")
        + claim("wrong", "2023-09-18")
        + claim("later", "2024-03-01")
        + claim("other-site", "2023-09-13", target="lantern")
    )
    place = history(claims=claims, hours=range(240))  # a block on the 18th would have shown by then
    report = json.loads(place.command("check", "--json")[1])
    found = {each["claim"]["id"]: each for each in report["checks"]}
    assert {name: each["verdict"] for name, each in found.items()} == {
        "right": "supported",
        "right-end": "supported",
        "wrong": "contradicted",
        "later": "not testable",
        "other-site": "not testable",
    }
    for name in ("later", "other-site"):
        assert (found[name]["measurements"], found[name]["events"]) == (0, [])
    _, table = place.command("check")
    assert "5 claims: 2 supported, 0 consistent, 1 contradicted, 2 not testable" in table


def test_no_data_agrees_with_nothing(country):
    """Before anything was measured every claim of the shipped file is not testable, and it is said plainly."""
    from monitor.config import shipped

    place = country(CONFIG + claim("any", "2023-09-13"))
    place.config = shipped()
    code, said = place.command("check", "--json")
    assert code == 0
    assert {each["verdict"] for each in json.loads(said)["checks"]} == {"not testable"}
    assert "so nothing here agrees or disagrees" in place.command("check")[1]
