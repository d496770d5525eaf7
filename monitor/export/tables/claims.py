"""Documented dates beside the measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.export.dataset import Dataset, Value, column
from monitor.export.words import INTEGER, NUMBER, SIMULATED, STRING, TIME
from monitor.model import ClaimCheck


def _rows(check: ClaimCheck) -> Iterator[Mapping[str, Value]]:
    claim = check.claim
    yield {
        "claim": claim.id,
        "target": claim.target,
        "country": claim.country,
        "kind": claim.kind,
        "date": claim.date,
        "earliest": claim.interval[0],
        "latest": claim.interval[1],
        "networks": " ".join(claim.networks),
        "verdict": check.verdict.value,
        "why": check.why,
        "distance_days": check.distance_days,
        "days_covered": check.days_covered,
        "days_asked": check.days_asked,
        "measurements": check.measurements,
        "events": " ".join(check.events),
        "sources": " ".join(source.url for source in claim.sources),
        "simulated": claim.simulated,
    }


DATASET = Dataset(
    name="claims",
    title="Documented dates beside the measurements",
    rows=_rows,
    columns=(
        column("claim", STRING, "the claim's id"),
        column("target", STRING, "what it speaks of"),
        column("country", STRING, "where"),
        column("kind", STRING, "blocked, unblocked, ordered …"),
        column("date", STRING, "as documented"),
        column("earliest", TIME, "when it can have happened at the earliest, UTC"),
        column("latest", TIME, "… at the latest, this moment excluded"),
        column("networks", STRING, "networks that it names"),
        column("verdict", STRING, "supported, consistent, contradicted or not testable"),
        column("why", STRING, "one sentence"),
        column("distance_days", NUMBER, "days between the event's edge and the claim; 0 where they overlap"),
        column("days_covered", INTEGER, "days around it with measurements"),
        column("days_asked", INTEGER, "of so many"),
        column("measurements", INTEGER, "measurements on those days"),
        column("events", STRING, "events that it is about"),
        column("sources", STRING, "addresses of its sources"),
        SIMULATED,
    ),
)
