"""CSV (RFC 4180): UTF-8, CRLF, a header, times as RFC 3339 in UTC, and no cell that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from typing import BinaryIO

from monitor.export.dataset import Dataset, Row, Value
from monitor.export.format import Format
from probes.document import rfc3339

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters by which a spreadsheet takes a text for a formula (OWASP, CSV injection)."""
_PIECE = 1000


class CSVWriter:
    """Rows as lines of text."""

    def __init__(self, file: BinaryIO, dataset: Dataset) -> None:
        self._file = file
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow([column.name for column in dataset.columns])
        self._flush()

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        for number, row in enumerate(rows, 1):
            self._writer.writerow([cell(value) for value in row])
            if number % _PIECE == 0:
                self._flush()
        self._flush()

    def close(self) -> None:
        """Nothing has to come at the end."""

    def _flush(self) -> None:
        self._file.write(self._text.getvalue().encode("utf-8", "replace"))
        self._text.seek(0)
        self._text.truncate()


def cell(value: Value) -> str | int | float:
    """A value as a cell; a text that begins like a formula has a quote before it.

    >>> cell("=1+1"), cell(None), cell(True), cell(0.25)
    ("'=1+1", '', 'true', 0.25)
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return rfc3339(value)
        case date():
            return value.isoformat()
        case str():
            return f"'{value}" if value.startswith(FORMULA) else value
    return value


FORMAT = Format(name="csv", suffix=".csv", begin=CSVWriter)
