"""What the columns mean, for programs and people: a Frictionless data package (datapackage.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.export.dataset import Dataset

NAME = "datapackage.json"
_MEDIA = {
    ".csv": ("csv", "text/csv"),
    ".jsonl": ("ndjson", "application/x-ndjson"),
    ".parquet": ("parquet", "application/vnd.apache.parquet"),
    ".arrow": ("arrow", "application/vnd.apache.arrow.stream"),
    ".xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def dictionary(
    dataset: Dataset,
    paths: Sequence[str],
    suffix: str,
    *,
    simulated: bool,
    licences: Sequence[str] = (),
    query: Mapping[str, Any],
) -> bytes:
    """The data package that describes the files of one table; several files are parts of one. `query` is what was
    asked for: files of another query must not stand beside these."""
    form, media = _MEDIA[suffix]
    resource: dict[str, Any] = {
        "name": dataset.name,
        "title": dataset.title,
        "path": paths[0] if len(paths) == 1 else list(paths),
        "format": form,
        "mediatype": media,
        "schema": {
            "fields": [
                {"name": column.name, "type": column.kind.value, "description": column.says}
                for column in dataset.columns
            ],
            "missingValues": [""],
        },
    }
    if form == "csv":
        resource |= {"encoding": "utf-8", "dialect": {"delimiter": ",", "lineTerminator": "\r\n"}}
    told: dict[str, Any] = {
        "name": dataset.name,
        "title": f"{'SIMULATED: ' if simulated else ''}{dataset.title}",
        "query": dict(query),
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": [resource],
    }
    if licences:
        told["sources"] = [{"title": licence} for licence in licences]
    return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


def query_of(folder: Path) -> Any:
    """What the export in a folder asked for; None where there is none, or its dictionary cannot be read."""
    try:
        return json.loads((folder / NAME).read_bytes())["query"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
