"""Raw documents in ClickHouse: text stays text, which SQL can read into, and anything else is base64."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.store.addresses import Address
from monitor.store.admission import Entry
from monitor.store.clickhouse.http import Row
from monitor.store.errors import StoreDamaged

CONTENT = "SELECT sha256, encoding, content FROM document WHERE"


def rows_of(entries: Iterable[Entry]) -> Iterator[Mapping[str, Any]]:
    """The rows of the documents of these entries, their own and the originals."""
    for entry in entries:
        yield row_of(entry.own_hash, entry.own, own=1)
        if entry.original is not None and entry.original_hash is not None:
            yield row_of(entry.original_hash, entry.original, own=0)


def row_of(sha256: bytes, content: bytes, *, own: int) -> Mapping[str, Any]:
    """The row of one document; `own` is 1 for a measurement's canonical document, 0 for an original."""
    try:
        given = {"encoding": "text", "content": content.decode()}
    except UnicodeDecodeError:
        given = {"encoding": "base64", "content": base64.b64encode(content).decode()}
    return {"sha256": sha256.hex(), "own": own} | given


def content_of(row: Row, place: Address) -> bytes:
    """The document that a row of `CONTENT` holds; StoreDamaged where it has another hash."""
    sha256, encoding, text = row
    content = base64.b64decode(text) if encoding == "base64" else str(text).encode()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StoreDamaged(f"the store at {place} is damaged (document {sha256}): restore a backup")
    return content


def is_hash(text: str) -> bool:
    """Whether a text is hexadecimal digits.

    >>> is_hash("c0ffee"), is_hash("no hash")
    (True, False)
    """
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return text.isascii()
