"""Plain words for the codes in the records; every phrase is looked up in the catalogue when it is shown.

They stay cautious: what is shown is what measurements are consistent with, never who did it.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.web.language import mark

STATES: Mapping[str, str] = {
    "ok": mark("ok"),
    "down": mark("down"),
    "blocked": mark("blocked"),
    "insufficient": mark("insufficient"),
    "stale": mark("no recent data"),
    "none": mark("no data"),
}

FACETS: Mapping[str, str] = {
    "country": mark("Country"),
    "network": mark("Network"),
    "category": mark("Category"),
    "state": mark("State"),
    "target": mark("Target"),
    "tier": mark("How sure"),
    "open": mark("Open"),
}

OPENNESS: Mapping[str, str] = {"true": mark("goes on"), "false": mark("ended")}

GRADES: Mapping[str, str] = {
    "ok": mark("ok"),
    "few": mark("under a tenth blocked"),
    "some": mark("a tenth to a half blocked"),
    "much": mark("half and more blocked"),
    "down": mark("down"),
    "insufficient": mark("insufficient"),
}

MEANINGS: Mapping[str, str] = {
    "ok": mark("the site answered as it should"),
    "down": mark("it fails everywhere, at the controls too: not blocking"),
    "blocked": mark("it fails here in a way that is consistent with blocking, and works at the controls"),
    "insufficient": mark("measured, but the result proves nothing; never to be read as ok"),
    "stale": mark("the newest result is too old to speak of now"),
    "none": mark("never measured from there"),
}

HEALTH: Mapping[str, str] = {
    "healthy": mark("healthy"),
    "sick": mark("sick"),
    "offline": mark("offline"),
    "unknown": mark("unknown"),
}

ROLES: Mapping[str, str] = {"vantage": mark("vantage point"), "control": mark("control")}

USER_ROLES: Mapping[str, str] = {"viewer": mark("viewer"), "operator": mark("operator")}

ACTIONS: Mapping[str, str] = {
    "user.add": mark("user added"),
    "user.remove": mark("user removed"),
    "user.passwd": mark("password changed"),
    "user.totp": mark("one-time code switched"),
    "key.add": mark("key made"),
    "key.revoke": mark("key revoked"),
    "sign-in": mark("signed in"),
    "sign-in.refused": mark("sign-in refused"),
    "sign-out": mark("signed out"),
}

TIERS: Mapping[str, str] = {
    "suspected": mark("suspected"),
    "likely": mark("likely"),
    "confirmed": mark("confirmed"),
}

TIER_MEANINGS: Mapping[str, str] = {
    "suspected": mark("something changed; the evidence is still thin"),
    "likely": mark("the evidence is strong, but another cause is not ruled out"),
    "confirmed": mark("the evidence leaves no other cause that we know of"),
}

LOCI: Mapping[str, str] = {
    "network": mark("on the network path"),
    "server_side": mark("at the site's own server"),
    "unknown": mark("not known"),
}

COUNTS: Mapping[str, str] = {
    "vantage_points": mark("vantage points"),
    "networks": mark("networks"),
    "blocked": mark("blocked measurements"),
    "ok": mark("ok measurements"),
    "down": mark("down measurements"),
    "insufficient": mark("insufficient measurements"),
    "controls_agree": mark("controls that agree"),
    "controls_total": mark("controls that were asked"),
    "flaps": mark("interruptions"),
    "decisive": mark("decisive experiments"),
    "missing": mark("missing reports"),
    "due": mark("reports that were due"),
}

CORNERS: Mapping[str, str] = {
    "passed": mark("works"),
    "cut": mark("fails after the name"),
    "unreached": mark("not reached"),
    "foreign": mark("somebody else answers"),
    "unknown": mark("not tried"),
}

HOPS: Mapping[str, str] = {
    "arrived": mark("answered as if by the site"),
    "cut": mark("cut off"),
    "router": mark("a router gave the message up"),
    "silence": mark("silence"),
}

BEARINGS: Mapping[str, str] = {
    "decisive": mark("the network makes the difference"),
    "exonerating": mark("others fail there too"),
}

CLAIMS: Mapping[str, str] = {
    "blocked": mark("said to be blocked"),
    "unblocked": mark("said to be unblocked"),
    "extended": mark("block said to be extended"),
    "ordered": mark("block ordered"),
    "threatened": mark("block threatened"),
    "court_upheld": mark("upheld by a court"),
    "court_annulled": mark("annulled by a court"),
    "not_enforced": mark("ordered, said not to be enforced"),
    "look_alike": mark("looks like a block and is none"),
}

VERDICTS: Mapping[str, str] = {
    "supported": mark("supported"),
    "consistent": mark("consistent"),
    "contradicted": mark("contradicted"),
    "not testable": mark("not testable"),
}

ENFORCEMENT: Mapping[str, str] = {
    "block_followed": mark("a block followed"),
    "blocked_before": mark("the block was there before"),
    "no_block_followed": mark("no block followed"),
    "still_blocked": mark("still blocked afterwards"),
    "not_blocked": mark("not blocked afterwards"),
    "not_testable": mark("not testable"),
}

TERMS: Mapping[str, str] = {
    "ended": mark("the block ended with the term"),
    "went_on": mark("the block went on"),
    "not_testable": mark("not testable"),
}

TECHNIQUES: Mapping[str, str] = {
    "dns": mark("interference with name lookup (DNS)"),
    "dns.nxdomain": mark("DNS: told that the name does not exist"),
    "dns.refused": mark("DNS: the resolver refuses to answer"),
    "dns.servfail": mark("DNS: the resolver answers with an error"),
    "dns.timeout": mark("DNS: no answer for this name"),
    "dns.no_answer": mark("DNS: an empty answer"),
    "dns.injection": mark("DNS: false answer"),
    "dns.injection.bogon": mark("DNS: false answer (an address that cannot exist on the internet)"),
    "dns.injection.blockpage": mark("DNS: false answer (address of a block page)"),
    "dns.injection.other": mark("DNS: false answer (address of somebody else)"),
    "ip": mark("the address is not reachable"),
    "ip.unreachable": mark("the network says that the address is not reachable"),
    "tcp": mark("connections fail"),
    "tcp.timeout": mark("connection attempts stay without answer"),
    "tcp.reset": mark("connections are cut off"),
    "tcp.refused": mark("connections are refused"),
    "tls": mark("encrypted connections (TLS) fail"),
    "tls.reset": mark("TLS: cut off during the handshake"),
    "tls.reset.sni": mark("TLS: cut off when the site's name is seen (SNI)"),
    "tls.eof": mark("TLS: closed during the handshake"),
    "tls.timeout": mark("TLS: silence after the site's name was sent"),
    "tls.timeout.sni": mark("TLS: silence after the site's name is seen (SNI)"),
    "tls.mitm": mark("TLS: somebody else's certificate"),
    "tls.mitm.self_signed": mark("TLS: somebody else's self-signed certificate"),
    "tls.mitm.ca_signed": mark("TLS: somebody else's certificate from an unknown authority"),
    "tls.throttle": mark("TLS: slowed down"),
    "tls.throttle.sni": mark("TLS: slowed down when the site's name is seen (SNI)"),
    "http": mark("interference with the page (HTTP)"),
    "http.blockpage": mark("HTTP: a block page instead of the site"),
    "http.redirect": mark("HTTP: sent elsewhere"),
    "http.reset": mark("HTTP: cut off after the request"),
    "http.reset.host": mark("HTTP: cut off when the site's name is seen (Host)"),
    "http.eof": mark("HTTP: closed after the request"),
    "http.timeout": mark("HTTP: silence after the request"),
    "http.timeout.after_n_kilobytes": mark("HTTP: silence after the first kilobytes"),
    "http.throttle": mark("HTTP: slowed down"),
    "quic": mark("QUIC connections fail"),
    "quic.timeout": mark("QUIC: no answer"),
    "quic.timeout.sni": mark("QUIC: silence after the site's name is seen (SNI)"),
    "quic.refused": mark("QUIC: refused"),
    "quic.mitm": mark("QUIC: somebody else's certificate"),
}

EXPLANATIONS: Mapping[str, str] = {
    "dns": mark("Asked for the site's address, the network gives a false answer or none: the site is never found."),
    "ip": mark("Packets to the site's address do not arrive, whatever name is asked for."),
    "tcp": mark("The site's address does not accept connections from this network, while it does from elsewhere."),
    "tls": mark("The connection begins, and breaks when the browser says which site it wants or checks who answers."),
    "tls.mitm": mark("Somebody else answers in the site's place and shows a certificate that is not the site's."),
    "tls.throttle": mark("The site answers, but so slowly from this network that it is of no use."),
    "http": mark("The request for the page is answered by somebody else, or the connection breaks after it."),
    "http.blockpage": mark("In place of the site a notice is shown that access is closed."),
    "http.throttle": mark("The site answers, but so slowly from this network that it is of no use."),
    "quic": mark("The newer way to reach the site (HTTP/3) fails, while the older one may work."),
}


def technique(code: str | None) -> str:
    """The phrase for a technique, or for its deepest ancestor that has one; empty for no technique.

    >>> technique("dns.injection.bogon.v6")
    'DNS: false answer (an address that cannot exist on the internet)'
    >>> technique(None), technique("smoke.signals")
    ('', 'smoke.signals')
    """
    return _nearest(code, TECHNIQUES) or code or ""


def explained(code: str | None) -> str:
    """What a technique does, in a sentence for people who know nothing of networks; empty where there is none.

    >>> explained("http.blockpage.isp")
    'In place of the site a notice is shown that access is closed.'
    >>> explained(None), explained("smoke.signals")
    ('', '')
    """
    return _nearest(code, EXPLANATIONS)


def _nearest(code: str | None, table: Mapping[str, str]) -> str:
    node = code or ""
    while node and node not in table:
        node = node.rpartition(".")[0]
    return table.get(node, "")
