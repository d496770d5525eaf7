"""For every rule a scene in which it speaks: the measurement, its controls, and the vantage point's health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.model import Fingerprint, Health, Manner, Place, Scope
from monitor.verdict.fingerprints import Fingerprints
from probes.model import HTTPRoundTrip, Measurement
from tests.scenes import (
    FORGED,
    HEADERS,
    HTTP,
    HTTPS,
    NAME,
    SECOND,
    SITE,
    V6,
    connected,
    control,
    datagram,
    fetched,
    leaf,
    looked,
    measured,
    plain_visit,
    redirected,
    screened,
    shook,
    three,
    visit,
)

TIMEOUT, REFUSED, RESET, EOF = "generic_timeout_error", "connection_refused", "connection_reset", "eof_error"
NXDOMAIN, UNKNOWN = "dns_nxdomain_error", "unknown_failure: something new"
UNTRUSTED, WRONG_NAME = "ssl_unknown_authority", "ssl_invalid_hostname"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a rule is shown."""

    measurement: Measurement
    controls: tuple[Measurement, ...] = ()
    health: Health = Health.HEALTHY
    fingerprints: Fingerprints = field(default_factory=Fingerprints)


def secure(*steps: object, controls: tuple[Measurement, ...] | None = None, **fields: object) -> Scene:
    """A visit to https://kloop.kg/ beside three controls for which everything works."""
    return Scene(measurement=measured(*steps, **fields), controls=three(*visit()) if controls is None else controls)


def plain(*steps: object, controls: tuple[Measurement, ...] | None = None, **fields: object) -> Scene:
    """A visit to http://kloop.kg/ beside three controls for which everything works."""
    beside = three(*plain_visit(), url=HTTP) if controls is None else controls
    return Scene(measurement=measured(*steps, url=HTTP, **fields), controls=beside)


def raced(*false: str, rcode: int = 0) -> Scene:
    """A name whose first answer is false, and whose second is the true one."""
    forged = looked(list(false) or NXDOMAIN, datagrams=[datagram(*false, rcode=rcode, ip_ttl=57), datagram(SITE)])
    return secure(forged, looked(TIMEOUT, engine="udp"))


def unresolved(failure: str) -> Scene:
    """A name that the system's resolver fails for, while DNS over HTTPS and the controls resolve it."""
    return secure(looked(failure), looked([SITE], engine="doh"))


def unconnected(*failures: str) -> Scene:
    """Two vouched-for addresses that fail so."""
    tries = (connected(address, failure) for address, failure in zip((SITE, SECOND), failures, strict=False))
    return secure(looked([SITE, SECOND]), *tries, controls=two_addresses())


def two_addresses() -> tuple[Measurement, ...]:
    """Controls for which both addresses of the site work."""
    return three(looked([SITE, SECOND]), *visit()[2:], connected(SECOND), shook(SECOND))


def unshaken(failure: str, **chain: object) -> Scene:
    """A vouched-for address whose handshake fails so."""
    return secure(looked([SITE]), connected(), shook(SITE, failure, **chain))


def partly(connect: str | None, handshake: str | None = None) -> Scene:
    """A site that is reached over one address, while its second one fails."""
    second = (connected(SECOND, connect), *([shook(SECOND, handshake)] if handshake else []))
    return secure(*visit(), looked([SITE, SECOND], engine="udp"), *second, controls=two_addresses())


def unanswered(failure: str) -> Scene:
    """A request over verified TLS that fails so."""
    return secure(looked([SITE]), connected(), shook(), fetched(status=None, failure=failure))


def slow(*steps: object, url: str = HTTPS) -> Scene:
    """A request that came too late to its end, beside controls whose whole answer is known to be fast."""
    fast = fetched(url, arrivals=[(0.1, 4000), (0.2, 24_000)])
    return Scene(
        measurement=measured(*steps, url=url),
        controls=three(*(visit() if url == HTTPS else plain_visit())[:-1], fast, url=url),
    )


def unended(arrivals: Sequence[tuple[float, int]], url: str = HTTPS) -> HTTPRoundTrip:
    """A request whose answer was given up after ten seconds."""
    return fetched(url, failure=TIMEOUT, arrivals=arrivals, duration=10.0)


def shared(*steps: object) -> Scene:
    """What fails here fails for all controls too."""
    return secure(*steps, controls=three(*steps))


def forged_page() -> tuple[object, ...]:
    """The system's resolver leads to another page, and DNS over HTTPS gives the true address."""
    page = fetched(HTTP, address=FORGED, title="Blocked", length=188)
    return looked([FORGED]), looked([SITE], engine="doh"), connected(FORGED, port=80), page


def notice(**page: object) -> tuple[object, ...]:
    """A visit in the clear that is answered with another page."""
    return plain_visit(**({"title": "Access is restricted", "length": 400, "headers": HEADERS} | page))


def busy(scene: Scene) -> Scene:
    """The same, seen by a machine whose own loop was late by more than a time-out lasts."""
    return replace(scene, measurement=replace(scene.measurement, lag=30.0))


_STRANGER = leaf(NAME, issuer="Somebody")

SCENES: Mapping[str, Scene] = {
    # Can this place be believed?
    "vantage.offline": replace(secure(looked(NXDOMAIN)), health=Health.OFFLINE),
    "vantage.sick": replace(secure(looked(NXDOMAIN)), health=Health.SICK),
    "vantage.no_ipv6": secure(
        looked("dns_no_answer"),
        looked([V6], kind="AAAA"),
        connected(V6, "network_unreachable"),
        controls=three(*visit(V6)),
    ),
    "vantage.nothing_measured": secure(),
    "vantage.nothing_reached": secure(looked(TIMEOUT), looked(TIMEOUT, engine="udp")),
    "vantage.local_fault": secure(looked([SITE]), connected(SITE, "permission_denied")),
    "vantage.captive_portal": plain(*notice(status=511)),
    "vantage.clock_or_roots": unshaken("ssl_invalid_certificate", chain=[leaf(NAME, issuer="Real CA")]),
    "vantage.late": busy(secure(looked([SITE]), looked([SITE], engine="doh"), connected(SITE, TIMEOUT))),
    # The site's own page, with something amiss
    "dns.injection.reached": secure(
        *visit(), looked([FORGED], engine="udp", datagrams=[datagram(FORGED, ip_ttl=57), datagram(SITE)])
    ),
    "tcp.timeout.some_addresses": partly(TIMEOUT),
    "tcp.refused.some_addresses": partly(REFUSED),
    "tcp.reset.some_addresses": partly(RESET),
    "tcp.unreachable.some_addresses": partly("host_unreachable"),
    "tls.reset.some_addresses": partly(None, RESET),
    "tls.timeout.some_addresses": partly(None, TIMEOUT),
    "tls.eof.some_addresses": partly(None, EOF),
    "tls.mitm.some_addresses": partly(None, UNTRUSTED),
    "http.parked": shared(*visit()[:4], fetched(kept=b"<title>This domain is for sale</title>")),
    "http.page.certified": secure(*visit(), controls=()),
    "http.page.same": plain(*plain_visit()),
    "http.page.same_refusal": secure(
        *visit()[:4], fetched(status=403), controls=three(*visit()[:4], fetched(status=403))
    ),
    # Names
    "dns.injection.raced_bogon": raced("10.10.34.35"),
    "dns.injection.raced_nxdomain": raced(rcode=3),
    "dns.injection.raced": raced(FORGED),
    "dns.bogon.controls_differ": secure(looked(["10.10.34.35"]), screened("10.10.34.35")),
    "dns.blockpage.known_address": replace(
        plain(looked([FORGED]), connected(FORGED, port=80, failure=TIMEOUT)),
        fingerprints=Fingerprints(
            entries=(
                Fingerprint(
                    id="x", scope=Scope.ISP, place=Place.ADDRESS, pattern=FORGED, countries=("KG",), source="this test"
                ),
            )
        ),
    ),
    "dns.blockpage.known_page": plain(
        looked([FORGED]),
        connected(FORGED, port=80),
        fetched(
            HTTP,
            address=FORGED,
            title="Blocked",
            length=188,
            kept=b"<p>Access to the requested website has been blocked by judicial decision!</p>",
        ),
    ),
    "dns.blockpage.resolvers_differ": plain(*forged_page()),
    "dns.blockpage.unvouched_address": replace(plain(*forged_page()), health=Health.UNKNOWN),
    "dns.certificate.suspect_address": secure(
        looked([FORGED]),
        looked([SITE], engine="doh"),
        connected(FORGED),
        shook(FORGED, UNTRUSTED, chain=[_STRANGER]),
        *visit()[2:],
    ),
    "dns.address.dead_end": secure(
        looked([FORGED]), looked([SITE], engine="doh"), connected(FORGED, REFUSED), *visit()[2:]
    ),
    "dns.nxdomain.controls_resolve": unresolved(NXDOMAIN),
    "dns.refused.controls_resolve": unresolved("dns_refused_error"),
    "dns.servfail.controls_resolve": unresolved("dns_servfail_error"),
    "dns.no_answer.controls_resolve": unresolved("dns_no_answer"),
    "dns.timeout.controls_resolve": unresolved(TIMEOUT),
    "dns.failed.controls_resolve": unresolved("dns_reply_with_wrong_query_id"),
    # Connections
    "tcp.timeout.controls_connect": unconnected(TIMEOUT, TIMEOUT),
    "tcp.refused.controls_connect": unconnected(REFUSED, REFUSED),
    "tcp.reset.controls_connect": unconnected(RESET, RESET),
    "tcp.unreachable.controls_connect": unconnected("host_unreachable", "host_unreachable"),
    "tcp.failed.controls_connect": unconnected(TIMEOUT, RESET),
    # Handshakes
    "tls.mitm.self_signed": unshaken(UNTRUSTED, chain=[leaf(NAME)]),
    "tls.mitm.ca_signed": unshaken(UNTRUSTED, chain=[_STRANGER]),
    "tls.mitm.controls_verify": unshaken(WRONG_NAME, chain=[leaf("notice.example", issuer="Real CA")]),
    "tls.certificate.out_of_date": unshaken("ssl_invalid_certificate", chain=[leaf(NAME, issuer="Old CA")]),
    "tls.certificate.unvouched_address": secure(
        looked([FORGED]), connected(FORGED), shook(FORGED, UNTRUSTED, chain=[_STRANGER])
    ),
    "tls.reset.controls_complete": unshaken(RESET),
    "tls.timeout.controls_complete": unshaken(TIMEOUT),
    "tls.eof.controls_complete": unshaken(EOF),
    "tls.failed.controls_complete": unshaken(UNKNOWN),
    # Pages
    "http.redirect.known": plain(
        *plain_visit()[:3], redirected(HTTP, "http://homeline.kg/access/blockpage.html?url=kloop.kg")
    ),
    "http.blockpage.known": plain(
        *notice(kept=b"<p>Access to the requested website has been blocked by judicial decision!</p>")
    ),
    "http.blockpage.injected": plain(*notice(headers=(), protocol="HTTP/1.0")),
    "http.legal_refusal.controls_differ": secure(*visit()[:4], fetched(status=451)),
    "http.challenge": plain(*notice(status=403, title="Just a moment...")),
    "http.refusal.controls_differ": secure(*visit()[:4], fetched(status=403)),
    "http.redirect.broken": unanswered("http_invalid_redirect_location_host"),
    "http.blockpage.alike": replace(
        plain(*plain_visit(title=None, length=8000, kept=b"<h1>Gatekeeper 3000</h1>", headers=HEADERS)),
        fingerprints=Fingerprints(
            entries=(
                Fingerprint(
                    id="x",
                    scope=Scope.PRODUCT,
                    place=Place.BODY,
                    manner=Manner.CONTAINS,
                    pattern="Gatekeeper 3000",
                    source="this test",
                ),
            )
        ),
    ),
    "http.redirect.elsewhere": plain(*plain_visit()[:3], redirected(HTTP, "http://notice.example/")),
    "http.blockpage.controls_differ": plain(*notice()),
    "http.reset.controls_answered": unanswered(RESET),
    "tls.throttle.controls_faster": slow(*visit()[:4], unended([(float(n), 800 * n) for n in range(1, 10)])),
    "http.throttle.controls_faster": slow(
        *plain_visit()[:3], unended([(float(n), 800 * n) for n in range(1, 10)], HTTP), url=HTTP
    ),
    "http.frozen.controls_answered": slow(*visit()[:4], unended([(0.2, 9000), (0.3, 16_000)])),
    "http.timeout.controls_answered": unanswered(TIMEOUT),
    "http.eof.controls_answered": unanswered(EOF),
    "http.failed.controls_answered": unanswered(UNKNOWN),
    # Not only here
    "dns.resolver_away": unresolved(REFUSED),
    "dns.authority_agrees": secure(looked(NXDOMAIN), looked(NXDOMAIN, engine="doh")),
    "dns.exists_only_here": plain(
        looked([FORGED]),
        connected(FORGED, port=80),
        fetched(HTTP, address=FORGED),
        controls=three(looked(NXDOMAIN), url=HTTP),
    ),
    "dns.fails_everywhere": shared(looked(NXDOMAIN)),
    "tcp.fails_everywhere": shared(looked([SITE]), connected(SITE, REFUSED)),
    "tls.certificate_fails_everywhere": shared(looked([SITE]), connected(), shook(SITE, "ssl_invalid_certificate")),
    "tls.fails_everywhere": shared(looked([SITE]), connected(), shook(SITE, RESET)),
    "http.fails_everywhere": shared(looked([SITE]), connected(), shook(), fetched(status=None, failure=EOF)),
    "http.server_error_everywhere": shared(*visit()[:4], fetched(status=503)),
    "control.fails_too": secure(
        *visit()[:4],
        redirected(HTTPS, "https://kloop.kg/again"),
        controls=three(looked(TIMEOUT), looked([], engine="doh")),
    ),
    "control.none": secure(looked(NXDOMAIN), looked([SITE], engine="doh"), controls=()),
    "control.divided": secure(
        looked(NXDOMAIN),
        looked([SITE], engine="doh"),
        controls=(control(1, *visit()), control(2, looked(NXDOMAIN))),
    ),
    "control.suspect_addresses": secure(looked([FORGED]), connected(FORGED, TIMEOUT)),
    "http.page.unclear": plain(
        *plain_visit(title="Клооп: новости Кыргызстана", length=60_000),
        controls=three(*plain_visit(length=70_000), url=HTTP),
    ),
    "control.undecided": secure(looked([SITE]), looked([SITE], engine="doh")),
}
