"""What a certificate says of itself, read from its DER bytes; what cannot be read is None, never an exception."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """The few facts of a leaf certificate that verdicts and rows need."""

    fingerprint: str
    """SHA-256 (hex) of the DER bytes."""
    expiry: datetime | None
    self_signed: bool | None
    """True where issuer and subject are the same name."""


@lru_cache(maxsize=1024)
def read_leaf(der: bytes) -> Leaf:
    """The facts of one certificate; bytes that are no certificate have a fingerprint and nothing else.

    >>> read_leaf(b"not a certificate").expiry is None
    True
    """
    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        with warnings.catch_warnings():
            # Strangers' certificates break rules (negative serials and the like); that they do is no news to report.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            certificate = x509.load_der_x509_certificate(der)
            expiry, self_signed = certificate.not_valid_after_utc, certificate.issuer == certificate.subject
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion):
        return Leaf(fingerprint=fingerprint, expiry=None, self_signed=None)
    return Leaf(fingerprint=fingerprint, expiry=expiry, self_signed=self_signed)
