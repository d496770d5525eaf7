"""Rule pushes: several targets that one network begins to block at the same time were probably one change of its
rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from monitor.detect.settings import DetectorSettings
from monitor.model import BlockingEvent


def together(events: Sequence[BlockingEvent], settings: DetectorSettings) -> tuple[BlockingEvent, ...]:
    """The events, each with the other targets that one of its networks began to block within `rule_push` of it.

    What is disputed is put together with nothing.
    """
    begun: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for event in events:
        for span in () if event.disputed else event.spans:
            begun[event.country, span.network].append((span.onset[1], event.target))
    return tuple(replace(event, pushed_with=_others(event, begun, settings)) for event in events)


def _others(
    event: BlockingEvent, begun: dict[tuple[str, str], list[tuple[datetime, str]]], settings: DetectorSettings
) -> tuple[str, ...]:
    near = {
        target
        for span in (() if event.disputed else event.spans)
        for onset, target in begun[event.country, span.network]
        if abs(onset - span.onset[1]) <= settings.rule_push
    }
    return tuple(sorted(near - {event.target}))
