"""The words of measuring: what is watched, from where, and what happened, step by step.

A type belongs here when a probe writes it down or reads it as an instruction. Records are facts: they hold no opinion
(that is `monitor.model`), no socket and no clock. Times inside a measurement are seconds since its `started`, by a
monotonic clock; `started` itself is an aware UTC datetime.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Failure: TypeAlias = str | None
"""An OONI df-007 failure string, or None where the step did what it was asked."""


_LATER = {"omitted": "default"}
"""Marks fields that came after documents had been hashed: at their default they are left out of the document, so that
what was stored before keeps its id."""


class Purpose(StrEnum):
    """What a step was made for, where a measurement compares names or places; what it shows is for others to say.

    `trigger` stands for the target's own name, `innocuous` for one that nobody blocks; `target` and `echo` for where
    the connection went: to the target's address, or to our own control server.
    """

    VISIT = "visit"
    TRIGGER_AT_TARGET = "trigger@target"
    TRIGGER_AT_ECHO = "trigger@echo"
    INNOCUOUS_AT_TARGET = "innocuous@target"
    INNOCUOUS_AT_ECHO = "innocuous@echo"
    INNOCUOUS_ELSEWHERE = "innocuous@target/other"
    """At another address of the target, which this measurement showed no trigger."""
    BEFORE = "innocuous before"
    AFTER = "innocuous after"
    NO_SERVER = "no server"
    """A question for the target's name to an address that runs no DNS …"""
    NO_SERVER_INNOCUOUS = "no server, innocuous"
    """… and one for an innocuous name."""
    INVENTED = "invented name"
    SITE = "innocuous site"
    CANARY = "canary"
    IPV6 = "ipv6"
    DNS64 = "dns64"
    SERVICE = "service binding"
    """The target's HTTPS record (RFC 9460), which says whether it speaks HTTP/3."""
    SIGNATURE = "signature"
    """The question whether an answer is what the zone's owner signed."""
    WHOAMI = "whoami"
    """A name whose answer is the address that asked its name servers: whose resolver it really was."""
    VERSIONS = "versions@target"
    """A question that shows no name to the path: which versions of QUIC are spoken at the target's address …"""
    VERSIONS_AT_ECHO = "versions@echo"
    """… and at our own control server's."""


class Role(StrEnum):
    """Why a vantage point measures: to watch a network, or to know how a target looks where no censor sits."""

    VANTAGE = "vantage"
    CONTROL = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that is watched, under a name that stays when its addresses change."""

    id: str
    urls: tuple[str, ...]
    name: str = ""
    category: str = ""
    why: str = ""
    mirrors: tuple[str, ...] = ()
    sensitive: bool = False
    innocuous: bool = False
    """True for a site that nobody blocks: it tells whether the vantage point itself works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VantagePoint:
    """A place to measure from: coarse on purpose, so that it never identifies the person who runs it."""

    id: str
    country: str = "ZZ"
    """ISO 3166-1 alpha-2; ZZ where unknown."""
    network: str = "AS0"
    """Autonomous system as `AS` and its number; AS0 where unknown."""
    role: Role = Role.VANTAGE
    kind: str = "local"
    """How it reaches the network: local, ooni (imported crowd-sourced history), simulated."""
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One resource record of a DNS answer; `value` is an address or a name without its final dot."""

    type: str
    value: str
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """One DNS answer as it arrived, kept even when another one came first (injected answers race the true one)."""

    arrived: float
    ip_ttl: int | None
    rcode: int | None
    answers: tuple[Answer, ...] = ()
    edns: bool = False
    authoritative: bool = False
    malformed: bool = False
    stray: bool = False
    """It answers some other question (id or question differ), so that nobody would have accepted it."""
    flags: int | None = field(default=None, metadata=_LATER)
    """The second word of its header (RFC 1035 §4.1.1; 0x0400 AA, 0x0080 RA, 0x0020 AD)."""
    edns_payload: int | None = field(default=None, metadata=_LATER)
    """The UDP size that its sender offers (RFC 6891 §6.2.3); None without EDNS."""
    edns_options: tuple[int, ...] = field(default=(), metadata=_LATER)
    """Codes of the EDNS options in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DNSLookup:
    """One question to one resolver; the answer that counts is the first acceptable one."""

    hop: int
    engine: str
    """system (the resolver this machine is configured with), udp (a public resolver), tcp (the same), dot or doh."""
    resolver: str
    """`address:port` or URL of a public resolver; empty for the system's, whose address tells about the operator."""
    name: str
    query_type: str
    started: float
    duration: float
    failure: Failure = None
    rcode: int | None = None
    answers: tuple[Answer, ...] = ()
    datagrams: tuple[Datagram, ...] = ()
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)
    flags: int | None = field(default=None, metadata=_LATER)
    """Of the answer that counts, as in `Datagram`."""
    icmp: tuple[int, int] | None = field(default=None, metadata=_LATER)
    """Type and code of the first ICMP error, where the kernel tells."""
    router: str = field(default="", metadata=_LATER)
    """Who sent that; empty where it is not known, not public, or a neighbour of the operator's."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The IP addresses among the answers, in their order."""
        return tuple(answer.value for answer in self.answers if answer.type in ("A", "AAAA"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """An address that was seen and, on purpose, never dialled (loopback, private, metadata service …)."""

    hop: int
    address: str
    port: int
    reason: str
    started: float
    duration: float = 0.0
    failure: Failure = None
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class TCPInfo:
    """What the kernel knows of a connection (Linux TCP_INFO); round-trip times in microseconds."""

    rtt: int
    min_rtt: int | None = None
    retransmits: int = 0
    bytes_acked: int | None = None
    bytes_received: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TCPConnect:
    """One attempt to open a TCP connection to one address."""

    hop: int
    address: str
    port: int
    started: float
    duration: float
    failure: Failure = None
    tcp_info: TCPInfo | None = None
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)
    icmp: tuple[int, int] | None = field(default=None, metadata=_LATER)
    """Type and code of the ICMP error that ended it, where the kernel tells and was asked."""
    router: str = field(default="", metadata=_LATER)
    """Who sent that; empty where it is not known, not public, or a neighbour of the operator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSHandshake:
    """One TLS handshake on a fresh connection, with the chain that the peer presented (DER, leaf first)."""

    hop: int
    address: str
    port: int
    server_name: str
    started: float
    duration: float
    failure: Failure = None
    """Of the handshake, or of the chain's verification afterwards (`ssl_…`)."""
    reason: str | None = None
    """The TLS alert or the verifier's own word, for people."""
    version: str = ""
    cipher: str = ""
    """By its IANA name."""
    alpn: str = ""
    chain: tuple[bytes, ...] = ()
    bytes_sent: int = 0
    bytes_received: int = 0
    tcp_info: TCPInfo | None = None
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is kept of a response body: enough to compare and, for suspicious pages, to show."""

    length: int
    """Bytes after decompression, as far as read."""
    sha256: str | None = None
    """Of the body without the addresses that it prints, so that no visitor's address can be guessed from it."""
    title: str | None = None
    truncated: bool = False
    kept: bytes | None = None
    simhash: str | None = field(default=None, metadata=_LATER)
    """Of the visible words (16 hex digits); pages that differ in few of its 64 bits resemble each other."""
    language: str | None = field(default=None, metadata=_LATER)
    """The code (ISO 639) that the page declares, or that its letters suggest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPRoundTrip:
    """One request and what came back, on one connection; no redirect is followed inside it."""

    hop: int
    url: str
    address: str
    port: int
    started: float
    duration: float
    failure: Failure = None
    method: str = "GET"
    request_headers: tuple[tuple[str, str], ...] = ()
    status: int | None = None
    protocol: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None
    first_byte: float | None = None
    """Seconds since `started` until the first byte of the response."""
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)
    arrivals: tuple[tuple[float, int], ...] = field(default=(), metadata=_LATER)
    """How the response came in, where that was asked for: seconds since `started`, and bytes of it there by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TTLTrial:
    """One message with so few hops to live that only the first routers of its way can see it, and what came back."""

    hop: int
    method: str
    """What was sent: syn, tls (a ClientHello), http (a GET) or dns (a question)."""
    name: str
    """The name that it showed; for a SYN, which shows none, the name whose address it went to."""
    address: str
    port: int
    ttl: int
    """How many routers it could reach at most."""
    started: float
    duration: float
    failure: Failure = None
    """None where something came back as if from the address; `host_unreachable` where a router gave the message up."""
    icmp: tuple[int, int] | None = None
    """Type and code of the ICMP error, where the kernel tells; (11, 0) and, for IPv6, (3, 0) is "hops used up"."""
    router: str = ""
    """Who sent it; empty where that is not known, not public, or the first router, which is the operator's own."""
    received: int = 0
    """Bytes that came back."""
    answers: tuple[Answer, ...] = ()
    """What a DNS answer said."""
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class QUICHandshake:
    """One QUIC handshake with one address, or the mere question which versions of QUIC are spoken there."""

    hop: int
    address: str
    port: int
    server_name: str
    """Empty where only the versions were asked for, which shows no name to anybody."""
    started: float
    duration: float
    failure: Failure = None
    """Of the handshake, or of the chain's verification afterwards (`ssl_…`)."""
    reason: str | None = None
    """The peer's word on why it closed, or the verifier's, for people."""
    version: str = ""
    """What was agreed on: `1` (RFC 9000), `2` (RFC 9369); empty before the handshake ended."""
    versions: tuple[str, ...] = ()
    """What the peer said that it speaks (Version Negotiation, RFC 8999 §6), in hexadecimal where it has no number."""
    cipher: str = ""
    alpn: str = ""
    chain: tuple[bytes, ...] = ()
    bytes_sent: int = 0
    bytes_received: int = 0
    first_byte: float | None = None
    """Seconds since `started` until the first datagram came back."""
    ip_ttl: int | None = None
    """With which that datagram arrived."""
    icmp: tuple[int, int] | None = None
    """Type and code of the first ICMP error, where the kernel tells."""
    router: str = ""
    """Who sent that; empty where it is not known, not public, or a neighbour of the operator's."""
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class DNSSECValidation:
    """Whether what a resolver says of a name is what the zone's owner signed, followed from the root's keys."""

    hop: int
    engine: str
    resolver: str
    """As in `DNSLookup`."""
    name: str
    query_type: str
    started: float
    duration: float
    failure: Failure = None
    """Of the network, where it kept us from judging."""
    result: str = "indeterminate"
    """secure, insecure, bogus or indeterminate (RFC 4035 §4.3)."""
    reason: str = ""
    zones: tuple[str, ...] = ()
    """Those whose keys were verified, from the root down."""
    purpose: Purpose = field(default=Purpose.VISIT, metadata=_LATER)


Step: TypeAlias = (
    DNSLookup | Screened | TCPConnect | TLSHandshake | HTTPRoundTrip | TTLTrial | QUICHandshake | DNSSECValidation
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an imported measurement comes from: the source, its own id there, and the licence it came under."""

    source: str
    uid: str
    document: str = ""
    """SHA-256 (hex) of the original document, which the store keeps."""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """All steps of one probe, one URL of one target, one vantage point, one moment."""

    kind: str
    kind_version: str
    target: str
    url: str
    vantage: VantagePoint
    started: datetime
    duration: float
    steps: tuple[Step, ...]
    failure: Failure = None
    """Of the measurement as a whole: `generic_timeout_error` where the total deadline cut it short."""
    innocuous: bool = False
    software: str = ""
    origin: Origin | None = None
    lag: float = field(default=0.0, metadata=_LATER)
    """Seconds by which this machine's own loop was late at the most while it measured: a busy prober sees time-outs
    that no network made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoHServer:
    """A DNS-over-HTTPS server reached by a pinned address, so that asking it needs no DNS."""

    url: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoTServer:
    """A DNS-over-TLS server (RFC 7858) reached by a pinned address, and the name that its certificate must have."""

    name: str
    address: str
    port: int = 853


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolvers:
    """Whom to ask beside the system's resolver; fixed for a vantage point, so that its series is comparable."""

    udp: str | None = "9.9.9.9"
    doh: DoHServer | None = field(
        default_factory=lambda: DoHServer(url="https://dns.google/dns-query", address="8.8.8.8")
    )
    dot: DoTServer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much, in seconds and bytes; every one is a hard bound, `total` over the whole measurement."""

    dns: float = 4.0
    dns_linger: float = 3.0
    tcp: float = 10.0
    tls: float = 10.0
    http: float = 10.0
    quic: float = 6.0
    total: float = 60.0
    redirects: int = 10
    body: int = 512 * 1024
    addresses: int = 8
    """At most so many addresses of one hop are connected to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Our own control server (`presscanary echo`): it answers any name, and tells who has the token what reached it."""

    addresses: tuple[str, ...]
    """The more there are, the less a name that is blocked can spoil the comparison with one that is not."""
    token: str = field(default="", repr=False)
    """Empty where nothing may be asked of it: then only handshakes are compared. It never enters a record."""
    pin: str = ""
    """SHA-256 (hex) of its public key (SubjectPublicKeyInfo, RFC 7469 §2.4); empty: it is believed without proof."""
    https_port: int = 443
    http_port: int = 80
    quic_port: int = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One order to measure: which URL of which target, from which vantage point, asking whom, within which limits."""

    target: Target
    url: str
    vantage: VantagePoint
    resolvers: Resolvers = field(default_factory=Resolvers)
    limits: Limits = field(default_factory=Limits)
    echo: Echo | None = None
    innocuous_names: tuple[str, ...] = ()
    """Hosts that nobody blocks, kept elsewhere than the target; what they are compared for takes the first or draws."""
    no_dns: tuple[str, ...] = ()
    """Foreign addresses of ours that run no DNS: whatever answers from there was injected on the way."""
    hold_off: float = 0.0
    """Seconds of rest before an innocuous name goes to an address that was shown the target's just before; the total
    limit of a measurement grows by as much, as often as it rests."""


Clock: TypeAlias = Callable[[], datetime]
