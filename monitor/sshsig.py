"""Ed25519 signatures in the form that `ssh-keygen -Y verify` checks: what we sign, anybody can check with OpenSSH.

The form is OpenSSH's PROTOCOL.sshsig, version 1, with SHA-512. A namespace says what a signature is for, so that one
made for a tree head is none for an evidence package.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

_MAGIC = b"SSHSIG"
_VERSION = (1).to_bytes(4, "big")
_ALGORITHM = b"ssh-ed25519"
_HASH = b"sha512"
_FIRST, _LAST = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70


class SignatureError(ValueError):
    """A key that cannot be read, or a signature that is none, or of other bytes; the message says which."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checks signatures; `raw` are its 32 bytes."""

    raw: bytes

    @classmethod
    def read(cls, text: str) -> Self:
        """The key of a line `ssh-ed25519 AAAA… comment`; SignatureError for anything else."""
        with suppress(ValueError, UnsupportedAlgorithm):
            key = load_ssh_public_key(text.strip().encode())
            if isinstance(key, Ed25519PublicKey):
                return cls(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        raise SignatureError("this is no line with an ssh-ed25519 public key")

    @property
    def line(self) -> str:
        """The key as OpenSSH writes it, without a comment.

        >>> PublicKey(bytes(32)).line
        'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
        """
        return f"ssh-ed25519 {base64.b64encode(self._blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as OpenSSH shows it: what is printed in reports and published elsewhere.

        >>> PublicKey(bytes(32)).fingerprint
        'SHA256:kmYcvdi2GkPeWxB6XLjrZB8JHsy2Hm8luHMFp9GMvqk'
        """
        return "SHA256:" + base64.b64encode(hashlib.sha256(self._blob).digest()).decode().rstrip("=")

    @property
    def _blob(self) -> bytes:
        return _string(_ALGORITHM) + _string(self.raw)

    def check(self, armoured: str, message: bytes, namespace: str) -> None:
        """Return where `armoured` is this key's signature of a message for a namespace; SignatureError says why not."""
        blob = _unarmoured(armoured)
        if blob[:10] != _MAGIC + _VERSION:
            raise SignatureError("the signature is not of the form SSHSIG, version 1")
        key, space, reserved, algorithm, signature = _fields(blob[10:], 5)
        if key != self._blob:
            raise SignatureError(f"the signature was not made with the key {self.fingerprint}")
        if space != namespace.encode():
            raise SignatureError(f"the signature is not one for {namespace}")
        kind, bare = _fields(signature, 2)
        if kind != _ALGORITHM or reserved or algorithm not in (_HASH, b"sha256"):
            raise SignatureError("the signature is of a kind that is not used here")
        digest = hashlib.new(algorithm.decode(), message).digest()
        self.check_bare(bare, _MAGIC + _string(space) + _string(b"") + _string(algorithm) + _string(digest))

    def check_bare(self, signature: bytes, message: bytes) -> None:
        """Return where `signature` is this key's, without SSHSIG around it (as in RFC 9421); else SignatureError."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature as other:
            raise SignatureError("the signature is not one of these bytes: they were changed") from other


class SigningKey:
    """A key that signs. It is kept as OpenSSH keeps keys, without a passphrase: its file has to be private."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, content: bytes) -> Self:
        """The key of a private key file; SignatureError for another kind of key, a passphrase, or anything else."""
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            key = load_ssh_private_key(content, None)
            if isinstance(key, Ed25519PrivateKey):
                return cls(key)
        raise SignatureError("this is no file with an ssh-ed25519 private key without a passphrase")

    @property
    def content(self) -> bytes:
        """What its file holds (mode 0600)."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())

    def sign(self, message: bytes, namespace: str) -> str:
        """The armoured signature of a message for a namespace; the same message has the same signature (RFC 8032).

        >>> key = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
        >>> key.public.check(key.sign(b"hello", "test"), b"hello", "test")
        >>> key.public.check(key.sign(b"hello", "test"), b"hallo", "test")
        Traceback (most recent call last):
        ...
        monitor.sshsig.SignatureError: the signature is not one of these bytes: they were changed
        """
        digest = hashlib.sha512(message).digest()
        what = _string(namespace.encode()) + _string(b"") + _string(_HASH)
        bare = self.sign_bare(_MAGIC + what + _string(digest))
        signature = _string(_ALGORITHM) + _string(bare)
        blob = _MAGIC + _VERSION + _string(self.public._blob) + what + _string(signature)  # noqa: SLF001 - one file
        text = base64.b64encode(blob).decode()
        lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
        return "\n".join([_FIRST, *lines, _LAST, ""])

    def sign_bare(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature without SSHSIG around them. The message has to begin with something
        that says what it is for, and that no other use of the key begins with."""
        return self._key.sign(message)


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _fields(blob: bytes, number: int) -> list[bytes]:
    found = list(_strings(blob))
    if len(found) != number:
        raise SignatureError("the signature is cut off or has bytes too many")
    return found


def _strings(blob: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(blob):
        size = int.from_bytes(blob[at : at + 4], "big")
        if at + 4 + size > len(blob):
            raise SignatureError("the signature is cut off")
        yield blob[at + 4 : at + 4 + size]
        at += 4 + size


def _unarmoured(text: str) -> bytes:
    lines = text.strip().splitlines()
    if len(lines) < 3 or lines[0] != _FIRST or lines[-1] != _LAST:
        raise SignatureError(f"this is no signature: it does not begin with {_FIRST}")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as fault:
        raise SignatureError("the signature is not base64") from fault
