"""What a network does to its users, as data: a view of the lab is under a tuple of rules, and the first that fits acts.

A rule says whom it is about (a name, an address, bytes in the first data of a connection) and what is done. Names match
exactly; `*.example.org` matches every name below `example.org`, and `*` every name. The techniques are those that
measurement studies describe for real networks: forged DNS answers, unrouted and refused addresses, connections cut at
the server name (SNI) of a TLS ClientHello or at the Host header, injected pages, interception with a foreign
certificate, throttling, outage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from probes.testing.internet import Certificate, Response

Cut: TypeAlias = Literal["reset", "close", "drop"]
"""How a connection ends: by RST, by FIN, or in silence (it stays open and nothing more arrives)."""

SERVFAIL = 2
NXDOMAIN = 3
REFUSED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """Bytes sent in the server's place, then FIN; they need not be HTTP."""

    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The true server's bytes, but no more than so many a second."""

    bytes_per_second: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """The true server's bytes up to so many, then silence; networks were seen to let 15 to 20 KB pass."""

    after_bytes: int = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Interception:
    """The handshake is answered with a certificate of the censor's own authority, for the name that was asked for.

    The page is the true one where `response` is None. `certificate` asks for another kind of certificate: for example
    one that vouches for itself, or a trusted one for another name (somebody else's server answers).
    """

    response: Response | None = None
    certificate: Certificate | None = None


Action: TypeAlias = Cut | Injection | Throttle | Freeze


def block_page(body: bytes, *, status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()) -> Injection:
    """A page in the place of the true one.

    >>> block_page(b"blocked", status="403 Forbidden", headers=[("Server", "filter")]).raw
    b'HTTP/1.1 403 Forbidden\\r\\nServer: filter\\r\\nContent-Length: 7\\r\\n\\r\\nblocked'
    """
    lines = [
        f"HTTP/1.1 {status}",
        *(f"{name}: {value}" for name, value in headers),
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    return Injection(raw="\r\n".join(lines).encode() + body)


def block_redirect(location: str, *, status: str = "302 Found") -> Injection:
    """A redirect in the place of the true page.

    >>> block_redirect("http://blocked.example/").raw
    b'HTTP/1.1 302 Found\\r\\nLocation: http://blocked.example/\\r\\nContent-Length: 0\\r\\n\\r\\n'
    """
    return block_page(b"", status=status, headers=[("Location", location)])


@dataclass(frozen=True, slots=True, kw_only=True)
class DNSForgery:
    """A lie about names: addresses, an error (`rcode`, RFC 1035 §4.1.1), no data (neither) or silence (`drop`)."""

    names: tuple[str, ...]
    answers: tuple[str, ...] = ()
    rcode: int = 0
    drop: bool = False
    garbled: bool = False
    """The answer carries the id of another question, so that nobody accepts it."""
    where: Literal["resolver", "wire", "authority"] = "resolver"
    """`resolver`: only the network's own resolver lies. `wire`: every question to UDP port 53, of whatever address, is
    answered by an injector first, and the true answer, with another IP TTL, follows where there is one. `authority`:
    the name's own servers tell this network so, and every resolver passes it on, DNS over HTTPS included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBlock:
    """Packets to an address (to all its ports, or one) vanish, are refused, or are slowed down.

    `reset`, `unreachable` and `denied` are what the system says of a connection at once: that it was reset while it was
    opened, that a router calls the host unreachable, that this machine's own rules forbid it.
    """

    address: str
    port: int | None = None
    action: Literal["drop", "refuse", "reset", "unreachable", "denied"] | Throttle = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class SNIBlock:
    """Connections whose ClientHello names a server, whatever their port; at one address only where it is given."""

    names: tuple[str, ...]
    action: Action | Interception = "reset"
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QUICBlock:
    """Datagrams to port 443 vanish once their flow has shown a server name; all of them where no name is given. Only
    then `refuse` can be played on loopback: "port unreachable" (ICMP)."""

    names: tuple[str, ...] = ()
    action: Literal["drop", "refuse"] = "drop"
    address: str | None = None

    def __post_init__(self) -> None:
        if self.action == "refuse" and self.names:
            raise ValueError("a refusal of QUIC by name cannot be played on loopback")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBlock:
    """Cleartext requests whose Host header names a server, whatever their address and port."""

    names: tuple[str, ...]
    action: Action = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadBlock:
    """Connections whose first data, ClientHello or request, contain some bytes."""

    contains: bytes
    address: str | None = None
    port: int | None = None
    action: Action = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Punishment:
    """A connection that shows a name (in a ClientHello or a Host header) passes, and later ones to its address vanish.

    That is what residual censorship leaves to be seen, for as long as the network is played.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """The whole network is gone: in silence, or with an error at once because the link is down."""

    how: Literal["silent", "unreachable"] = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoIPv6:
    """No route to any IPv6 address, as in most homes."""


Rule: TypeAlias = (
    DNSForgery | AddressBlock | SNIBlock | QUICBlock | HostBlock | PayloadBlock | Punishment | Outage | NoIPv6
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFlight:
    """What a censor on the path reads of a connection's first data: the bytes, and the name in them."""

    raw: bytes
    server_name: str | None = None
    """Of a TLS ClientHello; None for cleartext."""
    host: str | None = None
    """Of a cleartext request, without its port; None for TLS."""


def covers(pattern: str, name: str) -> bool:
    """Whether a rule's name pattern is about `name`.

    >>> covers("example.org", "EXAMPLE.org"), covers("example.org", "www.example.org")
    (True, False)
    >>> covers("*.example.org", "www.example.org"), covers("*", "example.org")
    (True, True)
    """
    name = name.lower()
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else pattern in ("*", name)


def forgery_of(rules: tuple[Rule, ...], name: str, *, at_resolver: bool) -> DNSForgery | None:
    """The lie that a question for `name` gets; `at_resolver` where the question goes to the network's own resolver.

    >>> lie = DNSForgery(names=("news.example",), rcode=NXDOMAIN)
    >>> forgery_of((lie,), "news.example", at_resolver=True).rcode
    3
    >>> forgery_of((lie,), "news.example", at_resolver=False)
    """
    lies = (rule for rule in of_kind(rules, DNSForgery) if at_resolver or rule.where != "resolver")
    return next((lie for lie in lies if _any_covers(lie.names, name)), None)


def authority_of(rules: tuple[Rule, ...], name: str) -> DNSForgery | None:
    """What the name's own servers tell this network in the place of what they tell others."""
    told = (rule for rule in of_kind(rules, DNSForgery) if rule.where == "authority")
    return next((rule for rule in told if _any_covers(rule.names, name)), None)


def address_block_of(rules: tuple[Rule, ...], address: str, port: int) -> AddressBlock | None:
    """The rule that packets to an endpoint meet.

    >>> address_block_of((AddressBlock(address="93.184.216.34", port=443),), "93.184.216.34", 80)
    """
    return next((rule for rule in of_kind(rules, AddressBlock) if _meets(rule, address, port)), None)


def action_on(rules: tuple[Rule, ...], address: str, port: int, flight: FirstFlight) -> Action | Interception | None:
    """What is done to a connection after its first data; None where it passes.

    >>> hello = FirstFlight(raw=b"", server_name="news.example")
    >>> action_on((SNIBlock(names=("news.example",), action="reset"),), "93.184.216.34", 443, hello)
    'reset'
    """
    effects = (_effect(rule, address, port, flight) for rule in rules)
    return next((effect for effect in effects if effect is not None), None)


def punishes(rules: tuple[Rule, ...], flight: FirstFlight) -> bool:
    """Whether the address that this was sent to is cut off from now on.

    >>> punishes((Punishment(names=("news.example",)),), FirstFlight(raw=b"", host="news.example"))
    True
    """
    shown = flight.server_name or flight.host or ""
    return any(_any_covers(rule.names, shown) for rule in of_kind(rules, Punishment))


def quic_block_of(rules: tuple[Rule, ...], address: str) -> QUICBlock | None:
    """The rule that all QUIC to an address meets, whatever it shows; `blocks_quic` has an example."""
    return next((rule for rule in _of_quic(rules, address) if not rule.names), None)


def blocks_quic(rules: tuple[Rule, ...], address: str, name: str | None) -> bool:
    """Whether a QUIC flow to an address that shows `name` is cut off.

    >>> rules = (QUICBlock(names=("news.example",)),)
    >>> blocks_quic(rules, "93.184.216.34", "news.example"), quic_block_of(rules, "93.184.216.34")
    (True, None)
    """
    return any(_any_covers(rule.names, name) for rule in _of_quic(rules, address))


def _of_quic(rules: tuple[Rule, ...], address: str) -> tuple[QUICBlock, ...]:
    return tuple(rule for rule in of_kind(rules, QUICBlock) if rule.address in (None, address))


def _effect(rule: Rule, address: str, port: int, flight: FirstFlight) -> Action | Interception | None:
    match rule:
        case SNIBlock(names=names, action=action) if _any_covers(names, flight.server_name):
            return action if rule.address in (None, address) else None
        case HostBlock(names=names, action=action) if _any_covers(names, flight.host):
            return action
        case PayloadBlock(contains=contains, action=action) if _meets(rule, address, port) and contains in flight.raw:
            return action
        case AddressBlock(action=Throttle() as throttle) if _meets(rule, address, port):
            return throttle
        case _:
            return None


def _any_covers(patterns: tuple[str, ...], name: str | None) -> bool:
    return name is not None and any(covers(pattern, name) for pattern in patterns)


def _meets(rule: AddressBlock | PayloadBlock, address: str, port: int) -> bool:
    return rule.address in (None, address) and rule.port in (None, port)


_R = TypeVar("_R", bound=Rule)


def of_kind(rules: tuple[Rule, ...], kind: type[_R]) -> tuple[_R, ...]:
    """The rules of one kind, in their order."""
    return tuple(rule for rule in rules if isinstance(rule, kind))
