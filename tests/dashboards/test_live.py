"""The whole chain against the demo: every panel shows something, and a block reaches somebody's webhook."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import httpx
import pytest

from monitor.demo.country import TRUTH
from monitor.metrics.boards import BOARDS
from monitor.metrics.rules import RECORDINGS
from tests.dashboards.live import Live, live, until
from tests.dashboards.public import PUBLIC

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One demo for all tests here."""
    with live(tmp_path_factory.mktemp("live")) as made:
        yield made


def test_a_block_of_the_demo_reaches_a_webhook(stack: Live) -> None:
    """Demo, Prometheus with the shipped rules, Alertmanager with the shipped routes: the receiver hears of a block.

    What it hears names the target by its id, and holds no address of any site.
    """

    def blocked() -> list[dict]:
        alerts = [alert for message in stack.heard for alert in message["alerts"]]
        return [alert for alert in alerts if alert["labels"]["alertname"].startswith("PressCanaryBlocking")]

    told = until(blocked)

    assert told
    assert {alert["labels"]["target"] for alert in told} <= set(TRUTH)
    assert {alert["labels"]["severity"] for alert in told} <= {"warning", "critical"}
    for alert in told:
        assert "consistent with blocking" in alert["annotations"]["description"]
        assert ".example" not in str(alert["annotations"]) + str(alert["labels"])


def test_every_panel_of_ours_shows_something(stack: Live) -> None:
    """Each query of the six dashboards, and each mark, returns data while the demo plays."""
    asked = {
        f"{board.name} / {panel.title} / {legend}": query
        for board in BOARDS
        for panels in board.sections.values()
        for panel in panels
        for legend, query in panel.queries.items()
    }
    asked |= {f"{board.name} / marks": board.marks for board in BOARDS if board.marks}

    assert stack.unanswered(asked) == {}


def test_public_dashboards_show_something_unedited(stack: Live) -> None:
    """Each query of 7587, 13659 and the mixin, as it stands there, returns data of ours."""
    asked = {f"{name} / {panel}": query for name, panels in PUBLIC.items() for panel, query in panels.items()}

    assert stack.unanswered(asked) == {}


def test_single_value_panels_have_one_value(stack: Live) -> None:
    """Dashboards show one number per instance: eight vantage points still give one probe_success per URL."""
    values = stack.values("count by (instance) (probe_success)")

    assert values
    assert {value["value"][1] for value in values} == {"1"}


def test_all_phases_come_from_a_running_process(stack: Live) -> None:
    """The process that measures knows all five phases of blackbox, and which family of addresses was dialled."""
    phases = stack.values("count by (phase) (probe_http_duration_seconds)")

    assert {each["metric"]["phase"] for each in phases} == {"resolve", "connect", "tls", "processing", "transfer"}
    assert {each["value"][1] for each in stack.values("probe_ip_protocol")} <= {"0", "4", "6"}


def test_rules_are_evaluated_without_a_fault(stack: Live) -> None:
    """Prometheus says `ok` of each rule, and each recording rule has series."""
    groups = httpx.get(f"{stack.prometheus}/api/v1/rules", timeout=30).json()["data"]["groups"]

    assert {rule["name"]: rule["lastError"] for group in groups for rule in group["rules"] if "lastError" in rule} == {}
    assert stack.unanswered({each.name: each.name for each in RECORDINGS}) == {}


def test_the_demo_s_own_metrics_pass_promtool(stack: Live) -> None:
    """`promtool check metrics` finds nothing in what a running monitor really serves."""
    text = httpx.get(f"{stack.demo}/metrics", timeout=30).text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
