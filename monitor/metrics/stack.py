"""What stands around the monitor: Prometheus' scrape, Alertmanager's routes, Grafana's provisioning, and all in a box.

Everything speaks over loopback. In `compose.yaml` the parts share one network namespace, so that the same files hold
there as on a machine where they are installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ADDRESS = "127.0.0.1:8484"
"""Where `presscanary run` serves by default."""
PROMETHEUS = "127.0.0.1:9090"
ALERTMANAGER = "127.0.0.1:9093"
WEBHOOK = "http://127.0.0.1:9099/"
"""A placeholder: whoever uses the example puts a receiver of theirs here."""


def scrape() -> Mapping[str, Any]:
    """`honor_labels` keeps our `instance`, the URL, on the `probe_*` families; the others get the scraped address."""
    job = {
        "job_name": "presscanary",
        "honor_labels": True,
        "static_configs": [{"targets": [ADDRESS]}],
    }
    return {
        "global": {"scrape_interval": "30s", "evaluation_interval": "30s"},
        "rule_files": ["presscanary.rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [ALERTMANAGER]}]}]},
        "scrape_configs": [job],
    }


def alertmanager() -> Mapping[str, Any]:
    """One message per target and country; a surer tier silences the weaker ones, a dead monitor everything it says."""
    same_event = ["target", "country"]
    return {
        "route": {
            "receiver": "team",
            "group_by": ["alertname", *same_event],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [
                {
                    "matchers": ['severity="critical"'],
                    "receiver": "team",
                    "group_wait": "10s",
                    "repeat_interval": "4h",
                },
                {"matchers": ['severity="info"'], "receiver": "nobody"},
            ],
        },
        "inhibit_rules": [
            _inhibited("PressCanaryBlockingConfirmed", "PressCanaryBlocking(Likely|Suspected)", same_event),
            _inhibited("PressCanaryBlockingLikely", "PressCanaryBlockingSuspected", same_event),
            _inhibited("PressCanaryAbsent", "PressCanary(Never|Measurements).*", []),
        ],
        "receivers": [
            {"name": "team", "webhook_configs": [{"url": WEBHOOK, "send_resolved": True}]},
            {"name": "nobody"},
        ],
    }


def _inhibited(by: str, what: str, equal: list[str]) -> Mapping[str, Any]:
    return {"source_matchers": [f'alertname="{by}"'], "target_matchers": [f'alertname=~"{what}"'], "equal": equal}


def provider() -> Mapping[str, Any]:
    """Where Grafana finds the dashboards."""
    options = {"path": "/var/lib/grafana/dashboards/presscanary"}
    return {"apiVersion": 1, "providers": [{"name": "presscanary", "type": "file", "options": options}]}


def datasource() -> Mapping[str, Any]:
    """The Prometheus beside Grafana."""
    source = {
        "name": "Prometheus",
        "uid": "prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://{PROMETHEUS}",
    }
    return {"apiVersion": 1, "datasources": [source]}


_DOCKERFILE = """\
FROM python:3.11-slim
RUN useradd --create-home presscanary && install -d -o presscanary /var/lib/presscanary
COPY . /src
RUN pip install --no-cache-dir '/src[all]'
USER presscanary
ENTRYPOINT ["presscanary", "--data-dir", "/var/lib/presscanary", "--config", "/etc/presscanary/targets.yaml"]
"""


def compose() -> Mapping[str, Any]:
    """Four parts in one network namespace, each page on this machine's loopback interface only."""
    return {
        "name": "presscanary",
        "services": {
            "presscanary": {
                "build": {"context": "..", "dockerfile_inline": _DOCKERFILE},
                "command": ["run", "--host", "0.0.0.0"],  # noqa: S104 - of the namespace; published on loopback
                "ports": ["127.0.0.1:8484:8484", "127.0.0.1:9090:9090", "127.0.0.1:9093:9093", "127.0.0.1:3000:3000"],
                "volumes": ["../targets.yaml:/etc/presscanary/targets.yaml:ro", "measurements:/var/lib/presscanary"],
                "stop_grace_period": "90s",
                **_CAREFUL,
            },
            "prometheus": {
                "image": "prom/prometheus:v3.7.3",
                "command": [
                    "--config.file=/etc/prometheus/prometheus.yml",
                    "--storage.tsdb.path=/prometheus",
                    "--storage.tsdb.retention.time=400d",
                ],
                "volumes": ["./prometheus:/etc/prometheus:ro", "series:/prometheus"],
                **_BESIDE,
            },
            "alertmanager": {
                "image": "prom/alertmanager:v0.28.1",
                "command": [
                    "--config.file=/etc/alertmanager/alertmanager.yml",
                    "--storage.path=/alertmanager",
                    "--cluster.listen-address=",
                ],
                "volumes": ["./alertmanager:/etc/alertmanager:ro", "notices:/alertmanager"],
                **_BESIDE,
            },
            "grafana": {
                "image": "grafana/grafana-oss:11.6.0",
                "environment": {
                    "GF_ANALYTICS_REPORTING_ENABLED": "false",
                    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
                    "GF_NEWS_NEWS_FEED_ENABLED": "false",
                    "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": (
                        "/var/lib/grafana/dashboards/presscanary/overview.json"
                    ),
                },
                "volumes": [
                    "./grafana/provisioning:/etc/grafana/provisioning:ro",
                    "./grafana/dashboards:/var/lib/grafana/dashboards/presscanary:ro",
                    "boards:/var/lib/grafana",
                ],
                **_BESIDE,
            },
        },
        "volumes": {"measurements": {}, "series": {}, "notices": {}, "boards": {}},
    }


_CAREFUL: Mapping[str, Any] = {
    "restart": "unless-stopped",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
_BESIDE: Mapping[str, Any] = {
    "network_mode": "service:presscanary",
    "depends_on": {"presscanary": {"condition": "service_started", "restart": True}},
    **_CAREFUL,
}
