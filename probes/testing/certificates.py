"""Certificates of a lab: one authority that its networks trust, others that nobody does, and leaves of every kind."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probes.testing.internet import Certificate

WRONG_HOST = "another-site.example"
"""The only name in a certificate of the kind `wrong_host`."""

_ALPN = ("h2", "http/1.1")
_AUTHORITY_LIFE = timedelta(days=3650)
_LEAF_LIFE = timedelta(days=90)
_GIANT = 5500
"""Further names in a certificate of the kind `giant`; with them it is longer than OpenSSL takes (100 KiB)."""
_LONGEST_NAME = 64  # a common name's upper bound, RFC 5280 appendix A.1 (ub-common-name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate authority: its own certificate, and the key that signs."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """The certificate, DER."""
        return self.certificate.public_bytes(Encoding.DER)


class Certificates:
    """All certificates that one lab needs, made when they are first asked for and kept in `folder`."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[tuple[str, tuple[str, ...]], ssl.SSLContext] = {}
        self._files: dict[ssl.SSLContext, Path] = {}
        self.trusted = _authority("Press Canary lab root", now)
        self._untrusted = _authority("An authority that nobody trusts", now)
        self._censor = _authority("A filter's own authority", now)

    def context(self, kind: Certificate, names: tuple[str, ...]) -> ssl.SSLContext:
        """A server's TLS context with a certificate of that kind for `names`."""
        issuer = {"unknown_authority": self._untrusted, "self_signed": None}.get(kind, self.trusted)
        end = self._now - timedelta(days=30) if kind == "expired" else self._now + _LEAF_LIFE
        if kind == "giant":
            names += tuple(f"{number:05}.{names[0]}" for number in range(_GIANT))
        return self._context(kind, (WRONG_HOST,) if kind == "wrong_host" else names, issuer, end)

    def pem(self, kind: Certificate, names: tuple[str, ...]) -> bytes:
        """The same certificate with its key and chain, as QUIC takes it."""
        return self._files[self.context(kind, names)].read_bytes()

    def intercepting(self, name: str, kind: Certificate | None = None) -> ssl.SSLContext:
        """The TLS context of a censor who answers for `name`, by default with a certificate of its own authority."""
        if kind is not None:
            return self.context(kind, (name,))
        return self._context("intercepting", (name,), self._censor, self._now + _LEAF_LIFE)

    def _context(self, kind: str, names: tuple[str, ...], issuer: Authority | None, end: datetime) -> ssl.SSLContext:
        made = self._contexts.get((kind, names))
        if made is None:
            leaf = _leaf(names, self._key, issuer, end)
            made = self._contexts[kind, names] = self._server_context([leaf] + ([issuer.certificate] if issuer else []))
        return made

    def _server_context(self, chain: list[x509.Certificate]) -> ssl.SSLContext:
        """A context with a chain; `ssl` takes certificates from files only."""
        file = self._folder / f"{len(self._contexts)}.pem"
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(key + b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(_ALPN)
        context.load_cert_chain(file)
        self._files[context] = file
        return context


def _authority(name: str, now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name)
    builder = _builder(subject, subject, key.public_key(), now - _AUTHORITY_LIFE, now + _AUTHORITY_LIFE)
    usage = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return Authority(certificate=builder.sign(key, hashes.SHA256()), key=key)


def _leaf(
    names: tuple[str, ...], key: ec.EllipticCurvePrivateKey, issuer: Authority | None, end: datetime
) -> x509.Certificate:
    """A server's certificate; self-signed where there is no issuer."""
    subject = _subject(names[0])
    builder = _builder(
        subject, issuer.certificate.subject if issuer else subject, key.public_key(), end - 4 * _LEAF_LIFE, end
    )
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    signer = issuer.key if issuer else key
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    return builder.sign(signer, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_NAME])])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
