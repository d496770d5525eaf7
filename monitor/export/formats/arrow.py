"""Arrow's IPC stream: record batches of a bounded size, readable while they come."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, BinaryIO

from monitor.export.arrows import batch, schema
from monitor.export.dataset import Dataset, Row
from monitor.export.format import Format

GROUP = 10_000
"""Rows of a record batch."""


class ArrowWriter:
    """Rows as record batches."""

    def __init__(self, file: BinaryIO, dataset: Dataset) -> None:
        import pyarrow as pa  # noqa: PLC0415 - the extra `export` may be absent

        self._schema = schema(dataset)
        self._writer: Any = pa.ipc.new_stream(file, self._schema)

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        coming = iter(rows)
        while taken := list(islice(coming, GROUP)):
            self._writer.write_batch(batch(self._schema, taken))

    def close(self) -> None:
        """Write the end of the stream."""
        self._writer.close()


FORMAT = Format(name="arrow", suffix=".arrow", begin=ArrowWriter, needs="pyarrow")
