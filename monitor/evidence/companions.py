"""What goes with the facts: custody, catalogue descriptions, and how a stranger checks the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata, resources
from typing import Any

from monitor.evidence.proofs import Proofs
from monitor.evidence.slice import Slice
from monitor.evidence.tables import lines, pretty
from probes.document import rfc3339

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_LICENCE_TEXT = f"""The data in this package are under the Creative Commons Attribution 4.0 International licence:
{LICENCE}
What was captured from web sites (warc/, bodies in measurements/) belongs to whoever made it, and is here as evidence.
"""
_KINDS = {
    "report.html": "the summary for people",
    "report.txt": "the summary as plain text",
    "report.pdf": "the summary to be filed",
    "event.json": "the event as it is stored",
    "revisions.jsonl": "every revision of the event",
    "series.jsonl": "every result around the event, as it is stored",
    "series.csv": "every result around the event, as a table",
    "cells.csv": "counts per network and day",
    "events.csv": "the revisions as a table",
    "findings.jsonl": "what experiments showed",
    "custody.jsonl": "from capture to this package",
}


def about(facts: Slice) -> Mapping[str, str]:
    """The lines of bag-info.txt. The date is that of the newest fact, so that the same facts give the same bytes."""
    simulated = "SIMULATED: " if facts.event.simulated else ""
    return {
        "Source-Organization": "Press Canary",
        "External-Description": f"{simulated}evidence for the event {facts.event.id}",
        "External-Identifier": f"{facts.event.id} revision {facts.event.revision}",
        "Bagging-Date": facts.until.date().isoformat(),
        "Bag-Software-Agent": f"presscanary {metadata.version('presscanary')}",
    }


def custody(facts: Slice, proofs: Proofs) -> Mapping[str, bytes]:
    """Who had the facts in hand, from capture to package: one line per step, without anybody's name or address."""
    places = sorted({(row.vantage, row.network, row.role.value, row.vantage_kind) for row in facts.outcomes})
    steps: list[Mapping[str, Any]] = [
        {
            "step": "measured",
            "by": vantage,
            "network": network,
            "role": role,
            "kind": kind,
            "first": rfc3339(min(times)),
            "last": rfc3339(max(times)),
            "results": len(times),
        }
        for vantage, network, role, kind in places
        if (times := [row.time for row in facts.outcomes if (row.vantage, row.network) == (vantage, network)])
    ]
    if proofs.head is not None:
        steps.append(
            {"step": "logged", "entries": len(proofs.inclusions), "head": proofs.head.sha256, "root": proofs.head.root}
        )
    steps += [
        {
            "step": "concluded",
            "event": revision.id,
            "revision": revision.revision,
            "detector": revision.detector,
            "ruleset": revision.ruleset,
            "tier": revision.tier.value,
            "retracted": revision.retracted,
        }
        for revision in facts.revisions
    ]
    steps.append({"step": "packaged", "software": f"presscanary {metadata.version('presscanary')}"})
    return {"custody.jsonl": lines(steps)}


def crate(facts: Slice, names: Sequence[str], site: str) -> Mapping[str, bytes]:
    """The package for catalogues: RO-Crate 1.1, DataCite 4, and the licence."""
    simulated = "SIMULATED: " if facts.event.simulated else ""
    title = f"{simulated}Evidence for {facts.event.id}: {site} in {facts.event.country}"
    date = facts.until.date().isoformat()
    parts = [*names, "LICENSE", "datacite.json"]
    graph: list[Mapping[str, Any]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": title,
            "description": "Measurements, results and conclusions around one blocking event, and proofs of integrity.",
            "datePublished": date,
            "temporalCoverage": f"{rfc3339(facts.since)}/{rfc3339(facts.until)}",
            "license": {"@id": LICENCE},
            "hasPart": [{"@id": name} for name in parts],
        },
        {"@id": LICENCE, "@type": "CreativeWork", "name": "Creative Commons Attribution 4.0 International"},
        *({"@id": name, "@type": "File", "name": _KINDS.get(name, name)} for name in parts),
    ]
    cited = {
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Evidence package"},
        "creators": [{"name": "Press Canary"}],
        "titles": [{"title": title}],
        "publisher": {"name": "Press Canary"},
        "publicationYear": date[:4],
        "dates": [{"date": f"{rfc3339(facts.since)}/{rfc3339(facts.until)}", "dateType": "Collected"}],
        "rightsList": [{"rightsIdentifier": "CC-BY-4.0", "rightsUri": LICENCE}],
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    return {
        "ro-crate-metadata.json": pretty({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}),
        "datacite.json": pretty(cited),
        "LICENSE": _LICENCE_TEXT.encode(),
    }


def script() -> bytes:
    """verify.sh: the checks that need no Python."""
    return resources.files("monitor.evidence").joinpath("verify.sh").read_bytes()


def guide(fingerprint: str) -> bytes:
    """VERIFY.md: what to run, what it shows, and what it does not."""
    text = resources.files("monitor.evidence").joinpath("guide.md").read_text(encoding="utf-8")
    return text.replace("FINGERPRINT", fingerprint).encode()
