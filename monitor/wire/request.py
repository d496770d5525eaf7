"""Signed requests: HTTP Message Signatures (RFC 9421) with Ed25519, in exactly one shape.

Covered are the method, the path and the digest of the body (RFC 9530), with the moment, the key's fingerprint and a
nonce. The moment is told by the collector's clock: an agent whose own clock is wrong learns the difference from any
answer's Date and can deliver all the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from monitor.sshsig import PublicKey, SignatureError, SigningKey
from monitor.wire.errors import WireError

WINDOW = timedelta(minutes=5)
"""A request signed longer ago, or so far ahead, is refused with the code `clock`."""

_INPUT = re.compile(
    r'presscanary=\("@method" "@path" "content-digest"\);created=(\d{1,12});'
    r'keyid="(SHA256:[A-Za-z0-9+/]{43})";nonce="([A-Za-z0-9_-]{16,64})";alg="ed25519"',
    re.ASCII,
)
_SIGNATURE = re.compile(r"presscanary=:([A-Za-z0-9+/]{86}==):", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who says to have signed a request, and when; `check` tells whether it is true."""

    key: str
    """Fingerprint of the key."""
    created: int
    """Seconds since 1970, by the collector's clock."""
    nonce: str
    """A word that no other request of the key has; who remembers them for WINDOW sees a replay."""
    parameters: str
    signature: bytes
    digest: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Self:
        """What the headers say (names in any case); WireError with the code `signature` where they say nothing."""
        told = {name.lower(): value for name, value in headers.items()}
        which = _INPUT.fullmatch(told.get("signature-input", ""))
        bare = _SIGNATURE.fullmatch(told.get("signature", ""))
        digest = told.get("content-digest", "")
        if which is None or bare is None or not digest:
            raise WireError("the request is not signed as it should be", "signature")
        try:
            signature = base64.b64decode(bare[1], validate=True)
        except binascii.Error as fault:
            raise WireError("the request's signature is not base64", "signature") from fault
        return cls(
            key=which[2],
            created=int(which[1]),
            nonce=which[3],
            parameters=which[0].partition("=")[2],
            signature=signature,
            digest=digest,
        )

    def check(self, key: PublicKey, method: str, path: str, body: bytes, now: datetime) -> None:
        """Return where this key signed this very request within WINDOW of `now`; WireError says why not."""
        if key.fingerprint != self.key or self.digest != digest(body):
            raise WireError("the request's signature is not this key's, or not of this body", "signature")
        try:
            key.check_bare(self.signature, _base(method, path, self.digest, self.parameters))
        except SignatureError as fault:
            raise WireError("the request is not the one that was signed", "signature") from fault
        if abs(now.timestamp() - self.created) > WINDOW.total_seconds():
            raise WireError("the request was signed at another time", "clock")


def sign(key: SigningKey, method: str, path: str, body: bytes, *, now: datetime, nonce: str) -> dict[str, str]:
    """The headers of a signed request; `now` is by the collector's clock.

    >>> from datetime import UTC
    >>> key, now = SigningKey.generate(), datetime(2026, 11, 24, tzinfo=UTC)
    >>> headers = sign(key, "POST", "/agent/v1/batches", b"abc", now=now, nonce="n" * 22)
    >>> Signed.read(headers).check(key.public, "POST", "/agent/v1/batches", b"abc", now)
    """
    parameters = (
        f'("@method" "@path" "content-digest");created={int(now.timestamp())};'
        f'keyid="{key.public.fingerprint}";nonce="{nonce}";alg="ed25519"'
    )
    hashed = digest(body)
    signature = key.sign_bare(_base(method, path, hashed, parameters))
    return {
        "Content-Digest": hashed,
        "Signature-Input": f"presscanary={parameters}",
        "Signature": f"presscanary=:{base64.b64encode(signature).decode()}:",
    }


def digest(body: bytes) -> str:
    """The Content-Digest of a body (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _base(method: str, path: str, hashed: str, parameters: str) -> bytes:
    """The bytes that are signed (RFC 9421 §2.5)."""
    lines = (
        f'"@method": {method.upper()}',
        f'"@path": {path}',
        f'"content-digest": {hashed}',
        f'"@signature-params": {parameters}',
    )
    return "\n".join(lines).encode()
