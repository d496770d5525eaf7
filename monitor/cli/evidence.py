"""`presscanary evidence`: what proves one event, in a folder that a stranger can check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from monitor.cli.frame import FAULT, USAGE, CommandError, Place, err, load_settings, out, place, print_json
from monitor.cli.reading import reading
from monitor.config import Settings
from monitor.evidence import EvidenceError, Package, Slice, build, cut
from monitor.evidence.build import Authority, Site
from monitor.evidence.proofs import Proofs, prove
from monitor.evidence.replay import differences, redetect
from monitor.evidence.slice import MOST
from monitor.evidence.words import Language
from monitor.log import Log, LogBusy, LogError, open_reading, open_writing
from monitor.model import BlockingEvent
from monitor.pipeline import PipelineSettings, known_in
from monitor.pipeline.logged import enter, folder_of
from monitor.sshsig import SignatureError, SigningKey
from monitor.store import Store
from monitor.store.sqlite import SQLiteStore


def command(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The event's id (`presscanary events`).")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="A new folder for the package.")],
    *,
    language: Annotated[Language, typer.Option(help="Language of the report.")] = Language.EN,
    documents: Annotated[
        int, typer.Option(min=1, help="About so many documents of measurements; all results stand in the tables.")
    ] = MOST,
    stamp: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this time stamp authority (RFC 3161) for a time stamp.")
    ] = None,
    chain: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The authority's certificates (PEM); needed with --stamp.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the evidence package of an event: facts, proofs, report, and how to check them without us.

    The folder is a BagIt bag signed with the log's key; the same facts give the same bytes. With the extra `evidence`
    there are a PDF and the captured pages as WARC as well. Exit code 1: no such event, no room, the folder exists, the
    authority gives no time stamp. Exit code 2: wrong options.
    """
    if (stamp is None) != (chain is None):
        raise CommandError("--stamp and --chain belong together: whom to ask, and what checks the answer", USAGE)
    if output.exists():
        raise CommandError(f"{output} exists already: name another folder", FAULT)
    here, authority = place(context), _authority(stamp, chain)
    settings = load_settings(here.config)
    with reading(here.where) as store, err.status("gathering"):
        if store is None or not (revisions := store.revisions(event)):
            raise CommandError(f"there is no event {event!r}: `presscanary events` lists them", FAULT)
        facts = _facts(store, revisions[-1], settings, here, documents)
        proofs, key = _proofs(store, here.data_dir, facts)
    with err.status("writing"):
        try:
            site = Site(name=_name(settings, facts.event), zone=settings.timezone)
            made = build(facts, proofs, key, output, site=site, language=language, authority=authority)
        except EvidenceError as fault:
            raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json(made)
    else:
        _tell(made)


def _facts(store: Store, event: BlockingEvent, settings: Settings, here: Place, most: int) -> Slice:
    """The narrow slice, or the whole one where only that gives the same event again."""
    bursts = settings.experiments.only_repeats
    walk = PipelineSettings.for_interval(settings.schedule.interval, settings.detection, bursts=bursts)
    walk = replace(walk, fingerprints=known_in(here.where))
    narrow = cut(store, event, walk, claims=settings.documented, most=most)
    if not differences(event, redetect(narrow)):
        return narrow
    whole = cut(store, event, walk, claims=settings.documented, whole=True, most=most)
    return narrow if differences(event, redetect(whole)) else whole


def _proofs(store: Store, data_dir: Path, facts: Slice) -> tuple[Proofs, SigningKey]:
    """The log's proofs and key; a head is signed where none has all of it and no monitor is writing."""
    folder = folder_of(data_dir)
    try:
        try:
            with open_writing(folder) as log:
                if isinstance(store, SQLiteStore):
                    enter(store, log)
                return _proved(log, facts, ours=True), _key(folder)
        except LogBusy:
            with open_reading(folder) as log:
                return _proved(log, facts, ours=False), _key(folder)
    except LogError as fault:
        raise CommandError(str(fault), FAULT) from fault


def _proved(log: Log, facts: Slice, *, ours: bool) -> Proofs:
    found = prove(log, facts.documents)
    if ours and found.unproved and log.size:
        log.sign(datetime.now(UTC))
        found = prove(log, facts.documents)
    return found


def _key(folder: Path) -> SigningKey:
    try:
        return SigningKey.read((folder / "key").read_bytes())
    except (OSError, SignatureError) as fault:
        raise CommandError(
            f"the log's key {folder / 'key'} cannot be read, and nothing can be signed", FAULT
        ) from fault


def _authority(url: str | None, chain: Path | None) -> Authority | None:
    if url is None or chain is None:
        return None
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise CommandError(f"--stamp: expected an address such as https://tsa.example/, found {url!r}", USAGE)
    try:
        content = chain.read_bytes()
    except OSError as fault:
        raise CommandError(f"--chain: {chain} cannot be read: {fault.strerror}", USAGE) from fault
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise CommandError(f"--chain: {chain} holds no certificate (PEM)", USAGE)
    return Authority(url=url, chain=content)


def _name(settings: Settings, event: BlockingEvent) -> str:
    """The site's bare host name; the target's id where the configuration no longer has it."""
    target = settings.target(event.target)
    host = None if target is None or not target.urls else urlsplit(target.urls[0]).hostname
    return host or event.target


def _tell(made: Package) -> None:
    counts = f"{made.files} files, {made.documents} documents, {made.proved} of them proved by the log"
    again = "the same event" if made.reproduced else f"it not quite the same: {'; '.join(made.differences)}"
    for line in (
        f"{made.path}: {counts}.",
        f"From its facts alone the detector finds {again}.",
        f"Signed with {made.key}: publish that elsewhere.",
    ):
        out.print(line, markup=False, soft_wrap=True)
    if not made.trusted_time:
        err.print("No trusted time: --stamp asks an authority; the .tsq in the package can be sent to one later.")
    if not made.pdf:
        err.print("No PDF: pip install 'presscanary[evidence]' makes one.", markup=False)
