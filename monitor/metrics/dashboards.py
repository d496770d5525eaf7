"""The files of `dashboards/`: what stands in each, and how a folder differs from that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from monitor.metrics.grafana import dashboard
from monitor.metrics.rules import alerts

ADDRESS = "127.0.0.1:8484"
"""Where `presscanary run` serves by default."""

_NOTE = "# Written by `presscanary dashboards`; change monitor/metrics/ and run it again.\n"


def files() -> Mapping[str, str]:
    """Path inside the folder -> content."""
    return {
        "grafana/presscanary.json": json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n",
        "grafana/provisioning/dashboards/presscanary.yaml": _yaml(_provider()),
        "grafana/provisioning/datasources/presscanary.yaml": _yaml(_datasource()),
        "prometheus/prometheus.yml": _yaml(_scrape()),
        "prometheus/presscanary.rules.yml": _yaml(alerts()),
    }


def write(folder: Path) -> tuple[Path, ...]:
    """Write every file that differs, and return those; OSError where the folder cannot be written."""
    changed = differing(folder)
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files()[path.relative_to(folder).as_posix()], encoding="utf-8")
    return changed


def differing(folder: Path) -> tuple[Path, ...]:
    """The files of the folder that are missing or not what they should be."""
    return tuple(folder / name for name, content in files().items() if _read(folder / name) != content)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _yaml(content: Mapping[str, Any]) -> str:
    return _NOTE + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _scrape() -> Mapping[str, Any]:
    """`honor_labels` keeps our `instance`, the URL, on the `probe_*` families; the others get the scraped address."""
    job = {
        "job_name": "presscanary",
        "honor_labels": True,
        "static_configs": [{"targets": [ADDRESS]}],
    }
    return {
        "global": {"scrape_interval": "30s", "evaluation_interval": "30s"},
        "rule_files": ["presscanary.rules.yml"],
        "scrape_configs": [job],
    }


def _provider() -> Mapping[str, Any]:
    options = {"path": "/var/lib/grafana/dashboards/presscanary"}
    return {"apiVersion": 1, "providers": [{"name": "presscanary", "type": "file", "options": options}]}


def _datasource() -> Mapping[str, Any]:
    source = {
        "name": "Prometheus",
        "uid": "prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": "http://127.0.0.1:9090",
    }
    return {"apiVersion": 1, "datasources": [source]}
