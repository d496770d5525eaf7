"""A file that grows: one JSON document per line, for tests, demos, and programs that follow a file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.alert.channels import Answer, Delivered, Later, Letter
from monitor.alert.outside import Outside
from monitor.alert.settings import Address
from probes.document import document, rfc3339


@dataclass(frozen=True, slots=True)
class _File:
    """Appends, once for each key: what the file holds already is not written again."""

    name: str = "file"
    once: bool = True

    def mistake(self, address: Address) -> str | None:
        """A path is all that it takes."""
        return None if address.to and "\0" not in address.to else "`to` is the path of a file"

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Append the letter, on disk when this returns; Later where the disk refuses."""
        path = outside.path(letter.address.to)
        line = json.dumps(written(letter), ensure_ascii=False).encode() + b"\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _append(path, line, letter.key)
        except OSError as fault:
            return Later(why=f"the file could not be written: {fault.strerror}")
        return Delivered(receipt=letter.key)


def written(letter: Letter) -> dict[str, Any]:
    """A letter as the file keeps it."""
    return {
        "key": letter.key,
        "written": rfc3339(letter.written),
        "form": letter.form.value,
        "quiet": letter.quiet,
        "subject": letter.subject,
        "short": letter.short,
        "text": letter.long,
        "earlier": list(letter.earlier),
        "alerts": document(letter.alerts),
    }


def _append(path: Path, line: bytes, key: str) -> None:
    """Append unless the key is there; what a crash left of a line is cut off first."""
    with path.open("a+b") as file:
        file.seek(0)
        held = file.read()
        whole = held[: held.rfind(b"\n") + 1]
        if len(whole) < len(held):
            file.truncate(len(whole))
        if f'"key": "{key}"'.encode() not in whole:
            file.write(line)
        file.flush()
        os.fsync(file.fileno())


CHANNEL = _File()
