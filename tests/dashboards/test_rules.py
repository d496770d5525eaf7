"""The rules: named as they should be, explained in a runbook, and firing when and only when they should."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.metrics.dashboards import files
from monitor.metrics.rules import RECORDINGS, RULES, Rule
from tests.dashboards.alert_cases import CASES, HEALTHY, PLACE

ROOT = Path(__file__).parents[2]


def test_alerts_follow_the_conventions() -> None:
    """CamelCase names with one first word, a severity, a static summary and a description without links."""
    for rule in RULES:
        assert re.fullmatch(r"PressCanary([A-Z][a-z]+)+", rule.name)
        assert rule.summary.endswith(".")
        assert "{{" not in rule.summary
        assert "://" not in rule.description
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_recordings_are_named_level_metric_operation() -> None:
    """As Prometheus' practice has it; colons stand in no other name."""
    for each in RECORDINGS:
        assert re.fullmatch(r"[a-z_]+:(probe|presscanary)_[a-z_]+:[a-z0-9_]+", each.name)


def test_every_alert_has_a_runbook() -> None:
    """docs/how-to/runbooks.md has one section per alert, and no section for an alert that is gone."""
    page = (ROOT / "docs" / "how-to" / "runbooks.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (PressCanary\w+)$", page, re.MULTILINE)

    assert sections == [rule.name for rule in RULES]


def test_each_alert_fires_with_its_words_and_none_when_all_is_well(tmp_path: Path) -> None:
    """`promtool test rules`: one case per alert, in which it fires once, and a healthy one in which nothing does."""
    assert set(CASES) == {rule.name for rule in RULES}
    by_name = {rule.name: rule for rule in RULES}
    cases = [
        _case(series, at, {name: _fired(by_name[name], labels, says)})
        for name, (series, at, labels, says) in CASES.items()
    ]
    cases.append(_case(HEALTHY, "80m", {rule.name: [] for rule in RULES}))

    _promtool(cases, tmp_path)


def test_insufficient_is_neither_down_nor_blocked(tmp_path: Path) -> None:
    """A state that says nothing sets off nothing."""
    series = {f'presscanary_target_state{{target="kloop",{PLACE},state="insufficient"}}': "1x60"}
    silent = ("TargetDown", "BlockingConfirmed", "BlockingLikely", "BlockingSuspected")

    _promtool([_case(series, "40m", {f"PressCanary{name}": [] for name in silent})], tmp_path)


def test_recordings_are_what_their_names_say(tmp_path: Path) -> None:
    """Half of two vantage points blocked is 0.5, one failed step in four is 0.25, and so on."""
    state = (
        'presscanary_target_state{{target="kloop",country="KG",network="AS1",role="vantage",vantage="{}",state="{}"}}'
    )
    steps = 'presscanary_step_duration_seconds_{}{{layer="dns",result="{}"{}}}'
    case = {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": values}
            for name, values in {
                state.format("a", "blocked"): "1+0x60",
                state.format("b", "blocked"): "0+0x60",
                'probe_success{instance="https://a/"}': "1 0x60",
                steps.format("count", "ok", ""): "0+3x60",
                steps.format("count", "failed", ""): "0+1x60",
                steps.format("bucket", "ok", ',le="0.5"'): "0+3x60",
                steps.format("bucket", "ok", ',le="1.0"'): "0+3x60",
                steps.format("bucket", "ok", ',le="+Inf"'): "0+3x60",
            }.items()
        ],
        "promql_expr_test": [
            _recorded(
                "target_network:presscanary_target_state:avg",
                '{target="kloop", country="KG", network="AS1", state="blocked"}',
                0.5,
            ),
            _recorded("layer:presscanary_step_failures:ratio_rate5m", '{layer="dns"}', 0.25),
            _recorded("layer:presscanary_step_duration_seconds:p95_rate5m", '{layer="dns"}', 0.475),
            _recorded("instance:probe_success:avg_over_time1d", '{instance="https://a/"}', 0.5, at="1m"),
        ],
    }

    _promtool([case], tmp_path)


def _recorded(name: str, labels: str, value: float, at: str = "59m") -> dict[str, Any]:
    return {"expr": name, "eval_time": at, "exp_samples": [{"labels": name + labels, "value": value}]}


def _fired(rule: Rule, labels: dict[str, str], says: str) -> list[dict[str, Any]]:
    annotations = {"summary": rule.summary, "description": says, "runbook": f"runbooks.md#{rule.name.lower()}"}
    return [{"exp_labels": labels | {"severity": rule.severity}, "exp_annotations": annotations}]


def _case(series: dict[str, str], at: str, alerts: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": _spread(values)} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": at, "alertname": name, "exp_alerts": expected} for name, expected in alerts.items()
        ],
    }


def _spread(values: str) -> str:
    """`1x90` for ninety minutes of 1, where promtool wants `1+0x90`."""
    return re.sub(r"(^| )(-?\d+)x", r"\1\2+0x", values)


def _promtool(cases: list[dict[str, Any]], folder: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    (folder / "presscanary.rules.yml").write_text(files()["prometheus/presscanary.rules.yml"])
    told = {"rule_files": ["presscanary.rules.yml"], "evaluation_interval": "1m", "tests": cases}
    (folder / "cases.yml").write_text(yaml.safe_dump(told))
    done = subprocess.run(
        [promtool, "test", "rules", "cases.yml"], cwd=folder, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
