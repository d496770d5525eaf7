"""The files of dashboards/ are what the generator says, name metrics that exist, and Prometheus accepts them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config.settings import WebSettings
from monitor.metrics.dashboards import ADDRESS, differing, files
from monitor.metrics.families import FAMILIES
from monitor.metrics.grafana import dashboard
from monitor.metrics.rules import RULES
from monitor.metrics.sections import SECTIONS

FOLDER = Path(__file__).parents[2] / "dashboards"


def _expressions() -> Iterator[str]:
    for panels in SECTIONS.values():
        for panel in panels:
            yield from panel.queries.values()
    yield from (rule.expression for rule in RULES)


def _used() -> set[str]:
    return {name for expression in _expressions() for name in re.findall(r"\b(?:probe|presscanary)_\w+", expression)}


def _promtool(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    return subprocess.run([promtool, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def _panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def test_the_committed_files_are_what_the_generator_writes() -> None:
    """Whoever changes the generator runs `presscanary dashboards` before the commit."""
    assert differing(FOLDER) == ()


def test_the_folder_holds_nothing_else() -> None:
    """A file that the generator no longer knows is removed, not left to mislead."""
    found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}

    assert found - {"README.md"} == set(files())


def test_every_metric_that_is_used_exists() -> None:
    """No panel and no rule asks for a metric that is not exported."""
    assert _used() <= set(FAMILIES)


def test_every_metric_is_shown_or_alerted_on() -> None:
    """A metric that nothing shows is a metric that nobody will find."""
    assert set(FAMILIES) <= _used()


def test_labels_in_expressions_exist() -> None:
    """Every matcher and every `by (…)` names a label of the family, or one that the scrape adds."""
    known = {label for family in FAMILIES.values() for label in family.labels} | {"job", "instance"}
    for expression in _expressions():
        grouped = ", ".join(re.findall(r"\b(?:by|on) \(([^)]*)\)", expression))
        matched = re.findall(r"(\w+)=~?\"", expression)
        assert {*re.findall(r"\w+", grouped), *matched} <= known, expression


def test_the_dashboard_can_be_provisioned() -> None:
    """Stable uid, no id, no inputs, not editable, and the data source is a variable."""
    made = dashboard()

    assert made["uid"] == "presscanary"
    assert made["id"] is None
    assert made["editable"] is False
    assert "__inputs" not in made
    assert [variable["name"] for variable in made["templating"]["list"]] == ["datasource", "job", "instance", "url"]
    assert {panel["datasource"]["uid"] for panel in _panels()} == {"${datasource}"}


def test_panels_follow_the_dashboard_linter() -> None:
    """Each panel has a title, a description, a unit and job and instance matchers; counters are shown as rates."""
    for panel in _panels():
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        for query in panel["targets"]:
            assert 'job=~"$job"' in query["expr"]
            assert 'instance=~"$' in query["expr"]
            for counter in re.findall(r"\w+_total\{[^}]*\}(\[\$__rate_interval\])?", query["expr"]):
                assert counter


def test_panels_do_not_overlap() -> None:
    """Every panel has a place of its own inside 24 columns, and an id of its own."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert all(0 <= x < 24 for x, _ in cells)
        taken |= cells
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)


def test_alerts_follow_the_conventions() -> None:
    """CamelCase names with one first word, a severity, a static summary and a description without links."""
    for rule in RULES:
        assert re.fullmatch(r"PressCanary([A-Z][a-z]+)+", rule.name)
        assert rule.summary.endswith(".")
        assert "{{" not in rule.summary
        assert "://" not in rule.description
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_scrape_config_finds_the_page_where_it_is_served() -> None:
    """The address is the one that `run` uses by default, and the URL stays the instance of the probe families."""
    config = yaml.safe_load(files()["prometheus/prometheus.yml"])
    (job,) = config["scrape_configs"]

    assert job["static_configs"] == [{"targets": [ADDRESS]}]
    assert job["honor_labels"] is True
    assert f"{WebSettings().host}:{WebSettings().port}" == ADDRESS


def test_promtool_accepts_the_config_and_the_rules() -> None:
    """`promtool check config` and `check rules --lint=all` find nothing wrong."""
    config = _promtool("check", "config", "--lint=all", "prometheus.yml", folder=FOLDER / "prometheus")
    rules = _promtool("check", "rules", "--lint=all", "presscanary.rules.yml", folder=FOLDER / "prometheus")

    assert config.returncode == 0, config.stderr
    assert rules.returncode == 0, rules.stderr


def test_promtool_accepts_every_panels_query(tmp_path: Path) -> None:
    """Each query of the dashboard, with its variables filled in, is PromQL that Prometheus parses."""
    queries = [query["expr"] for panel in _panels() for query in panel["targets"]]
    filled = [re.sub(r"\$(job|instance|url)\b", ".+", query).replace("$__rate_interval", "5m") for query in queries]
    rules = [{"record": f"panel:query:{number}", "expr": query} for number, query in enumerate(filled)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = _promtool("check", "rules", "panels.yml", folder=tmp_path)

    assert done.returncode == 0, done.stderr


def test_alerts_fire_and_stay_silent_as_they_should(tmp_path: Path) -> None:
    """Fed with series, the rules alert on an open event, a sick vantage point and silence, and on nothing healthy."""
    shutil.copy(FOLDER / "prometheus" / "presscanary.rules.yml", tmp_path)
    blocked = 'target="kloop",country="KG",tier="confirmed",technique="tls.reset"'
    place = 'vantage="here",country="KG",network="AS1",role="vantage"'
    (tmp_path / "cases.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": ["presscanary.rules.yml"],
                "evaluation_interval": "1m",
                "tests": [
                    _case(
                        {
                            f"presscanary_blocking_event_open{{{blocked}}}": "1x60",
                            f'presscanary_vantage_health{{{place},health="sick"}}': "1x60",
                            f'presscanary_vantage_health{{{place},health="healthy"}}': "0x60",
                            "presscanary_build_info{version='1'}": "1x60",
                        },
                        {
                            "PressCanaryBlockingConfirmed": {
                                "target": "kloop",
                                "country": "KG",
                                "tier": "confirmed",
                                "technique": "tls.reset",
                            },
                            "PressCanaryVantageUnwell": {"vantage": "here", "health": "sick"},
                            "PressCanaryBlockingLikely": None,
                            "PressCanaryAbsent": None,
                        },
                    ),
                    _case(
                        {f'presscanary_target_state{{target="kloop",{place},state="insufficient"}}': "1x60"},
                        {"PressCanaryTargetDown": None, "PressCanaryBlockingConfirmed": None, "PressCanaryAbsent": {}},
                    ),
                    _case(
                        {
                            'presscanary_target_info{target="kloop",category="media"}': "1x90",
                            'presscanary_target_info{target="azattyk",category="media"}': "1x90",
                            f'presscanary_last_measurement_timestamp_seconds{{target="kloop",{place}}}': "-14400x90",
                        },
                        {
                            "PressCanaryMeasurementsMissing": {"target": "kloop"},
                            "PressCanaryNeverMeasured": {"target": "azattyk"},
                        },
                        at="80m",
                    ),
                ],
            }
        )
    )
    done = _promtool("test", "rules", "cases.yml", folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def _case(series: dict[str, str], alerts: dict[str, dict[str, str] | None], at: str = "40m") -> dict[str, Any]:
    """What promtool is told: these series, and at that time these alerts (None: it must not fire)."""
    annotations = {rule.name: rule for rule in RULES}
    values = {name: value.replace("x", "+0x") for name, value in series.items()}
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": value} for name, value in values.items()],
        "alert_rule_test": [
            {
                "eval_time": at,
                "alertname": name,
                "exp_alerts": [] if labels is None else [_expected(annotations[name], labels)],
            }
            for name, labels in alerts.items()
        ],
    }


def _expected(rule: Any, labels: dict[str, str]) -> dict[str, Any]:
    described = {
        "PressCanaryBlockingConfirmed": (
            "Measurements of kloop in KG are consistent with blocking (tls.reset)."
            " Read the event's evidence before you say so in public."
        ),
        "PressCanaryVantageUnwell": "here is sick: its results are insufficient until it recovers.",
        "PressCanaryMeasurementsMissing": "kloop was last measured 5h 20m 0s ago.",
        "PressCanaryNeverMeasured": "There is no result for azattyk from any vantage point.",
    }
    return {
        "exp_labels": labels | {"severity": rule.severity},
        "exp_annotations": {"summary": rule.summary, "description": described.get(rule.name, rule.description)},
    }


def test_the_json_is_readable_json() -> None:
    """What Grafana is given parses to exactly what was made."""
    assert json.loads(files()["grafana/presscanary.json"]) == dashboard()
