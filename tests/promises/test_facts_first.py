"""Facts first, meaning later; and what was not seen is insufficient, wherever a state is shown (DESIGN §1.1, 2)."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.pipeline import PipelineSettings, record
from monitor.store import open_store
from probes.testing import HostBlock, Internet, Outage, Route, Site, SNIBlock, block_page, page


def site(name: str, address: str) -> Site:
    return Site(names=(name,), addresses=(address,), routes=(Route(response=page(f"The page of {name}", length=3000)),))


NAMES = ("herald", "lantern", "library", "museum")
INTERNET = Internet(sites=tuple(site(f"{name}.example", f"93.184.{216 + n}.10") for n, name in enumerate(NAMES)))
TARGETS = """\
targets:
- {id: herald, urls: ["https://herald.example/"]}
- {id: lantern, urls: ["http://lantern.example/"]}
- {id: library, urls: ["https://library.example/"], innocuous: true}
- {id: museum, urls: ["https://museum.example/"], innocuous: true}
vantage_points:
- {id: here, country: KG, network: AS64500}
"""
CONTROL = "- {id: abroad, country: DE, network: AS64496, role: control}\n"
WATCHED = ("herald", "lantern")
CENSOR = (
    SNIBlock(names=("herald.example",)),
    HostBlock(names=("lantern.example",), action=block_page(b"<title>Restricted</title>", status="403 Forbidden")),
)


async def test_verdicts_come_from_the_stored_facts_alone(country, tmp_path):
    """Every stored measurement, judged anew without a network, means what it meant; and its id is its facts' hash."""
    place = country(TARGETS + CONTROL)
    await place.run_once(INTERNET, {"here": CENSOR})

    with open_store(place.folder, read_only=True) as known, open_store(tmp_path / "again") as again:
        before = {row.measurement: row for row in known.outcomes()}
        for identity in before:
            measurement = known.measurement(identity)
            assert measurement is not None
            record(measurement, again, settings=PipelineSettings())
        after = {row.measurement: row for row in again.outcomes()}
    assert len(before) == 8
    assert after == before
    assert {row.verdict.state for row in before.values()} >= {"ok", "blocked"}


async def test_a_measurement_holds_no_opinion(country):
    """No document of a probe speaks of blocking, of states or of rules."""
    place = country(TARGETS + CONTROL)
    await place.run_once(INTERNET, {"here": CENSOR})
    documents = [each for each in place.stored() if each.startswith(b'{"duration"')]
    assert len(documents) == 8
    for word in (b'"verdict"', b'"blocked"', b'"state"', b'"rule_id"', b'"technique"', b'"anomaly"'):
        assert not any(word in each for each in documents)


def gauge(metrics: str, name: str, **labels: str) -> dict[str, float]:
    """The samples of a family that carry these labels, by state."""
    text = metrics[metrics.index("# HELP") :]
    return {
        sample.labels.get("state", ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    }


SICK = (SNIBlock(names=("herald.example", "library.example", "museum.example")), *CENSOR[1:])


@pytest.mark.parametrize(
    ("points", "rules"),
    [
        pytest.param(TARGETS + CONTROL, {"here": (Outage(),)}, id="nothing is reached", marks=pytest.mark.slow),
        pytest.param(TARGETS + CONTROL, {"here": (Outage(how="unreachable"),)}, id="the link is down"),
        pytest.param(TARGETS + CONTROL, {"here": SICK}, id="a sick vantage point"),
        pytest.param(TARGETS, {"here": CENSOR[1:]}, id="no control"),
        pytest.param(
            TARGETS + CONTROL, {"here": CENSOR[1:], "abroad": (Outage(how="unreachable"),)}, id="a dead control"
        ),
    ],
)
async def test_what_cannot_be_known_is_insufficient_everywhere(country, points, rules):
    """In JSON, on the terminal, on the page and in the metrics alike: never ok, never blocked, no event."""
    place = country(points)
    alone = "here" not in rules or rules["here"] == CENSOR[1:]
    unknown = WATCHED[1:] if alone else WATCHED
    seen = await place.run_once(INTERNET, rules)

    states = {(row["target"], row["vantage"]): row["state"] for row in seen["targets"]}
    assert {states[target, "here"] for target in unknown} == {"insufficient"}
    assert seen["open_events"] == []
    _, terminal = place.command("status")
    for target in unknown:
        assert re.search(rf"^{target} .*\bhere\b.*\? insufficient", terminal, re.MULTILINE)
    pages = await place.pages()
    metrics = pages["/metrics"]
    for target in unknown:
        assert gauge(metrics, "presscanary_target_state", target=target, vantage="here") == {
            "ok": 0.0, "down": 0.0, "blocked": 0.0, "insufficient": 1.0
        }  # fmt: skip
        row = re.search(rf'<tr[^>]*>(?:(?!</tr>).)*href="/targets/{target}.*?</tr>', pages["/"], re.DOTALL)
        assert row is not None
        assert "insufficient" in row[0]
    assert "presscanary_blocking_event_open{" not in metrics


async def test_a_target_without_any_data_has_no_state(country):
    """Configured and never measured: nothing is claimed, in any place."""
    place = country(TARGETS)
    await place.run_once(INTERNET)
    text = place.config.read_text()
    place.config.write_text(text.replace("targets:", 'targets:\n- {id: ghost, urls: ["https://ghost.example/"]}', 1))

    pages = await place.pages()
    assert gauge(pages["/metrics"], "presscanary_target_state", target="herald")
    assert not gauge(pages["/metrics"], "presscanary_target_state", target="ghost")
    assert not re.search(r"probe_success{[^}]*ghost", pages["/metrics"])
    row = re.search(r"<tr[^>]*>(?:(?!</tr>).)*href=\"/targets/ghost.*?</tr>", pages["/"], re.DOTALL)
    assert row is not None
    assert "no data" in row[0]
    assert '"state":"none"' in pages["/api/v1/state"].replace(" ", "")
