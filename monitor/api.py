"""What is stored, as data frames: for notebooks and programs of researchers.

    from monitor import api
    with api.open("~/.local/share/presscanary") as canary:
        frame = canary.verdicts(target="kloop", since="2023-09-01").pandas()

A query reads nothing until its rows, or a frame, are asked for. The columns are those of `presscanary export`
(docs/reference/export.md). Needs the extra `frames` for frames; `rows()` needs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from monitor.cli.rows import Source, Wanted
from monitor.config import Settings, load, shipped
from monitor.export.arrows import batch, schema
from monitor.export.dataset import Dataset, Row, Value
from monitor.export.tables import datasets
from monitor.store import Store, open_folder

__all__ = ["Canary", "Query", "open"]


class FramesMissing(ImportError):  # noqa: N818 - what it says
    """A library for frames is not installed; the message says which extra brings it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Rows of one table that were asked for; nothing is read before one of its methods is called."""

    dataset: Dataset
    source: Source

    def rows(self) -> Iterator[Mapping[str, Value]]:
        """Each row as name -> value, by time; datetimes are aware and in UTC."""
        names = [column.name for column in self.dataset.columns]
        for piece in self._pieces():
            yield from (dict(zip(names, row, strict=True)) for row in piece)

    def batches(self) -> Iterator[Any]:
        """The rows as Arrow record batches, as they are read. FramesMissing without the extra."""
        _need("pyarrow")
        known = schema(self.dataset)
        return (batch(known, piece) for piece in self._pieces() if piece)

    def arrow(self) -> Any:
        """All rows as one `pyarrow.Table`."""
        pyarrow = _need("pyarrow")
        return pyarrow.Table.from_batches(list(self.batches()), schema(self.dataset))

    def pandas(self) -> Any:
        """All rows as a `pandas.DataFrame`."""
        _need("pandas")
        return self.arrow().to_pandas()

    def polars(self) -> Any:
        """A `polars.LazyFrame`: it reads piece by piece when it is collected, and drops columns that nobody needs."""
        polars = _need("polars")
        plugins = import_module("polars.io.plugins")
        empty = polars.from_arrow(schema(self.dataset).empty_table())

        def read(columns: list[str] | None, predicate: Any, limit: int | None, _: int | None) -> Iterator[Any]:
            for piece in self.batches():
                frame = polars.from_arrow(piece)
                frame = frame if columns is None else frame.select(columns)
                frame = frame if predicate is None else frame.filter(predicate)
                yield frame if limit is None else frame.head(limit)
                if limit is not None and (limit := limit - len(frame)) <= 0:
                    return

        return plugins.register_io_source(read, schema=empty.schema)

    def _pieces(self) -> Iterator[list[Row]]:
        for _, records in self.source.records(self.dataset.name):
            yield list(self.dataset.table(records))


class Canary:
    """An open store, for reading beside a running monitor; close it, or use it in a `with`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store's files."""
        self._store.close()

    @property
    def simulated(self) -> bool:
        """Whether all of it is simulated: then nothing of it may be cited as real."""
        return self._store.simulated

    def query(
        self,
        table: str,
        *,
        since: str | date | None = None,
        until: str | date | None = None,
        target: str | None = None,
        network: str | None = None,
        country: str | None = None,
    ) -> Query:
        """The rows of a table that fit; times as ISO text or datetime, UTC where they name no zone.

        KeyError for a table that there is none of, ValueError for text that is no time.
        """
        wanted = Wanted(since=_moment(since), until=_moment(until), target=target, network=network, country=country)
        return Query(dataset=datasets()[table], source=Source(self._store, self._settings, wanted))

    def verdicts(self, **wanted: Any) -> Query:
        """Results of visits; `query` says what can be asked for."""
        return self.query("verdicts", **wanted)

    def measurements(self, **wanted: Any) -> Query:
        """Measurements with their canonical documents."""
        return self.query("measurements", **wanted)

    def observations(self, **wanted: Any) -> Query:
        """Facts at one layer each, beside the controls'."""
        return self.query("observations", **wanted)

    def cells(self, **wanted: Any) -> Query:
        """Counts per target, vantage point and hour, and imported series."""
        return self.query("cells", **wanted)

    def events(self, **wanted: Any) -> Query:
        """Blocking events, the newest revision of each."""
        return self.query("events", **wanted)

    def claims(self, **wanted: Any) -> Query:
        """Documented dates beside the measurements."""
        return self.query("claims", **wanted)

    def coverage(self, **wanted: Any) -> Query:
        """What was measured at all, per target, network and UTC day."""
        return self.query("coverage", **wanted)


def open(data_dir: str | Path, *, config: str | Path | None = None) -> Canary:  # noqa: A001 - `api.open`
    """The store in a data folder, for reading; `config` is the targets.yaml that claims and intervals come from.

    StoreError where there is none or it cannot be read, ConfigError for a configuration with mistakes.
    """
    settings = load(shipped() if config is None else Path(config).expanduser())
    return Canary(open_folder(Path(data_dir).expanduser(), read_only=True), settings)


def _moment(told: str | date | None) -> datetime | None:
    match told:
        case None:
            return None
        case datetime():
            parsed = told
        case date():
            parsed = datetime(told.year, told.month, told.day)  # noqa: DTZ001 - the zone comes below
        case str():
            parsed = datetime.fromisoformat(told)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _need(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as fault:
        raise FramesMissing(f"{module} is not installed: pip install 'presscanary[frames]'") from fault
