"""A Grafana dashboard as JSON, made of a board.

It is made to be provisioned from a file: stable uid, no `__inputs`, data source and job as variables, not editable
(edits belong in `boards/`). As grafana/dashboard-linter asks, panels have title, description, unit and matchers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.metrics.panels import Board, Panel, Variable

_SCHEMA = 36
"""Dashboard schema of Grafana 9, which 9 and every later release reads."""
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_COLUMNS = 24


_CHOICES = (
    Variable(name="job", label="Job", query="label_values(presscanary_build_info, job)"),
    Variable(
        name="instance", label="Press Canary", query='label_values(presscanary_build_info{job=~"$job"}, instance)'
    ),
)


def dashboard(board: Board) -> dict[str, Any]:
    """The whole dashboard."""
    return {
        "id": None,
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["presscanary", "censorship"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": False,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": list(_variables(board))},
        "annotations": {"list": list(_annotations(board))},
        "links": [_MENU],
        "panels": list(_laid_out(board)),
    }


_MENU = {
    "title": "Press Canary",
    "type": "dashboards",
    "tags": ["presscanary"],
    "asDropdown": True,
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
}
"""From each dashboard to the others, with what was chosen."""


def _variables(board: Board) -> Iterator[Mapping[str, Any]]:
    yield {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0}
    for variable in (*_CHOICES, *board.variables):
        yield _variable(variable)


def _variable(variable: Variable) -> Mapping[str, Any]:
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": _DATASOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        "definition": variable.query,
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "allValue": ".+",
        "multi": True,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "hide": 0,
    }


def _annotations(board: Board) -> Iterator[Mapping[str, Any]]:
    if board.marks:
        yield {
            "name": "First seen blocked",
            "datasource": _DATASOURCE,
            "enable": True,
            "iconColor": "#d1480a",
            "expr": board.marks,
            "useValueForTime": True,
            "titleFormat": "{{target}}",
            "textFormat": "first seen blocked in {{country}}",
            "step": "60s",
        }


def _laid_out(board: Board) -> Iterator[Mapping[str, Any]]:
    """Rows and panels with ids and places: left to right, then down, as the widths allow."""
    number, top = 1, 0
    for title, panels in board.sections.items():
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _grid(0, top, _COLUMNS, 1),
        }
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for panel in panels:
            if left + panel.width > _COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            yield _panel(panel, number) | {"gridPos": _grid(left, top, panel.width, panel.height)}
            number, left, tallest = number + 1, left + panel.width, max(tallest, panel.height)
        top += tallest


def _grid(x: int, y: int, w: int, h: int) -> Mapping[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _panel(panel: Panel, number: int) -> dict[str, Any]:
    instant = panel.kind in ("stat", "table")
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _DATASOURCE,
        "targets": [_query(panel, index, instant=instant) for index in range(len(panel.queries))],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _options(panel),
        "transformations": _transformations(panel),
    }


def _query(panel: Panel, index: int, *, instant: bool) -> Mapping[str, Any]:
    legend, expression = list(panel.queries.items())[index]
    return {
        "refId": chr(ord("A") + index),
        "datasource": _DATASOURCE,
        "expr": expression,
        "legendFormat": legend,
        "instant": instant,
        "range": not instant,
        "format": "table" if panel.kind == "table" else "time_series",
    }


def _field(panel: Panel) -> Mapping[str, Any]:
    words = {
        str(value): {"text": word, "color": colour, "index": value} for value, (word, colour) in panel.words.items()
    }
    return {
        "unit": panel.unit,
        "mappings": [{"type": "value", "options": words}] if words else [],
        "noValue": "no data",
        "color": {"mode": "fixed", "fixedColor": "#8a8f98"} if words else {"mode": "palette-classic"},
        "custom": {"spanNulls": False, "lineWidth": 1, "fillOpacity": 70 if words else 0}
        if panel.kind != "stat"
        else {},
    }


def _options(panel: Panel) -> Mapping[str, Any]:
    match panel.kind:
        case "stat":
            name = any("{{" in legend for legend in panel.queries)
            return {
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "textMode": "value_and_name" if name else "value",
                "colorMode": "value",
                "graphMode": "none",
            }
        case "state-timeline":
            return {"showValue": "never", "mergeValues": True, "rowHeight": 0.8, "legend": {"showLegend": True}}
        case "timeseries":
            return {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi"},
            }
        case "table":
            return {"showHeader": True}


def _transformations(panel: Panel) -> list[Mapping[str, Any]]:
    """A table of a gauge shows the labels; the value (always 1), the time and the scrape's own labels say nothing."""
    if panel.kind != "table":
        return []
    hidden = dict.fromkeys(("Time", "Value", "__name__", "job", "instance"), True)
    return [{"id": "organize", "options": {"excludeByName": hidden, "indexByName": {}, "renameByName": {}}}]
