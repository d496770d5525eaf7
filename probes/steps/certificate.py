"""Would a browser trust this chain for this name? Judged after the handshake, from what the peer presented.

Go's order (which OONI's words come from): first the leaf's dates, then its name, then its issuer, so that an expired
certificate of an unknown issuer is called expired everywhere. The library's own profile is stricter than browsers: it
wants an authority key identifier, an uncritical subjectAltName, no CA flag on a leaf, key identifiers on every CA.
Those are style, so they are not asked for here; what a browser does insist on stays: basicConstraints CA, key usage and
extended key usage where they are given, path length, name constraints, signatures, dates, no unknown critical
extension.

Two differences from browsers remain: a missing intermediate is not fetched (Chrome follows AIA; then the issuer is
`ssl_unknown_authority` from every vantage point alike), and revocation is not looked up.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from probes.failure import NamedError

INVALID = "ssl_invalid_certificate"
WRONG_NAME = "ssl_invalid_hostname"
UNKNOWN_ISSUER = "ssl_unknown_authority"
_REMEMBERED = 4096
_LONGEST_CHAIN = 16
UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


def check(chain: tuple[bytes, ...], name: str, roots: tuple[bytes, ...], moment: datetime) -> None:
    """Return where `chain` (DER, leaf first) is good for `name` at `moment`; NamedError says what is wrong with it.

    `name` is a host name in its ASCII form or an IP address; `roots` are DER certificates; `moment` is aware.
    """
    _trust(roots).check(chain[:_LONGEST_CHAIN], name, moment)


def check_pin(chain: tuple[bytes, ...], pin: str) -> None:
    """Return where the leaf has the public key that `pin` is of, whatever names it carries; NamedError else."""
    try:
        same = bool(chain) and pin_of(chain[0]) == pin.lower()
    except UNREADABLE as error:
        raise NamedError(INVALID, "not a readable certificate") from error
    if not same:
        raise NamedError(INVALID, "another public key than the pinned one")


def pin_of(der: bytes) -> str:
    """SHA-256 (hex) of a certificate's public key (SubjectPublicKeyInfo, RFC 7469 §2.4); one of `UNREADABLE` else."""
    key = load(der).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).hexdigest()


def load(der: bytes) -> x509.Certificate:
    """A certificate from DER; one of `UNREADABLE` where it is none. What is merely odd in it is no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(der)


def describe(der: bytes) -> str:
    """Whose certificate it is and who issued it, for people."""
    try:
        leaf = load(der)
        return f"{leaf.subject.rfc4514_string()}; issued by {leaf.issuer.rfc4514_string()}"
    except UNREADABLE:
        return "something that is no certificate"


class _Trust:
    """One set of roots, and what was already verified against it: each chain and name with the span it holds for."""

    def __init__(self, roots: tuple[bytes, ...]) -> None:
        self._roots = frozenset(roots)
        readable = [each for each in map(_root, roots) if each is not None]
        self._store = verification.Store(readable) if readable else None
        self._good: dict[bytes, tuple[datetime, datetime]] = {}

    def check(self, chain: tuple[bytes, ...], name: str, moment: datetime) -> None:
        key = hashlib.sha256(b"\0".join((name.encode(), *chain))).digest()
        since, until = self._good.get(key, (moment, moment))
        if since < moment < until:
            return
        span = self._verified(chain, name, moment)
        if len(self._good) >= _REMEMBERED:
            self._good.clear()
        self._good[key] = span

    def _verified(self, chain: tuple[bytes, ...], name: str, moment: datetime) -> tuple[datetime, datetime]:
        try:
            leaf, *others = map(load, chain)
            _check_dates(leaf, moment)
            _check_name(leaf, name)
        except UNREADABLE as error:
            raise NamedError(INVALID, "not a readable certificate") from error
        if chain[0] in self._roots:
            return _span((leaf,))
        return _span(self._path(leaf, others, name, moment))

    def _path(
        self, leaf: x509.Certificate, others: list[x509.Certificate], name: str, moment: datetime
    ) -> list[x509.Certificate]:
        if self._store is None:
            raise NamedError(UNKNOWN_ISSUER, "no trusted roots are configured")
        builder = verification.PolicyBuilder().store(self._store).time(moment)
        policy = builder.extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
        try:
            return policy.build_server_verifier(_subject(name)).verify(leaf, others)
        except verification.VerificationError as error:
            raise _refusal(leaf, others, moment) from error
        except ValueError as error:
            raise NamedError(WRONG_NAME, "no certificate can name this host") from error


def _root(der: bytes) -> x509.Certificate | None:
    """A root that the library cannot read is one that nobody is vouched for by."""
    try:
        return load(der)
    except UNREADABLE:
        return None


@lru_cache(maxsize=8)
def _trust(roots: tuple[bytes, ...]) -> _Trust:
    return _Trust(roots)


def _refusal(leaf: x509.Certificate, others: Iterable[x509.Certificate], moment: datetime) -> NamedError:
    """What a chain that led to no root is called; the verifier's own text is not meant for programs."""
    if not _serves(_usages(leaf)):
        return NamedError(INVALID, "certificate is not for servers")
    if leaf.issuer == leaf.subject:
        return NamedError(UNKNOWN_ISSUER, "self-signed certificate")
    if any(not _holds(each, moment) for each in others):
        return NamedError(INVALID, "certificate of an issuer has expired or is not valid yet")
    return NamedError(UNKNOWN_ISSUER, "unable to get issuer certificate")


def _check_dates(leaf: x509.Certificate, moment: datetime) -> None:
    if moment > leaf.not_valid_after_utc:
        raise NamedError(INVALID, f"certificate has expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if moment < leaf.not_valid_before_utc:
        raise NamedError(INVALID, f"certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}")


def _check_name(leaf: x509.Certificate, name: str) -> None:
    """Only the subjectAltName counts (RFC 9525 §6.3); the common name has been ignored by browsers since 2017."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise NamedError(WRONG_NAME, "certificate names no host") from error
    subject = _subject(name)
    if isinstance(subject, x509.IPAddress):
        fits = subject.value in names.get_values_for_type(x509.IPAddress)
    else:
        fits = any(covers(pattern, name) for pattern in names.get_values_for_type(x509.DNSName))
    if not fits:
        raise NamedError(WRONG_NAME, "certificate is for another name")


def covers(pattern: str, name: str) -> bool:
    """Whether a name of a certificate stands for `name`: the same, or `*` as its whole first label (RFC 9525 §6.3).

    >>> covers("*.example.org", "www.example.org"), covers("*.example.org", "a.b.example.org"), covers("*", "org")
    (True, False, False)
    """
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if not pattern.startswith("*."):
        return pattern == name
    return "." in pattern[2:] and name.partition(".")[2] == pattern[2:]


def _subject(name: str) -> x509.IPAddress | x509.DNSName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        # The verifier takes no underscore, browsers do; only a wildcard can stand for such a name: any letter fits it.
        return x509.DNSName(name.rstrip(".").replace("_", "x"))


def _holds(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _span(path: Iterable[x509.Certificate]) -> tuple[datetime, datetime]:
    certificates = tuple(path)
    return max(each.not_valid_before_utc for each in certificates), min(
        each.not_valid_after_utc for each in certificates
    )


def _usages(certificate: x509.Certificate) -> x509.ExtendedKeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return None


def _serves(usages: x509.ExtendedKeyUsage | None) -> bool:
    return usages is None or not {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }.isdisjoint(usages)


def _must_serve(_: verification.Policy, __: x509.Certificate, usages: x509.ExtendedKeyUsage | None) -> None:
    if not _serves(usages):
        raise ValueError("not for servers")


def _must_be_ca(_: verification.Policy, __: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("not a certificate authority")


def _must_sign(_: verification.Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("not for signing certificates")


_EITHER = verification.Criticality.AGNOSTIC
_LEAF_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.SubjectAlternativeName, _EITHER, None)
    .may_be_present(x509.ExtendedKeyUsage, _EITHER, _must_serve)
)
_CA_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, _EITHER, _must_be_ca)
    .may_be_present(x509.KeyUsage, _EITHER, _must_sign)
    .may_be_present(x509.ExtendedKeyUsage, _EITHER, _must_serve)
)
