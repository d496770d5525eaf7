"""What the echo server shows in TLS: one certificate for every name, and the pin by which probes know its key."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from probes.steps.certificate import pin_of

_NAME = "localhost"
"""In a self-made certificate: what half of the internet's test servers carry."""
_LIFE = timedelta(days=3650)
_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A server's TLS context and the pin of its key (SHA-256 of the SubjectPublicKeyInfo, hex)."""

    context: ssl.SSLContext = field(repr=False)
    pin: str
    pem: bytes = field(repr=False)
    """Key and chain, which QUIC takes by another way than TLS does."""


def identity(file: Path | None, now: datetime) -> Identity:
    """The identity in a PEM file (key and chain); where it does not exist yet, a self-made one is put there.

    Without a file the identity is a new one at every start. OSError and ValueError say that the file is of no use.
    """
    if file is None:
        return _from_pem(self_made(now))
    if not file.exists():
        _write(file, self_made(now))
    return _from_file(file)


def self_made(now: datetime) -> bytes:
    """A new key and a certificate that it signed itself, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return plain + certificate.public_bytes(Encoding.PEM)


def _write(file: Path, pem: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(pem)


def _from_pem(pem: bytes) -> Identity:
    with tempfile.TemporaryDirectory(prefix="presscanary-echo-") as folder:  # `ssl` reads certificates from files only
        file = Path(folder) / "echo.pem"
        _write(file, pem)
        return _from_file(file)


def _from_file(file: Path) -> Identity:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.num_tickets = 0
    try:
        context.load_cert_chain(file)
        text = file.read_text(encoding="ascii")
        first = _BEGIN + text.partition(_BEGIN)[2].partition(_END)[0] + _END
        return Identity(context=context, pin=pin_of(ssl.PEM_cert_to_DER_cert(first)), pem=text.encode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as fault:
        raise ValueError(f"{file}: not a PEM file with a private key and its certificate") from fault
