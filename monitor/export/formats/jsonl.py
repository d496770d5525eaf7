"""JSON lines: one object per row, keys in the order of the columns, times as RFC 3339 in UTC."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, BinaryIO

from monitor.export.dataset import Dataset, Row
from monitor.export.format import Format
from probes.document import rfc3339


class JSONWriter:
    """Rows as lines of JSON."""

    def __init__(self, file: BinaryIO, dataset: Dataset) -> None:
        self._file = file
        self._names = [column.name for column in dataset.columns]

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        for row in rows:
            told = {name: _plain(value) for name, value in zip(self._names, row, strict=True)}
            line = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            self._file.write(line.encode("utf-8", "replace") + b"\n")

    def close(self) -> None:
        """Nothing has to come at the end."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.isoformat() if isinstance(value, date) else value


FORMAT = Format(name="jsonl", suffix=".jsonl", begin=JSONWriter)
