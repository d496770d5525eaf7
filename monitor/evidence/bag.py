"""The bag around a package: BagIt 1.0 (RFC 8493) with SHA-256, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
UNLISTED = frozenset({"tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig", "tagmanifest-sha256.txt.sig.tsq"})
"""Tag files that no manifest can list: the list itself, its signature, and what is made from that."""
STAMP = "tagmanifest-sha256.txt.sig.tsr"


def manifest(files: Mapping[str, bytes]) -> bytes:
    """The lines that `sha256sum -c` reads, by name.

    >>> manifest({"data/a": b""}).decode()[-9:]
    '  data/a\\n'
    """
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def bagged(payload: Mapping[str, bytes], tags: Mapping[str, bytes], info: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a bag: the payload under data/, the tag files beside it, and both manifests."""
    files = {f"data/{name}": content for name, content in payload.items()}
    size = sum(map(len, files.values()))
    lines = [f"{name}: {value}" for name, value in {**info, "Payload-Oxum": f"{size}.{len(files)}"}.items()]
    beside = {
        **tags,
        "bagit.txt": DECLARATION,
        "bag-info.txt": "\n".join([*lines, ""]).encode(),
        "manifest-sha256.txt": manifest(files),
    }
    return files | beside | {"tagmanifest-sha256.txt": manifest(beside)}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a bag's files into a new folder, for their owner alone; FileExistsError where there is one."""
    folder.mkdir(mode=0o700, parents=True)
    for name in sorted(files):
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700 if name.endswith(".sh") else 0o600
        )
        with os.fdopen(handle, "wb") as file:
            file.write(files[name])


def read(folder: Path) -> dict[str, bytes]:
    """Every file under a folder by its name in it; a link is taken for what it is, not for what it leads to."""
    found: dict[str, bytes] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            told = path.relative_to(folder).as_posix()
            found[told] = b"link to " + os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    return found


def faults(files: Mapping[str, bytes]) -> list[str]:
    """What does not fit between a bag's files and its manifests, each file named."""
    said: list[str] = []
    tags = {name for name in files if not name.startswith("data/")}
    for name, wanted in (
        ("tagmanifest-sha256.txt", tags - UNLISTED - {STAMP}),
        ("manifest-sha256.txt", files.keys() - tags),
    ):
        if name not in files:
            said.append(f"{name} is missing")
            continue
        listed, bad = _listed(files[name])
        said += [f"{name}: line {number} is no line of a manifest" for number in bad]
        said += [f"{other} is listed and missing" for other in sorted(listed.keys() - files.keys())]
        said += [f"{other} is not listed: it was added" for other in sorted(wanted - listed.keys())]
        said += [
            f"{other} was changed"
            for other in sorted(listed.keys() & files.keys())
            if hashlib.sha256(files[other]).hexdigest() != listed[other]
        ]
    return said


def _listed(content: bytes) -> tuple[dict[str, str], list[int]]:
    listed, bad = {}, []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        digest, parted, name = line.partition("  ")
        if len(digest) != 64 or not parted or not name or name.startswith("/") or ".." in name.split("/"):
            bad.append(number)
        else:
            listed[name] = digest
    return listed, bad
