"""A workbook for spreadsheets: one sheet with frozen headings, texts as texts (no formula, no link), times in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from monitor.export.dataset import Dataset, Row
from monitor.export.format import Format

MOST = 1_048_575
"""Rows that a sheet holds besides its headings."""
_LONGEST = 32_767
"""Characters that a cell holds."""

_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Stands as the time of creation, so that the same rows give the same bytes."""


class XLSXWriter:
    """Rows as lines of a sheet. State: how many there are."""

    def __init__(self, file: BinaryIO, dataset: Dataset) -> None:
        import xlsxwriter  # noqa: PLC0415 - the extra `export` may be absent

        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book: Any = xlsxwriter.Workbook(file, {"constant_memory": True, **plain})
        self._book.set_properties(
            {"title": dataset.title, "created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)}
        )
        self._sheet: Any = self._book.add_worksheet(dataset.name)
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        bold = self._book.add_format({"bold": True})
        for place, column in enumerate(dataset.columns):
            self._sheet.write_string(0, place, column.name, bold)
        self._sheet.freeze_panes(1, 0)
        self._number = 0

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows; ValueError past what a sheet holds."""
        for row in rows:
            self._number += 1
            if self._number > MOST:
                raise ValueError(f"a sheet holds {MOST:,} rows: narrow the export, or choose csv or parquet")
            for place, value in enumerate(row):
                self._cell(place, value)

    def close(self) -> None:
        """Write the workbook."""
        self._book.close()

    def _cell(self, place: int, value: Any) -> None:
        match value:
            case None:
                pass
            case bool():
                self._sheet.write_boolean(self._number, place, value)
            case int() | float():
                self._sheet.write_number(self._number, place, value)
            case datetime():
                self._sheet.write_datetime(self._number, place, value.replace(tzinfo=None), self._time)
            case date():
                self._sheet.write_datetime(self._number, place, value, self._day)
            case str():
                self._sheet.write_string(self._number, place, value.encode("utf-8", "replace").decode()[:_LONGEST])


FORMAT = Format(name="xlsx", suffix=".xlsx", begin=XLSXWriter, needs="xlsxwriter", most=MOST, seeks=True)
