"""`/api/v1/health`: whether the program can be relied on now, in one small document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from monitor.model import Health
from monitor.web.board import board
from monitor.web.ground import Ground
from monitor.web.settings import version
from probes.model import Role

_NUMBERS = ("measurements", "experiments", "cells", "events", "event_revisions", "documents", "pack_bytes")

SCHEMA: Mapping[str, Any] = {
    "version": {"type": "string", "description": "The version of the program."},
    "newest": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "The newest measurement of a vantage point of ours; null before the first.",
    },
    "silent": {"type": "boolean", "description": "true: the newest measurement is too old to speak of now."},
    "open_events": {"type": "integer", "description": "Events that go on and were not retracted."},
    "vantage_points": {
        "type": "object",
        "description": "How many vantage points (controls left out) have which health.",
        "properties": {each.value: {"type": "integer"} for each in Health},
    },
    "stored": {
        "type": "object",
        "description": "How much is stored.",
        "properties": {name: {"type": "integer"} for name in _NUMBERS},
    },
    "over_limit": {"type": "boolean", "description": "true: the data folder is larger than its limit."},
}


def health(ground: Ground) -> Mapping[str, Any]:
    """The document; StoreError where the store cannot be read."""
    seen, settings, now = ground.look(counted=True), ground.settings(), ground.clock()
    table = board(seen, settings, now)
    points = [column for column in table.columns if column.role is Role.VANTAGE]
    return {
        "simulated": seen.simulated or settings.simulated,
        "version": version(),
        "newest": table.newest,
        "silent": table.newest is not None and now - table.newest > settings.fresh,
        "open_events": sum(event.end is None and not event.retracted for event in seen.events),
        "vantage_points": Counter(point.health.value for point in points),
        "stored": seen.counts,
        "over_limit": ground.runtime.over_limit,
    }
