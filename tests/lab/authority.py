"""A certificate authority for real servers: chains and keys as files, which is how they take them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=30)


class Authority:
    """An authority that was founded just now."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = self._signed(self._name, self._key.public_key(), x509.BasicConstraints(True, None))

    @property
    def roots(self) -> tuple[bytes, ...]:
        """What has to be trusted (DER)."""
        return (self._certificate.public_bytes(Encoding.DER),)

    def issue(self, file: Path, *names: str) -> Path:
        """Write key and chain of a server that goes by `names` into `file`, and return it."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        other_names = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        leaf = self._signed(subject, key.public_key(), other_names)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(pem + b"".join(each.public_bytes(Encoding.PEM) for each in (leaf, self._certificate)))
        return file

    def context(self, file: Path, *names: str) -> ssl.SSLContext:
        """A server's TLS context with a fresh certificate for `names`, kept in `file`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue(file, *names))
        return context

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )
