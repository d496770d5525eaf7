"""Letters: a document and the signature of its canonical form, so that whoever holds both needs nobody's word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from monitor.sshsig import PublicKey, SignatureError, SigningKey
from monitor.wire.errors import WireError
from probes.document import DocumentError, canonical, document, record_from

LONGEST = 4 * 1024 * 1024
"""Bytes of a letter: a plan of thousands of targets is well below."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A document with its signature, which says what it is for by its namespace (`monitor.sshsig`)."""

    document: Mapping[str, Any]
    signature: str

    @classmethod
    def sign(cls, record: Any, key: SigningKey, namespace: str) -> Self:
        """The letter that tells a record, signed for a namespace."""
        told = document(record)
        return cls(document=told, signature=key.sign(canonical(told), namespace))

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """The letter in some bytes, its signature not checked yet; WireError for anything else."""
        told = parsed(raw, LONGEST)
        if set(told) != {"document", "signature"}:
            raise WireError("a letter has the keys document and signature")
        if not isinstance(told["document"], dict) or not isinstance(told["signature"], str):
            raise WireError("a letter is an object and the text of its signature")
        return cls(document=told["document"], signature=told["signature"])

    @property
    def content(self) -> bytes:
        """The letter as it is sent and kept: one line of canonical JSON."""
        return canonical({"document": self.document, "signature": self.signature})

    @property
    def sha256(self) -> str:
        """The hash by which others name the document (hex)."""
        return hashlib.sha256(canonical(self.document)).hexdigest()

    def opened(self, kind: type[T], key: PublicKey, namespace: str) -> T:
        """The record that the letter tells; WireError where this key did not sign it for this namespace."""
        try:
            key.check(self.signature, canonical(self.document), namespace)
        except (SignatureError, ValueError) as fault:
            raise WireError(str(fault), "signature") from fault
        return as_read(kind, self.document)


def as_read(kind: type[T], told: Any) -> T:
    """The record that a document describes; WireError names the place where it does not fit."""
    try:
        made = record_from(kind, told)
    except (DocumentError, RecursionError) as fault:
        raise WireError(f"{kind.__name__}: {_unquoted(str(fault))}") from fault
    assert isinstance(made, kind)
    return made


def _unquoted(said: str) -> str:
    """What a fault says without what was found: neither a stranger's values, nor names that a stranger gave to keys.

    >>> _unquoted("$.a: expected str, found '<b>'"), _unquoted("$: expected no key '<b>', found {}")
    ('$.a: expected str', '$: expected no other key')
    """
    place, _, expected = said.partition(", found")[0].partition(": ")
    plain = "".join(each for each in place if each.isascii() and (each.isalnum() or each in "$._[]"))[:80]
    return f"{plain}: {'expected no other key' if expected.startswith('expected no key') else expected}"


def parsed(raw: bytes, longest: int) -> dict[str, Any]:
    """The JSON object in some bytes; WireError for anything else, or for more bytes than `longest`."""
    if len(raw) > longest:
        raise WireError(f"this is longer than {longest} bytes", "too_large")
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise WireError("this is no JSON") from fault
    if not isinstance(told, dict):
        raise WireError("this is no JSON object")
    return told
