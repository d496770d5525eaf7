"""The conclusions once more, from the facts of a package alone: verdicts by the rules, the event by the detector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from monitor.detect import detect
from monitor.evidence.shelf import Shelf
from monitor.evidence.slice import Slice
from monitor.model import BlockingEvent, Finding, Outcome, Verdict
from monitor.pipeline import VISITS, gather, judged
from monitor.store import Store
from monitor.verdict.experiments import find
from probes.model import Role

COMPARED = ("networks", "onset", "end", "tier", "technique", "locus", "disputed", "kind", "simulated")
"""What two events have to agree on to be the same; counts and witnesses go on growing with the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What judging again gave: ids that came out as stored, and others with both verdicts in words."""

    same: tuple[str, ...]
    different: tuple[tuple[str, str, str], ...]
    """Id, the stored verdict, the one of today."""
    untestable: tuple[str, ...]
    """Ids whose controls' documents are not in the package: what they say cannot be made anew."""


def rejudge(facts: Slice) -> Judgement:
    """Judge every visit and experiment whose document is there from the documents, by the rules of this version."""
    shelf = cast("Store", Shelf(facts))  # the walk only reads here
    rows = {row.measurement: row for row in facts.outcomes}
    found = {one.measurement: one for one in facts.findings}
    same, different, untestable = [], [], []
    for name in sorted(facts.documents):
        measurement = shelf.measurement(name)
        assert measurement is not None
        if measurement.kind not in VISITS:
            before, now = _of_finding(found.get(name)), _of_finding(find(measurement))
        elif (row := rows.get(name)) is None or row.role is Role.CONTROL:
            continue
        elif not _has_controls(row, facts):
            untestable.append(name)
            continue
        else:
            before, now = _of(row.verdict), _of(judged(measurement, shelf, facts.settings).verdict)
        if before == now:
            same.append(name)
        else:
            different.append((name, before, now))
    return Judgement(same=tuple(same), different=tuple(different), untestable=tuple(untestable))


def redetect(facts: Slice) -> BlockingEvent | None:
    """The event that the detector finds in the facts, under the id of the stored one; None where it finds none."""
    store = cast("Store", Shelf(facts))
    cells = gather(store, facts.settings)
    events = detect(cells, settings=facts.settings.detector, now=facts.until)
    own = [one for one in events if (one.target, one.country) == (facts.event.target, facts.event.country)]
    nearest = min(own, key=lambda one: abs(one.onset[1] - facts.event.onset[1]), default=None)
    return nearest and replace(nearest, id=facts.event.id, revision=facts.event.revision)


def differences(stored: BlockingEvent, found: BlockingEvent | None) -> tuple[str, ...]:
    """What two events do not agree on, each with both values; () where they are the same.

    An event that later data took back is found again by nobody, and that is no difference.
    """
    if found is None:
        return () if stored.retracted else ("the detector finds no such event in these facts",)
    said = [_difference(name, getattr(stored, name), getattr(found, name)) for name in COMPARED]
    return tuple(one for one in said if one)


def _difference(name: str, stored: Any, found: Any) -> str:
    return "" if stored == found else f"{name}: stored {_plain(stored)}, found {_plain(found)}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _of(verdict: Verdict) -> str:
    words = [verdict.state.value, verdict.rule_id, verdict.technique or "", verdict.locus.value]
    return " ".join([*filter(None, words), f"{verdict.controls_agree} of {verdict.controls_total} controls"])


def _of_finding(finding: Finding | None) -> str:
    if finding is None:
        return "unknown"
    return " ".join(filter(None, [finding.rule_id, finding.bearing.value, finding.technique]))


def _has_controls(row: Outcome, facts: Slice) -> bool:
    """Whether all documents are there that the verdict rests on."""
    beside = facts.settings.beside
    return all(
        other.measurement in facts.documents
        for other in facts.own
        if other.role is Role.CONTROL and other.url == row.url and abs(other.time - row.time) <= beside
    )
