"""Parquet, zstd, in row groups of a bounded size; the meaning of each column is in the file's own schema."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, BinaryIO

from monitor.export.arrows import batch, schema
from monitor.export.dataset import Dataset, Row
from monitor.export.format import Format

GROUP = 50_000
"""Rows of a row group: what is in memory at a time."""


class ParquetWriter:
    """Rows as Parquet. State: rows that wait for their group to be full."""

    def __init__(self, file: BinaryIO, dataset: Dataset) -> None:
        from pyarrow import parquet  # noqa: PLC0415 - the extra `export` may be absent

        self._schema = schema(dataset)
        self._writer: Any = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._waiting: list[Row] = []

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        coming = iter(rows)
        while taken := list(islice(coming, GROUP - len(self._waiting))):
            self._waiting += taken
            if len(self._waiting) == GROUP:
                self._flush()

    def close(self) -> None:
        """Write the last group and the footer."""
        if self._waiting:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_batch(batch(self._schema, self._waiting))
        self._waiting = []


FORMAT = Format(name="parquet", suffix=".parquet", begin=ParquetWriter, needs="pyarrow")
