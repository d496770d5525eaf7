"""Rows as Arrow's columns, for the formats that are made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.export.dataset import Dataset, Kind, Row


def schema(dataset: Dataset) -> Any:
    """The Arrow schema of a table; each field carries what its column means."""
    import pyarrow as pa  # noqa: PLC0415 - the extra `export` may be absent

    kinds = {
        Kind.STRING: pa.string(),
        Kind.INTEGER: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.DATETIME: pa.timestamp("us", tz="UTC"),
        Kind.DATE: pa.date32(),
    }
    fields = [pa.field(each.name, kinds[each.kind], metadata={"description": each.says}) for each in dataset.columns]
    return pa.schema(fields, metadata={"name": dataset.name, "title": dataset.title})


def batch(known: Any, rows: Sequence[Row]) -> Any:
    """Rows as one record batch."""
    import pyarrow as pa  # noqa: PLC0415 - the extra `export` may be absent

    columns = [pa.array([_clean(row[place]) for row in rows], type=field.type) for place, field in enumerate(known)]
    return pa.record_batch(columns, schema=known)


def _clean(value: Any) -> Any:
    """Text that UTF-8 cannot hold (half of a surrogate pair) becomes a question mark, as in the other formats."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
