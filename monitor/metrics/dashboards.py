"""The files of `dashboards/`: what stands in each, and how a folder differs from that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from monitor.metrics.boards import BOARDS
from monitor.metrics.grafana import dashboard
from monitor.metrics.rules import rules
from monitor.metrics.stack import alertmanager, compose, datasource, provider, scrape

_NOTE = "# Written by `presscanary dashboards`; change monitor/metrics/ and run it again.\n"


def files() -> Mapping[str, str]:
    """Path inside the folder -> content."""
    return {
        **{f"grafana/dashboards/{board.name}.json": _json(dashboard(board)) for board in BOARDS},
        "grafana/provisioning/dashboards/presscanary.yaml": _yaml(provider()),
        "grafana/provisioning/datasources/presscanary.yaml": _yaml(datasource()),
        "prometheus/prometheus.yml": _yaml(scrape()),
        "prometheus/presscanary.rules.yml": _yaml(rules()),
        "alertmanager/alertmanager.yml": _yaml(alertmanager()),
        "compose.yaml": _yaml(compose()),
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


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


class _Plain(yaml.SafeDumper):
    """Writes every part out in full, and text of several lines as it is read."""

    def ignore_aliases(self, data: Any) -> bool:
        """No part stands for another."""
        return True


def _text(dumper: _Plain, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Plain.add_representer(str, _text)


def _yaml(content: Mapping[str, Any]) -> str:
    return _NOTE + yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
