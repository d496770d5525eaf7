"""TLS for a probe on demand: the handshake, the judgement of the chain, and blackbox's samples of it."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from monitor.blackbox.modules import TLSConfig
from monitor.blackbox.probing import Probing
from probes.steps import certificate
from probes.steps.suite import iana
from probes.steps.tcp import Stream
from probes.steps.tls import SecureStream, secure

_NEVER = -62_135_596_800.0
"""Go's zero time as Unix time, which blackbox exports where the chain was not verified."""


async def wrap(probing: Probing, stream: Stream, host: str, config: TLSConfig, *, http: bool = False) -> SecureStream:
    """TLS over `stream`; OSError or NamedError where the handshake failed, or where the chain is not trusted.

    The server's name goes into the ClientHello and is what the chain must be good for.
    """
    name = config.server_name or host
    channel = await secure(stream, name)
    if not config.insecure_skip_verify:
        certificate.check(channel.chain, name, probing.network.roots, datetime.fromtimestamp(probing.now, UTC))
    _samples(probing, channel, verified=not config.insecure_skip_verify)
    if http:
        probing.set("probe_tls_cipher_info", 1, cipher=iana(channel.cipher))
    return channel


def _samples(probing: Probing, channel: SecureStream, *, verified: bool) -> None:
    chain = [certificate.load(der) for der in channel.chain]
    expiry = min(each.not_valid_after_utc.timestamp() for each in chain)
    probing.set("probe_ssl_earliest_cert_expiry", expiry)
    probing.set("probe_ssl_last_chain_expiry_timestamp_seconds", expiry if verified else _NEVER)
    for key in [key for key in probing.samples if key[0] in _ONE_ONLY]:
        del probing.samples[key]  # of a redirect's first connection
    probing.set("probe_tls_version_info", 1, version=channel.version.replace("TLSv", "TLS "))
    probing.set(
        "probe_ssl_last_chain_info",
        1,
        fingerprint_sha256=chain[0].fingerprint(hashes.SHA256()).hex(),
        subject=chain[0].subject.rfc4514_string(),
        issuer=chain[0].issuer.rfc4514_string(),
        subjectalternative=",".join(_names(chain[0])),
        serialnumber=f"{chain[0].serial_number:x}",
    )


_ONE_ONLY = ("probe_tls_version_info", "probe_ssl_last_chain_info", "probe_tls_cipher_info")


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *certificate.UNREADABLE):
        return []
    return found.get_values_for_type(x509.DNSName)
