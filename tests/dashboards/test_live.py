"""The whole chain against the demo: every panel shows something, and a block reaches somebody's webhook."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import yaml

from monitor.demo.country import TRUTH
from monitor.metrics.boards import BOARDS
from monitor.metrics.grafana import dashboard
from monitor.metrics.rules import RECORDINGS
from tests.dashboards.live import Live, live, running, until
from tests.dashboards.public import PUBLIC
from tests.monitor.store.engines import free_port

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


def test_every_choice_has_something_to_choose(stack: Live) -> None:
    """Each variable of the six dashboards finds values for its label."""
    made = [
        variable for board in BOARDS for variable in dashboard(board)["templating"]["list"] if "definition" in variable
    ]
    asked = {}
    for variable in made:
        series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]).groups()
        asked[variable["definition"]] = f"count by ({label}) ({series})"

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


JOB = """
job_name: blackbox
metrics_path: /probe
params: {module: [http_2xx]}
static_configs:
- targets: ["TARGET"]
relabel_configs:
- {source_labels: [__address__], target_label: __param_target}
- {source_labels: [__param_target], target_label: instance}
- {target_label: __address__, replacement: "HERE"}
"""
"""As blackbox_exporter's own page has it; only the last address is ours."""


def test_a_scrape_config_for_blackbox_exporter_works_with_ours(stack: Live) -> None:
    """Prometheus scrapes /probe as it scrapes blackbox_exporter, and the site is the instance."""
    config, here = stack.folder / "targets.yaml", f"127.0.0.1:{free_port()}"
    config.write_text(
        "targets: [{id: a, urls: [http://a/]}]\nweb: {blackbox: blackbox.yml, blackbox_allow: [127.0.0.0/8]}\n"
    )
    modules = "modules: {http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}}"
    (stack.folder / "blackbox.yml").write_text(modules)
    place = ["--config", str(config), "--data-dir", str(stack.folder / "empty")]
    page = [sys.executable, "-m", "monitor", *place, "web", "--port", here.partition(":")[2]]
    target = f"{stack.demo}/healthz"
    with running(page, stack.folder / "web.log"):
        stack.scrape(yaml.safe_load(JOB.replace("TARGET", target).replace("HERE", here)))
        found = until(lambda: stack.values(f'probe_success{{job="blackbox", instance="{target}"}} == 1'))

    assert found
