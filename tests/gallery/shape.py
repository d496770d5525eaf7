"""The shape of a case's `network.yaml`: every key that it may have, and nothing else. README.md tells it in words."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _address(text: str) -> str:
    return str(ip_address(text))


Address = Annotated[str, AfterValidator(_address)]
Name = Annotated[str, Field(pattern=r"^(\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*)$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Certificate = Literal["valid", "expired", "wrong_host", "unknown_authority", "self_signed", "giant"]


class Part(BaseModel):
    """A part of the file: unknown keys are mistakes, and nothing is guessed (`"443"` is no port)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _exactly_one(part: Part, *names: str) -> None:
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) != 1:
        raise ValueError(f"expected exactly one of {', '.join(names)}, found {', '.join(given) or 'none'}")


class Page(Part):
    """An answer with a page: HTML of a title and a text, filled up to `length` bytes; or a `body` as it stands."""

    title: str = "News"
    text: str = ""
    lang: str | None = None
    status: int = 200
    length: int | None = None
    headers: dict[str, str] = {}
    body: str | None = None
    times: int = 1
    gzip_zeros: int | None = None
    """In the place of the body: so many zero bytes, sent as gzip."""


class Response(Part):
    """What a server or a middlebox answers: one of these."""

    page: Page | None = None
    redirect: str | None = None
    status: int = 302
    """Of the redirect."""
    raw: str | None = None
    then: str = ""
    """Sent after `raw`, so many `times`."""
    times: int = 1

    @model_validator(mode="after")
    def _one(self) -> Response:
        _exactly_one(self, "page", "redirect", "raw")
        return self


class Route(Response):
    """One answer of a site, and the requests that get it: all of them where nothing else is said."""

    hosts: list[Name] = []
    path: str = ""
    port: Port | None = None
    only: list[str] = []
    """The networks that get it: `vantage`, `control-1` …"""


class Site(Part):
    """Machines that share names, addresses and pages."""

    names: list[Name]
    addresses: list[Address]
    ports: list[Port] = [80, 443]
    certificate: Certificate = "valid"
    certificates: dict[Name, Certificate] = {}
    state: Literal["up", "silent", "refusing"] = "up"
    forwards: bool = False
    answers: list[Route] = []
    """The first that fits; where there are none, a plain page."""


class Internet(Part):
    """Everything that exists for everybody."""

    sites: list[Site] = []
    aliases: dict[Name, Name] = {}
    records: dict[Name, list[Address] | None] = {}


class Intercept(Part):
    """The handshake is answered by somebody else; with the true page where none is given."""

    certificate: Certificate | None = None
    page: Page | None = None


class Action(Part):
    """What is done to a connection, where one word is not enough."""

    throttle: int | None = None
    freeze: int | None = None
    page: Page | None = None
    redirect: str | None = None
    raw: str | None = None
    hex: str | None = None
    intercept: Intercept | None = None

    @model_validator(mode="after")
    def _one(self) -> Action:
        _exactly_one(self, *type(self).model_fields)
        return self


class Rule(Part):
    """One thing that a network does: which of the first keys is given says whom it is about."""

    dns: list[Name] | None = None
    address: Address | None = None
    sni: list[Name] | None = None
    host: list[Name] | None = None
    payload: str | None = None
    outage: Literal["silent", "unreachable"] | None = None
    no_ipv6: Literal[True] | None = None
    punish: list[Name] | None = None
    """Names after whose showing the address is cut off."""

    answers: list[Address] = []
    rcode: Literal["NOERROR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"] = "NOERROR"
    drop: bool = False
    garbled: bool = False
    where: Literal["resolver", "wire", "authority"] = "resolver"

    port: Port | None = None
    action: Literal["reset", "close", "drop", "refuse", "unreachable", "denied"] | Action | None = None

    @model_validator(mode="after")
    def _about_one_thing(self) -> Rule:
        names = ("dns", "sni", "host", "payload", "outage", "no_ipv6", "punish")
        if self.address is None or any(getattr(self, name) is not None for name in names):
            _exactly_one(self, *names)
        if (self.action is None) != any(
            getattr(self, name) is not None for name in ("dns", "outage", "no_ipv6", "punish")
        ):
            raise ValueError("a rule about connections has an action, and no other rule has one")
        return self


class View(Part):
    """A network that is measured from."""

    country: str = "ZZ"
    resolver: Address = "192.0.2.53"
    rules: list[Rule] = []
    clock: int = 0
    """Days by which the clock of the vantage point is fast."""
    android: bool = False


class DoH(Part):
    """A server for DNS over HTTPS."""

    url: str
    address: Address


class Resolvers(Part):
    """Whom the probe asks beside the system's resolver; null is nobody."""

    udp: Address | None = "9.9.9.9"
    doh: DoH | None = DoH(url="https://dns.google/dns-query", address="8.8.8.8")


class Limits(Part):
    """Time limits in seconds that differ from those of all cases."""

    dns: float | None = None
    tcp: float | None = None
    tls: float | None = None
    http: float | None = None
    total: float | None = None


class Task(Part):
    """What is measured."""

    url: str
    kind: str = "website"
    innocuous: list[str] = []
    """URLs that nobody blocks, measured beside it: they tell whether the vantage point is healthy."""
    limits: Limits = Limits()
    resolvers: Resolvers = Resolvers()


class Known(Part):
    """A block page that somebody has read in from a list."""

    scope: Literal["national", "isp", "product", "recurring", "institution", "vague", "parked", "false_positive"]
    place: Literal["host", "location", "body", "sha256", "address"]
    manner: Literal["full", "prefix", "contains", "regexp"] = "full"
    pattern: str
    countries: list[str] = []


class Peer(Part):
    """What another tool says of the same network."""

    case: str
    blocking: Literal["dns", "tcp_ip", "http-failure", "http-diff", False] | None
    accessible: bool | None


class Network(Part):
    """The whole file."""

    why: Annotated[str, Field(pattern=r"^[A-Z0-9].{20,}\.$")]
    mislabelled: Annotated[str, Field(pattern=r"^[A-Z].{10,}\.$")] | None = None
    """Where our verdict is not what somebody would say who knew the network: what that would be, and why we do not."""
    task: Task
    internet: Internet
    everywhere: list[Rule] = []
    """What every network does alike, the controls' included: it is then the site's own doing."""
    fingerprints: list[Known] = []
    """Beside those that come with the project."""
    vantage: View = View()
    controls: list[View] = [View(), View(), View()]
    peer: Peer | None = None
