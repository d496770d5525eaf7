"""A small internet as data: sites with names, addresses, ports, pages and certificates, and resolvers.

Nothing here opens a socket; `probes.testing.loopback` plays what is written here. Addresses are the logical ones that a
probe sees and records (`93.184.216.34`), never those of the machine that plays them. Names are lower case and, where
they are not ASCII, in their `xn--` form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

Certificate: TypeAlias = Literal["valid", "expired", "wrong_host", "unknown_authority", "self_signed", "giant"]
"""What a site's certificate is like: trusted, out of date, for another name, issued by somebody nobody trusts, or so
long that no client reads it to its end."""

State: TypeAlias = Literal["up", "silent", "refusing"]
"""Whether a site's machines work: they answer, they are dead (no SYN is answered), or nothing listens on them."""

HTML = (("Content-Type", "text/html; charset=utf-8"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response; `body` is sent `times` times in a row, without a stated length where that is not once.

    `raw` is a server that does not keep to HTTP/1.1: it sends those bytes, then `body` as often as it is told, as they
    stand, and closes. Over HTTP/2 they are the body.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = HTML
    body: bytes = b""
    times: int = 1
    raw: bytes | None = None


def page(title: str, text: str = "", *, status: int = 200, length: int | None = None) -> Response:
    """A small HTML page, filled up with a comment to exactly `length` bytes; ValueError where it is longer already.

    >>> page("Front page", "News of the day.").body.decode()
    '<!doctype html><html><head><title>Front page</title></head><body><p>News of the day.</p></body></html>'
    >>> len(page("Front page", length=400).body)
    400
    """
    body = f"<!doctype html><html><head><title>{title}</title></head><body><p>{text}</p></body></html>".encode()
    if length is not None:
        body += _comment(length - len(body))
    return Response(status=status, body=body)


def _comment(length: int) -> bytes:
    """HTML that shows nothing and is `length` bytes long; a newline each where a comment has no room."""
    if length < 0:
        raise ValueError(f"the page is {-length} bytes longer than asked for")
    room = length - len("<!---->")
    return b"\n" * length if room < 0 else b"<!--" + (b"filled " * (room // 7 + 1))[:room] + b"-->"


def redirect(location: str, status: int = 302) -> Response:
    """A redirect to `location`, which is sent as it is, broken or not.

    >>> redirect("https://example.org/").headers
    (('Location', 'https://example.org/'),)
    """
    return Response(status=status, headers=(("Location", location),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a site answers to a request; an empty condition holds for everything."""

    response: Response
    hosts: tuple[str, ...] = ()
    path: str = ""
    """The whole path, query included."""
    port: int | None = None
    views: tuple[str, ...] = ()
    """Names of the views that get this answer, for sites that tell visitors apart."""

    def fits(self, *, host: str, path: str, port: int, view: str) -> bool:
        """Whether this is the answer to a request for `path` of `host` that came from `view` to `port`."""
        return (
            (not self.hosts or host in self.hosts)
            and self.path in ("", path)
            and self.port in (None, port)
            and (not self.views or view in self.views)
        )


NOT_FOUND = page("Not found", "There is no such page.", status=404)
PLAIN = page("A plain page", "This site is reachable.", length=1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Machines that share names, addresses and pages; the first route that fits answers a request, else it is 404."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    routes: tuple[Route, ...] = (Route(response=PLAIN),)
    ports: tuple[int, ...] = (80, 443)
    """Those on which something listens; 443 speaks TLS, every other port does not."""
    certificate: Certificate = "valid"
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    """Names whose certificate differs from the others' (one machine, several names)."""
    state: State = "up"
    resolver: bool = False
    """True for a public resolver: it answers UDP port 53, DNS over HTTPS at `/dns-query` on port 443, and over TLS
    on port 853 where that is among its ports."""
    forwards: bool = False
    """True for a transparent proxy: it hands each request on to the site that owns the name asked for."""
    backend: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    """Real servers on this machine that play ports of the site, byte for byte; what a network does comes before."""
    quic: bool = False
    """Whether UDP port 443 speaks HTTP/3; needs the extra `quic`."""
    quic_versions: tuple[int, ...] = ()
    """The versions of QUIC that it speaks; the usual ones where there are none."""
    quic_backend: tuple[str, int] | None = None
    """A real server on this machine that plays UDP port 443."""

    def respond(self, *, host: str, path: str, port: int, view: str) -> Response:
        """The answer to one request."""
        fitting = (route.response for route in self.routes if route.fits(host=host, path=path, port=port, view=view))
        return next(fitting, NOT_FOUND)


def _resolver(names: tuple[str, ...], addresses: tuple[str, ...]) -> Site:
    return Site(names=names, addresses=addresses, ports=(443, 853), resolver=True)


PUBLIC_RESOLVERS: tuple[Site, ...] = (
    _resolver(("dns.google", "dns.google.com"), ("8.8.8.8", "8.8.4.4")),
    _resolver(("dns.quad9.net",), ("9.9.9.9", "149.112.112.112")),
    _resolver(("cloudflare-dns.com", "one.one.one.one"), ("1.1.1.1", "1.0.0.1")),
    _resolver(("dns.opendns.com", "doh.opendns.com"), ("208.67.222.222", "208.67.220.220")),
)
"""Stand-ins for the big public resolvers, at the addresses that their operators publish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Internet:
    """Everything that exists for every view alike; what only one view sees is a rule of `probes.testing.censor`."""

    sites: tuple[Site, ...]
    resolvers: tuple[Site, ...] = PUBLIC_RESOLVERS
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Canonical name by alias (CNAME records)."""
    records: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """Addresses that resolvers give instead of the sites' own; none at all is an empty answer, None is NXDOMAIN."""

    @property
    def hosts(self) -> tuple[Site, ...]:
        """All machines, the resolvers included."""
        return (*self.sites, *self.resolvers)

    def site_at(self, address: str) -> Site | None:
        """The site that owns an address; None where nobody does."""
        return next((site for site in self.hosts if address in site.addresses), None)

    def site_named(self, name: str) -> Site | None:
        """The site that owns a name or what the name is an alias of; None where nobody does."""
        name = self.aliases.get(name, name)
        return next((site for site in self.hosts if name in site.names), None)

    def addresses_of(self, name: str) -> tuple[str, ...] | None:
        """What an honest resolver answers for `name` (not an alias); None where the name does not exist.

        >>> net = Internet(sites=(Site(names=("news.example",), addresses=("93.184.216.34",)),))
        >>> net.addresses_of("news.example"), net.addresses_of("nowhere.example")
        (('93.184.216.34',), None)
        """
        if name in self.records:
            return self.records[name]
        site = self.site_named(name)
        return None if site is None else site.addresses

    def with_state(self, name: str, state: State) -> Internet:
        """The same internet where the site called `name` is in another state; KeyError where there is no such site.

        >>> net = Internet(sites=(Site(names=("news.example",), addresses=("93.184.216.34",)),))
        >>> net.with_state("news.example", "silent").sites[0].state
        'silent'
        """
        changed = self.site_named(name)
        if changed is None:
            raise KeyError(f"no site is called {name!r}")
        return replace(self, sites=tuple(replace(s, state=state) if s is changed else s for s in self.sites))

    def with_records(self, name: str, addresses: tuple[str, ...] | None) -> Internet:
        """The same internet where every honest resolver answers `addresses` for `name` (None: NXDOMAIN)."""
        return replace(self, records={**self.records, name: addresses})
