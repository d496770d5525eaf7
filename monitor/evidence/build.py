"""Building a package: facts in, a signed folder out. The same facts, log and settings give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.evidence import bag, captures, paper, tables
from monitor.evidence.companions import about, crate, custody, guide, script
from monitor.evidence.method import KNOWN_ERRORS, rules, settings_document, versions
from monitor.evidence.proofs import Proofs
from monitor.evidence.replay import Judgement, differences, redetect, rejudge
from monitor.evidence.report import Ground, compose
from monitor.evidence.slice import Slice
from monitor.evidence.stamp import StampError, ask, request
from monitor.evidence.words import Language
from monitor.model import BlockingEvent
from monitor.pipeline import VISITS
from monitor.sshsig import SigningKey

NAMESPACE = "evidence@presscanary"
"""What signatures of packages are for, in OpenSSH's sense."""
SIGNER = "presscanary"
"""The name of the signer in `allowed_signers`."""
LIST = "tagmanifest-sha256.txt"
"""What is signed: the list of lists."""


class EvidenceError(Exception):
    """A package that could not be made; the message is one line for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A time stamp authority: where it is asked, and the certificates that its tokens are checked with (PEM)."""

    url: str
    chain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What was written: where, how much, and what has to be said of it."""

    path: str
    event: str
    files: int
    bytes: int
    documents: int
    proved: int
    pdf: bool
    warc: bool
    reproduced: bool
    """Whether the detector finds the same event in the package's facts alone."""
    differences: tuple[str, ...]
    trusted_time: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """How the site is spoken of: its bare host name, and the time zone that is shown beside UTC."""

    name: str
    zone: str


def build(
    facts: Slice,
    proofs: Proofs,
    key: SigningKey,
    folder: Path,
    *,
    site: Site,
    language: Language = Language.EN,
    authority: Authority | None = None,
) -> Package:
    """Write the package of a slice into a new folder.

    EvidenceError where the folder is there already or cannot be written, or the authority gives no time stamp.
    """
    judgement, found = rejudge(facts), redetect(facts)
    differing = differences(facts.event, found)
    ground = Ground(
        facts=facts,
        name=site.name,
        zone=site.zone,
        language=language,
        judgement=judgement,
        differences=differing,
        proofs=proofs,
        key=key.public.fingerprint,
        trusted_time=authority is not None,
    )
    payload = {
        **_facts(facts),
        **_documents(facts),
        **_method(facts, judgement, found, differing),
        **_log(proofs, key),
        **_report(ground),
        **custody(facts, proofs),
    }
    payload |= crate(facts, sorted(payload), site.name)
    files = _sealed(bag.bagged(payload, _tags(key, authority), about(facts)), key, authority)
    try:
        bag.write(folder, files)
    except OSError as fault:
        raise EvidenceError(f"{folder} could not be written: {fault.strerror or fault}") from fault
    return Package(
        path=str(folder),
        event=facts.event.id,
        files=len(files),
        bytes=sum(map(len, files.values())),
        documents=len(facts.documents),
        proved=len(proofs.inclusions),
        pdf="report.pdf" in payload,
        warc="warc/pages.warc.gz" in payload,
        reproduced=not differing,
        differences=differing,
        trusted_time=authority is not None,
        key=key.public.fingerprint,
    )


def _facts(facts: Slice) -> Mapping[str, bytes]:
    told = {name: getattr(facts, name) for name in ("since", "until", "whole", "missing")}
    return {
        "event.json": tables.pretty(facts.event),
        "slice.json": tables.pretty(told),
        "revisions.jsonl": tables.lines(facts.revisions),
        "series.jsonl": tables.lines(facts.outcomes),
        "findings.jsonl": tables.lines(facts.findings),
        "imported.jsonl": tables.lines(facts.cells),
        "health.json": tables.pretty(facts.health),
        "claims.json": tables.pretty(facts.claims),
        "series.csv": tables.series(facts),
        "events.csv": tables.events(facts.revisions),
        "cells.csv": tables.cells(facts),
        "datapackage.json": tables.dictionary(facts.event.id, simulated=facts.event.simulated),
    }


def _documents(facts: Slice) -> Mapping[str, bytes]:
    """The canonical documents by day, visits, controls and experiments apart; pages and certificates out of them."""
    days: dict[str, list[tuple[str, str, bytes]]] = {}
    for name, content in facts.documents.items():
        told = json.loads(content)
        visit = "controls" if told["vantage"].get("role") == "control" else "measurements"
        place = visit if told["kind"] in VISITS else "confirmations"
        days.setdefault(f"{place}/{told['started'][:10]}.jsonl", []).append((told["started"], name, content))
    files = {path: b"".join(content + b"\n" for _, _, content in sorted(rows)) for path, rows in days.items()}
    files |= {f"certs/{name}": content for name, content in captures.certificates(facts).items()}
    if captures.available() and (pages := captures.warc(facts)):
        files["warc/pages.warc.gz"] = pages
    return files


def _method(
    facts: Slice, judgement: Judgement, found: BlockingEvent | None, differing: tuple[str, ...]
) -> Mapping[str, bytes]:
    return {
        "method/settings.json": tables.pretty(settings_document(facts.settings)),
        "method/fingerprints.json": tables.pretty(facts.settings.fingerprints),
        "method/rules.json": tables.pretty(rules()),
        "method/versions.json": tables.pretty(versions(facts.event.detector)),
        "method/errors.json": tables.pretty(KNOWN_ERRORS),
        "method/replay.json": tables.pretty({"verdicts": judgement, "event": found, "differences": differing}),
    }


def _log(proofs: Proofs, key: SigningKey) -> Mapping[str, bytes]:
    if proofs.head is None:
        return {}
    return {
        "log/head.json": proofs.head.line.encode() + b"\n",
        "log/inclusion.jsonl": tables.lines(proofs.inclusions),
        "log/consistency.json": tables.pretty(proofs.consistency),
        "log/unproved.json": tables.pretty(proofs.unproved),
        "log/key.pub": f"{key.public.line}\n".encode(),
    }


def _report(ground: Ground) -> Mapping[str, bytes]:
    report, language = compose(ground), ground.language.value
    files = {"report.html": paper.page(report, language), "report.txt": paper.text(report)}
    if paper.can_print():
        files["report.pdf"] = paper.printed(report, language, ground.facts.until)
    return files


def _tags(key: SigningKey, authority: Authority | None) -> Mapping[str, bytes]:
    tags = {
        "allowed_signers": f"{SIGNER} {key.public.line}\n".encode(),
        "VERIFY.md": guide(key.public.fingerprint),
        "verify.sh": script(),
    }
    return tags if authority is None else tags | {"tsa-chain.pem": authority.chain}


def _sealed(files: Mapping[str, bytes], key: SigningKey, authority: Authority | None) -> Mapping[str, bytes]:
    """The files with the signature of their list, and the time stamp on that, or the request for one."""
    signature = key.sign(files[LIST], NAMESPACE).encode()
    sealed = dict(files) | {f"{LIST}.sig": signature, f"{LIST}.sig.tsq": request(signature)}
    if authority is None:
        return sealed
    try:
        return sealed | {f"{LIST}.sig.tsr": ask(authority.url, signature)}
    except StampError as fault:
        raise EvidenceError(f"{fault}; without --stamp the package is made, and has no trusted time") from fault
