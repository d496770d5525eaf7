"""Checking a package: its files, signature and log, and whether the conclusions come out of the facts again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from monitor.evidence import bag, tables
from monitor.evidence.build import LIST, NAMESPACE
from monitor.evidence.method import settings_from
from monitor.evidence.replay import differences, redetect, rejudge
from monitor.evidence.slice import Slice
from monitor.evidence.stamp import granted, request
from monitor.log import Consistency, Head, Inclusion, LogDamaged
from monitor.model import BlockingEvent, Cell, Finding, Outcome
from monitor.sshsig import PublicKey, SignatureError
from probes.document import DocumentError, document, moment, record_from

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was checked, and every fault by name; a package without faults is what was signed."""

    event: str
    key: str
    checked: tuple[str, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    """What could not be checked here, or was said by the package itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bag:
    files: Mapping[str, bytes]
    fingerprint: str | None


def verify(folder: Path, fingerprint: str | None = None) -> Verification:
    """Check the package in a folder; `fingerprint` is that of the key that it should be signed with, if one is known.

    Whatever the folder holds, the answer is a Verification; OSError where it cannot be read.
    """
    given = _Bag(files=bag.read(folder), fingerprint=fingerprint)
    checked, faults, notes = [], [], []
    for name, check in _CHECKS.items():
        try:
            found = list(check(given))
        except (KeyError, ValueError, TypeError, IndexError, LogDamaged, RecursionError) as fault:
            found = [f"{name} could not be checked: {type(fault).__name__}: {fault}"]
        checked.append(name)
        faults += [one for one in found if not one.startswith(_NOTE)]
        notes += [one.removeprefix(_NOTE) for one in found if one.startswith(_NOTE)]
    return Verification(
        event=_event_id(given), key=_key_of(given), checked=tuple(checked), faults=tuple(faults), notes=tuple(notes)
    )


_NOTE = "note: "


def _files(given: _Bag) -> Iterator[str]:
    yield from bag.faults(given.files)
    for name in ("bagit.txt", "VERIFY.md", "verify.sh", "allowed_signers", f"{LIST}.sig"):
        if name not in given.files:
            yield f"{name} is missing"


def _signature(given: _Bag) -> Iterator[str]:
    key = PublicKey.read(_signer(given))
    try:
        key.check(given.files[f"{LIST}.sig"].decode(), given.files[LIST], NAMESPACE)
    except SignatureError as fault:
        yield f"{LIST}.sig: {fault}"
    if given.fingerprint is None:
        yield f"{_NOTE}the key {key.fingerprint} came with the package: compare it with one published elsewhere"
    elif given.fingerprint != key.fingerprint:
        yield f"the package is signed with the key {key.fingerprint}, not with {given.fingerprint}"


def _time(given: _Bag) -> Iterator[str]:
    signature, answer = given.files[f"{LIST}.sig"], given.files.get(bag.STAMP)
    if given.files.get(f"{LIST}.sig.tsq", request(signature)) != request(signature):
        yield f"{LIST}.sig.tsq is not the request for this signature"
    if answer is None:
        yield f"{_NOTE}no trusted time: nobody has stamped this package"
    elif not granted(answer) or hashlib.sha256(signature).digest() not in answer:
        yield f"{bag.STAMP} is no time stamp on this signature"
    else:
        yield f"{_NOTE}the time stamp's own signature is checked by `openssl ts -verify` (verify.sh does)"


def _documents(given: _Bag) -> Iterator[str]:
    """Ids are hashes, so a changed line has another one; the order within a day is that of time."""
    known = {row["measurement"] for row in _lines(given, "series.jsonl")}
    known |= {row["measurement"] for row in _lines(given, "findings.jsonl")}
    for name in sorted(given.files):
        if not name.startswith(("data/measurements/", "data/controls/", "data/confirmations/")):
            continue
        rows = given.files[name].splitlines()
        order = [(json.loads(row)["started"], _id(row)) for row in rows]
        if order != sorted(order):
            yield f"{name}: the rows are not in the order of time"
        yield from (
            f"{name}: row {number} is no row of series or findings"
            for number, (_, one) in enumerate(order, 1)
            if one not in known
        )


def _tables(given: _Bag) -> Iterator[str]:
    """The tables for people say what the exact ones say."""
    facts = _slice(given)
    expected = {
        "series.csv": tables.series(facts),
        "cells.csv": tables.cells(facts),
        "events.csv": tables.events(facts.revisions),
    }
    yield from (
        f"data/{name} does not say what series.jsonl says"
        for name, content in expected.items()
        if given.files.get(f"data/{name}") != content
    )
    newest = max(facts.revisions, key=lambda one: one.revision, default=facts.event)
    if newest != facts.event:
        yield "data/event.json is not the newest revision of revisions.jsonl"


def _log(given: _Bag) -> Iterator[str]:
    if "data/log/head.json" not in given.files:
        yield f"{_NOTE}there is no log: nothing shows that no measurement was taken out or put in later"
        return
    head = Head.read(given.files["data/log/head.json"].decode())
    key = PublicKey.read(given.files["data/log/key.pub"].decode())
    if key.fingerprint != _key_of(given):
        yield f"data/log/key.pub is the key {key.fingerprint}, not the one that signed the package"
    try:
        head.check(key)
    except LogDamaged as fault:
        yield f"data/log/head.json: {fault}"
    proofs = [record_from(Inclusion, row) for row in _lines(given, "log/inclusion.jsonl")]
    for proof in proofs:
        if (proof.size, proof.root) != (head.size, head.root) or not proof.holds:
            yield f"data/log/inclusion.jsonl: the proof of {proof.entry[:32]} does not hold under the head"
    yield from _proved(given, {proof.entry[:32] for proof in proofs})
    consistency = record_from(Consistency, json.loads(given.files["data/log/consistency.json"]))
    if (consistency.second, consistency.second_root) != (head.size, head.root) or not consistency.holds:
        yield "data/log/consistency.json does not hold under the head"


def _proved(given: _Bag, entries: set[str]) -> Iterator[str]:
    unproved = set(json.loads(given.files["data/log/unproved.json"]))
    there = _slice(given).documents.keys()
    yield from (f"measurement {name} has no proof of being in the log" for name in sorted(there - entries - unproved))
    yield from (f"the log's proof of {name} is for no document here" for name in sorted(entries - there))
    if unproved:
        yield f"{_NOTE}{len(unproved)} documents are not in the log, as the package says"


def _conclusions(given: _Bag) -> Iterator[str]:
    facts = _slice(given)
    told = json.loads(given.files["data/method/replay.json"])
    judgement, found = rejudge(facts), redetect(facts)
    for name in sorted(set(told["verdicts"]["same"]) - set(judgement.same)):
        yield f"the verdict of {name} does not come out of its facts again"
    if document(judgement) != told["verdicts"]:
        yield "judged again, the verdicts are not those of data/method/replay.json"
    if document(found) != told["event"]:
        yield "the detector does not find the event of data/method/replay.json in these facts"
    if differing := differences(facts.event, found):
        said = list(differing) == told["differences"]
        yield f"{_NOTE if said else ''}the event in these facts is not quite the stored one: {'; '.join(differing)}"
    if not facts.event.retracted and found is None:
        yield "the detector finds no event in these facts"


_CHECKS: Mapping[str, Callable[[_Bag], Iterator[str]]] = {
    "files against their lists": _files,
    "signature": _signature,
    "time": _time,
    "documents": _documents,
    "tables": _tables,
    "log": _log,
    "conclusions": _conclusions,
}


def _slice(given: _Bag) -> Slice:
    files = given.files
    told = json.loads(files["data/slice.json"])
    settings = settings_from(
        json.loads(files["data/method/settings.json"]), json.loads(files["data/method/fingerprints.json"])
    )
    names = [
        name
        for name in sorted(files)
        if name.startswith(("data/measurements/", "data/controls/", "data/confirmations/"))
    ]
    rows = [row for name in names for row in files[name].splitlines()]
    return Slice(
        event=record_from(BlockingEvent, json.loads(files["data/event.json"])),
        revisions=_records(given, "revisions.jsonl", BlockingEvent),
        since=moment(told["since"]),
        until=moment(told["until"]),
        outcomes=_records(given, "series.jsonl", Outcome),
        findings=_records(given, "findings.jsonl", Finding),
        cells=_records(given, "imported.jsonl", Cell),
        documents={_id(row): row for row in rows},
        missing=tuple(told["missing"]),
        settings=settings,
        whole=bool(told["whole"]),
    )


def _records(given: _Bag, name: str, kind: type[T]) -> tuple[T, ...]:
    try:
        return tuple(record_from(kind, row) for row in _lines(given, name))
    except DocumentError as fault:
        raise ValueError(f"data/{name}: {fault}") from fault


def _lines(given: _Bag, name: str) -> list[Any]:
    return [json.loads(row) for row in given.files[f"data/{name}"].splitlines()]


def _id(row: bytes) -> str:
    return hashlib.sha256(row).hexdigest()[:32]


def _signer(given: _Bag) -> str:
    return given.files["allowed_signers"].decode().partition(" ")[2]


def _key_of(given: _Bag) -> str:
    try:
        return PublicKey.read(_signer(given)).fingerprint
    except (SignatureError, KeyError, UnicodeDecodeError):
        return ""


def _event_id(given: _Bag) -> str:
    try:
        return str(json.loads(given.files["data/event.json"])["id"])
    except (KeyError, ValueError, TypeError):
        return ""
