"""Blocking events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.export.dataset import Dataset, Value, column
from monitor.export.words import BOOLEAN, INTEGER, NUMBER, SIMULATED, STRING, TIME
from monitor.model import BlockingEvent


def _rows(event: BlockingEvent) -> Iterator[Mapping[str, Value]]:
    onset, end = event.onset, event.end or (None, None)
    yield {
        "event": event.id,
        "revision": event.revision,
        "kind": event.kind.value,
        "target": event.target,
        "country": event.country,
        "networks": " ".join(event.networks),
        "onset_earliest": onset[0],
        "onset_latest": onset[1],
        "end_earliest": end[0],
        "end_latest": end[1],
        "alarm": event.alarm,
        "tier": event.tier.value,
        "technique": event.technique,
        "locus": event.locus.value,
        "score": event.score,
        "vantage_points": event.counts.get("vantage_points"),
        "controls_agree": event.counts.get("controls_agree"),
        "controls_total": event.counts.get("controls_total"),
        "disputed": event.disputed,
        "retracted": event.retracted,
        "witnesses": " ".join(event.witnesses),
        "detector": event.detector,
        "ruleset": event.ruleset,
        "simulated": event.simulated,
    }


DATASET = Dataset(
    name="events",
    title="Blocking events, the newest revision of each",
    rows=_rows,
    columns=(
        column("event", STRING, "the event's id"),
        column("revision", INTEGER, "its revision, from 1"),
        column("kind", STRING, "blocking, or a network that went offline"),
        column("target", STRING, "what was blocked"),
        column("country", STRING, "where, two letters"),
        column("networks", STRING, "networks, parted by spaces"),
        column("onset_earliest", TIME, "last seen ok before; empty where nothing was seen before"),
        column("onset_latest", TIME, "first seen blocked"),
        column("end_earliest", TIME, "last seen blocked; empty where it goes on"),
        column("end_latest", TIME, "first seen ok again; empty where it goes on"),
        column("alarm", TIME, "when there was enough evidence"),
        column("tier", STRING, "how sure: suspected, likely, confirmed"),
        column("technique", STRING, "how"),
        column("locus", STRING, "who made the difference"),
        column("score", NUMBER, "log10 likelihood ratio at its highest"),
        column("vantage_points", INTEGER, "vantage points that saw it"),
        column("controls_agree", INTEGER, "controls that agree"),
        column("controls_total", INTEGER, "controls that were asked"),
        column("disputed", BOOLEAN, "whether vantage points of one network contradict each other"),
        column("retracted", BOOLEAN, "later data took it back: not to be counted"),
        column("witnesses", STRING, "ids of measurements that prove it, parted by spaces"),
        column("detector", STRING, "version of the detector"),
        column("ruleset", STRING, "version of the rules"),
        SIMULATED,
    ),
)
