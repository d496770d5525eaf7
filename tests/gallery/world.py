"""From the words of a `network.yaml` to an internet and rules that the lab can play."""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import cache

from probes.testing import (
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    AddressBlock,
    DNSForgery,
    Freeze,
    HostBlock,
    Injection,
    Interception,
    Internet,
    NoIPv6,
    Outage,
    PayloadBlock,
    Punishment,
    Response,
    Route,
    Rule,
    Site,
    SNIBlock,
    Throttle,
    block_page,
    block_redirect,
    page,
    redirect,
)
from probes.testing.internet import HTML, PLAIN
from tests.gallery import shape

_RCODES = {"NOERROR": 0, "SERVFAIL": SERVFAIL, "NXDOMAIN": NXDOMAIN, "NOTIMP": 4, "REFUSED": REFUSED}


def internet_of(part: shape.Internet) -> Internet:
    """The internet that a file describes, public resolvers included."""
    records = {name: None if given is None else tuple(given) for name, given in part.records.items()}
    return Internet(sites=tuple(map(_site, part.sites)), aliases=dict(part.aliases), records=records)


def _site(part: shape.Site) -> Site:
    return Site(
        names=tuple(part.names),
        addresses=tuple(part.addresses),
        routes=tuple(map(_route, part.answers)) or (Route(response=PLAIN),),
        ports=tuple(part.ports),
        certificate=part.certificate,
        certificates=dict(part.certificates),
        state=part.state,
        forwards=part.forwards,
    )


def _route(part: shape.Route) -> Route:
    return Route(
        response=_response(part), hosts=tuple(part.hosts), path=part.path, port=part.port, views=tuple(part.only)
    )


def _response(part: shape.Response) -> Response:
    if part.redirect is not None:
        return redirect(part.redirect, part.status)
    if part.raw is not None:
        return Response(raw=_lines(part.raw), body=_lines(part.then), times=part.times)
    assert part.page is not None, "the shape asks for one of the three"
    return _page(part.page)


def _page(part: shape.Page) -> Response:
    headers = (*HTML, *part.headers.items())
    if part.gzip_zeros is not None:
        body = _zeros(part.gzip_zeros)
        return Response(status=part.status, headers=(*headers, ("Content-Encoding", "gzip")), body=body)
    if part.body is not None:
        return Response(status=part.status, headers=headers, body=part.body.encode(), times=part.times)
    return replace(page(part.title, part.text, status=part.status, length=part.length), headers=headers)


@cache
def _zeros(length: int) -> bytes:
    return gzip.compress(bytes(length), mtime=0)


def _lines(text: str) -> bytes:
    """Text as HTTP sends it: its lines end with CR LF."""
    return text.replace("\n", "\r\n").encode()


def rule_of(part: shape.Rule) -> Rule:
    """The rule that an entry describes."""
    if part.dns is not None:
        return DNSForgery(
            names=tuple(part.dns),
            answers=tuple(part.answers),
            rcode=_RCODES[part.rcode],
            drop=part.drop,
            garbled=part.garbled,
            where=part.where,
        )
    if part.punish is not None:
        return Punishment(names=tuple(part.punish))
    if part.outage is not None:
        return Outage(how=part.outage)
    return NoIPv6() if part.no_ipv6 else _about_connections(part)


def _about_connections(part: shape.Rule) -> Rule:
    action = _action(part.action) if isinstance(part.action, shape.Action) else part.action
    if part.sni is not None:
        return SNIBlock(names=tuple(part.sni), action=action, address=part.address)
    if part.host is not None:
        return HostBlock(names=tuple(part.host), action=action)
    if part.payload is not None:
        return PayloadBlock(contains=part.payload.encode(), address=part.address, port=part.port, action=action)
    return AddressBlock(address=part.address, port=part.port, action=action)


def _action(part: shape.Action) -> Throttle | Freeze | Injection | Interception:
    if part.throttle is not None:
        return Throttle(bytes_per_second=part.throttle)
    if part.freeze is not None:
        return Freeze(after_bytes=part.freeze)
    if part.intercept is not None:
        shown = part.intercept.page
        return Interception(response=None if shown is None else _page(shown), certificate=part.intercept.certificate)
    return _injection(part)


def _injection(part: shape.Action) -> Injection:
    if part.redirect is not None:
        return block_redirect(part.redirect)
    if part.page is not None:
        made = _page(part.page)
        return block_page(made.body, status=f"{made.status} Answer", headers=made.headers)
    return Injection(raw=bytes.fromhex(part.hex) if part.hex is not None else _lines(part.raw or ""))
