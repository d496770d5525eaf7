"""Small words for building measurements in tests: one site, kloop.kg, as a vantage point and its controls see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from probes.model import (
    Answer,
    Body,
    Datagram,
    DNSLookup,
    HTTPRoundTrip,
    Measurement,
    Role,
    Screened,
    Step,
    TCPConnect,
    TLSHandshake,
    VantagePoint,
)

NOON = datetime(2023, 9, 12, 12, 0, tzinfo=UTC)
NAME = "kloop.kg"
HTTPS = f"https://{NAME}/"
HTTP = f"http://{NAME}/"
SITE = "93.184.216.34"
SECOND = "93.184.217.9"
FORGED = "83.224.65.41"
V6 = "2a02:26f0::1"
HEADERS = (("Date", "now"), ("Content-Type", "text/html"), ("Content-Length", "9000"))


def measured(
    *steps: Step, url: str = HTTPS, vantage: str = "kg-1", country: str = "KG", **fields: object
) -> Measurement:
    """A measurement of the site from a vantage point in Kyrgyzstan."""
    made = Measurement(
        kind="website",
        kind_version="1",
        target="kloop",
        url=url,
        vantage=VantagePoint(id=vantage, country=country, network="AS64500"),
        started=NOON,
        duration=1.5,
        steps=steps,
    )
    return replace(made, **fields)


def control(number: int, *steps: Step, url: str = HTTPS, later: float = 0.0) -> Measurement:
    """What the control vantage point of that number measured, so many seconds after noon."""
    point = VantagePoint(id=f"control-{number}", country="DE", network=f"AS{number}", role=Role.CONTROL)
    return replace(measured(*steps, url=url), vantage=point, started=NOON + timedelta(seconds=later))


def three(*steps: Step, url: str = HTTPS) -> tuple[Measurement, ...]:
    """Three controls that saw the same."""
    return tuple(control(number, *steps, url=url) for number in (1, 2, 3))


def looked(
    found: str | Sequence[str],
    *,
    engine: str = "system",
    kind: str = "A",
    name: str = NAME,
    hop: int = 0,
    rcode: int | None = None,
    datagrams: Sequence[Datagram] = (),
) -> DNSLookup:
    """A lookup: a failure word, or the addresses that were answered."""
    failure = found if isinstance(found, str) else None
    addresses = () if isinstance(found, str) else tuple(found)
    return DNSLookup(
        hop=hop,
        engine=engine,
        resolver="" if engine == "system" else "9.9.9.9:53",
        name=name,
        query_type=kind,
        started=0.0,
        duration=0.02,
        failure=failure,
        rcode=rcode,
        answers=tuple(Answer(type="AAAA" if ":" in one else "A", value=one) for one in addresses),
        datagrams=tuple(datagrams),
    )


def datagram(*addresses: str, rcode: int = 0, ip_ttl: int | None = 60) -> Datagram:
    """One DNS answer as it arrived."""
    return Datagram(
        arrived=0.01,
        ip_ttl=ip_ttl,
        rcode=rcode,
        answers=tuple(Answer(type="A", value=address) for address in addresses),
    )


def screened(address: str, *, hop: int = 0) -> Screened:
    """An address that was not dialled."""
    return Screened(hop=hop, address=address, port=443, reason="private", started=0.1)


def connected(address: str = SITE, failure: str | None = None, *, port: int = 443, hop: int = 0) -> TCPConnect:
    """One connection attempt."""
    return TCPConnect(hop=hop, address=address, port=port, started=0.1, duration=0.03, failure=failure)


def shook(
    address: str = SITE,
    failure: str | None = None,
    *,
    name: str = NAME,
    hop: int = 0,
    chain: Sequence[bytes] = (),
) -> TLSHandshake:
    """One handshake on port 443."""
    return TLSHandshake(
        hop=hop,
        address=address,
        port=443,
        server_name=name,
        started=0.2,
        duration=0.05,
        failure=failure,
        version="TLSv1.3",
        chain=tuple(chain),
    )


def fetched(
    url: str = HTTPS,
    *,
    address: str = SITE,
    status: int | None = 200,
    title: str | None = "Kloop: news of Kyrgyzstan",
    length: int = 9000,
    headers: Sequence[tuple[str, str]] = HEADERS,
    failure: str | None = None,
    hop: int = 0,
    protocol: str = "HTTP/1.1",
    kept: bytes | None = None,
    sha256: str | None = None,
    arrivals: Sequence[tuple[float, int]] = (),
    duration: float = 0.2,
) -> HTTPRoundTrip:
    """One request and its answer."""
    return HTTPRoundTrip(
        hop=hop,
        url=url,
        address=address,
        port=443 if url.startswith("https") else 80,
        started=0.3,
        duration=duration,
        failure=failure,
        status=status,
        protocol=protocol,
        headers=tuple(headers),
        body=Body(length=length, title=title, kept=kept, sha256=sha256),
        first_byte=0.1,
        arrivals=tuple(arrivals),
    )


def redirected(url: str, location: str, *, hop: int = 0, status: int = 302, address: str = SITE) -> HTTPRoundTrip:
    """A redirect."""
    headers = (*HEADERS, ("Location", location))
    return fetched(url, address=address, status=status, title=None, length=0, headers=headers, hop=hop)


def visit(address: str = SITE, *, hop: int = 0) -> tuple[Step, ...]:
    """A visit over TLS in which everything works."""
    return (
        looked([address], hop=hop),
        looked([address], engine="doh", hop=hop),
        connected(address, hop=hop),
        shook(address, hop=hop, chain=[leaf(NAME, issuer="Real CA")]),
        fetched(address=address, hop=hop),
    )


def plain_visit(**page: object) -> tuple[Step, ...]:
    """A visit in the clear in which everything works; `page` changes what is served."""
    return looked([SITE]), looked([SITE], engine="doh"), connected(port=80), fetched(HTTP, **page)


@cache
def leaf(name: str, *, issuer: str | None = None) -> bytes:
    """A certificate for a name (DER), always the same one; without an issuer it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else subject
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(signer).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOON - timedelta(days=30))
    return builder.not_valid_after(NOON + timedelta(days=60)).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
