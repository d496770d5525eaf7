"""One TCP connection in the lab: its first data are read as a censor reads them, then it is cut, lied to, or served."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, urlsplit

from probes.testing.censor import (
    Action,
    FirstFlight,
    Freeze,
    Injection,
    Interception,
    Rule,
    Throttle,
    authority_of,
)
from probes.testing.certificates import Certificates
from probes.testing.flight import read_flight
from probes.testing.internet import NOT_FOUND, Certificate, Internet, Response, Site
from probes.testing.names import forged_answer, question, true_answer
from probes.testing.relay import relay
from probes.testing.web import Request, serve_http1, serve_http2
from probes.testing.wire import Frozen, Secure, Slow, Stream, Wire

_HTTPS = 443
_DNS_MESSAGE = "application/dns-message"  # RFC 8484 §6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a connection meets: the internet as it is now, the logical endpoint, and the view that it comes from."""

    internet: Internet
    certificates: Certificates
    view: str
    address: str
    port: int
    rules: tuple[Rule, ...] = ()
    """Those of the view."""

    def site(self, name: str | None) -> Site | None:
        """The site that answers: the address's owner, or behind a transparent proxy the owner of the name asked for."""
        owner = self.internet.site_at(self.address)
        return self.internet.site_named(name or "") if owner and owner.forwards else owner


async def first_flight(wire: Wire) -> FirstFlight | None:
    """The connection's first data, which stay readable; None where the peer ends without any."""
    data = b""
    while True:
        more = await wire.read()
        data += more
        flight = read_flight(data, ended=not more)
        if flight is not None:
            wire.unread(data)
            return flight if data else None


async def converse(wire: Wire, flight: FirstFlight, action: Action | Interception | None, scene: Scene) -> None:
    """Carry a connection to its end; OSError where the peer breaks off."""
    match action:
        case "reset":
            wire.reset()
        case "close":
            await wire.finish()
        case "drop":
            await wire.swallow()
        case Injection(raw=raw):
            await wire.write(raw)
            await wire.finish()
        case Throttle(bytes_per_second=rate):
            await _serve(Slow(wire, rate), flight, scene, None)
        case Freeze(after_bytes=most):
            await _serve(Frozen(wire, most), flight, scene, None)
            await wire.swallow()
        case Interception():
            await _serve(wire, flight, scene, action)
        case None:
            await _serve(wire, flight, scene, None)


async def _serve(stream: Stream, flight: FirstFlight, scene: Scene, interception: Interception | None) -> None:
    owner = scene.internet.site_at(scene.address)
    if owner is not None and scene.port in owner.backend and interception is None:
        await relay(stream, owner.backend[scene.port])
        return
    if scene.port != _HTTPS:
        await serve_http1(stream, partial(answer, scene, None))
        return
    name = flight.server_name
    site = scene.site(name)
    if site is None:
        return
    asked = name or site.names[0]
    if interception is None:
        context = scene.certificates.context(*certificate_of(site, asked))
    else:
        context = scene.certificates.intercepting(asked, interception.certificate)
    secure = Secure(stream, context)
    protocol = await secure.handshake()
    serve = serve_http2 if protocol == "h2" else serve_http1
    await serve(secure, partial(answer, scene, interception))
    await secure.end()


def certificate_of(site: Site, asked: str) -> tuple[Certificate, tuple[str, ...]]:
    """The certificate that a site shows to a client that asks for a name: its kind, and the names in it.

    A site that nobody's authority vouches for makes one up for every name that it is asked for.
    """
    kind = site.certificates.get(asked, site.certificate)
    if kind in ("unknown_authority", "self_signed"):
        return kind, (asked,)
    return kind, (*site.names, *site.addresses) if site.resolver or not site.names else site.names


def answer(scene: Scene, interception: Interception | None, request: Request) -> Response:
    """What the site that is met answers to a request, or who answers in its place."""
    if interception is not None and interception.response is not None:
        return interception.response
    site, owner = scene.site(request.host), scene.internet.site_at(scene.address)
    if site is None:
        return NOT_FOUND
    if site.resolver:
        return _resolve(request, scene)
    view = "" if owner is not site else scene.view
    return site.respond(host=request.host, path=request.path, port=scene.port, view=view)


def _resolve(request: Request, scene: Scene) -> Response:
    """The answer of a DNS-over-HTTPS server, by POST or GET (RFC 8484 §4.1)."""
    url = urlsplit(request.path)
    if url.path != "/dns-query":
        return NOT_FOUND
    found = question(request.body if request.method == "POST" else _from_url(url.query))
    if found is None:
        return Response(status=400)
    query, name = found
    told = authority_of(scene.rules, name)
    body = true_answer(query, scene.internet) if told is None else forged_answer(query, told)
    return Response(headers=(("Content-Type", _DNS_MESSAGE),), body=body)


def _from_url(query: str) -> bytes:
    encoded = parse_qs(query).get("dns", [""])[0]
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError):
        return b""
