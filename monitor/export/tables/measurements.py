"""Measurements: the facts, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.export.dataset import Dataset, Value, column
from monitor.export.words import NUMBER, PLACE, SIMULATED, STRING, TIME
from probes.document import canonical, document
from probes.model import Measurement


def _rows(record: Measurement) -> Iterator[Mapping[str, Value]]:
    told = document(record)
    yield {
        "time": record.started,
        "target": record.target,
        "vantage": record.vantage.id,
        "country": record.vantage.country,
        "network": record.vantage.network,
        "kind": record.kind,
        "url": record.url,
        "role": record.vantage.role.value,
        "seconds": record.duration,
        "failure": record.failure,
        "software": record.software,
        "document": canonical(told).decode("utf-8", "replace"),
        "simulated": record.vantage.simulated,
    }


DATASET = Dataset(
    name="measurements",
    title="Measurements: the facts, step by step, as canonical JSON",
    rows=_rows,
    columns=(
        column("time", TIME, "when it began, UTC"),
        *PLACE,
        column("kind", STRING, "kind of probe: a visit, or an experiment"),
        column("url", STRING, "the address that was asked for"),
        column("role", STRING, "vantage or control"),
        column("seconds", NUMBER, "how long it took"),
        column("failure", STRING, "of the measurement as a whole"),
        column("software", STRING, "what measured"),
        column("document", STRING, "the canonical document; its SHA-256 is the measurement's id, first half"),
        SIMULATED,
    ),
)
