"""Stores that earlier versions made are opened, brought up to date, and say what they said then."""

from __future__ import annotations

import json
import lzma
import tarfile
from pathlib import Path

import pytest

from monitor.store import StoreOlder, open_store, schema
from probes.document import document

DATA = Path(__file__).with_name("data")
RENAMED = {"withdrawn": "retracted"}
"""Fields that have another name now; the old one is still read (`formerly`)."""
MADE = sorted(path.name.removesuffix(".tar.xz") for path in DATA.glob("version-*.tar.xz"))


@pytest.fixture(params=MADE)
def kept(request, tmp_path):
    """A store that an earlier version made, and what it answered then."""
    with tarfile.open(DATA / f"{request.param}.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    return tmp_path / request.param, json.loads(lzma.decompress((DATA / f"{request.param}.json.xz").read_bytes()))


def within(said, now):
    """Whether everything that was said then is said now; fields that came since may stand beside it."""
    if said == {}:
        return bool(now == {})
    if isinstance(said, dict):
        names = {key: key if key in now else RENAMED.get(key, key) for key in said} if isinstance(now, dict) else {}
        return bool(names) and all(names[key] in now and within(said[key], now[names[key]]) for key in said)
    if isinstance(said, list):
        return isinstance(now, list) and len(said) == len(now) and all(map(within, said, now))
    return bool(said == now)


def test_an_old_store_is_migrated_and_whole(kept):
    """A writer brings it up to date; every outcome, count, event, cell and document is what it was."""
    folder, said = kept
    with open_store(folder) as store:
        now = {
            "outcomes": store.outcomes(),
            "latest": store.latest(),
            "days": store.days(),
            "cells": store.cells(),
            "events": store.events(),
            "revisions": store.revisions("ev-1"),
            "health": store.health(),
            "counts": {name: count for name, count in store.counts().items() if name in said["counts"]},
            "documents": {key: store.document(key) for key in said["documents"]},
        }
    assert said.pop("made_by")
    differing = [name for name, value in said.items() if not within(value, document(now[name]))]
    assert not differing


def test_whoever_reads_an_old_store_is_told_what_to_do(kept):
    """A reader cannot migrate: it names the command that can, and changes nothing."""
    folder, _ = kept
    before = (folder / "store.db").read_bytes()
    with pytest.raises(StoreOlder, match=rf"version \d, this one needs {len(schema.shipped())}.*store migrate"):
        open_store(folder, read_only=True)
    assert (folder / "store.db").read_bytes() == before
