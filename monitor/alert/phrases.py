"""Plain words for codes: stages, techniques, countries. Each is looked up in the catalogue when it is written.

They stay cautious: what is told is what measurements are consistent with, never who did it.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.alert.tongue import mark
from monitor.model import Stage, Tier, Topic

LABELS: Mapping[tuple[Topic, Stage], str] = {
    (Topic.BLOCKING, Stage.SUSPECTED): mark("POSSIBLE BLOCK"),
    (Topic.BLOCKING, Stage.LIKELY): mark("LIKELY BLOCKED"),
    (Topic.BLOCKING, Stage.CONFIRMED): mark("BLOCK CONFIRMED"),
    (Topic.BLOCKING, Stage.EXTENDED): mark("UPDATE ON A BLOCK"),
    (Topic.BLOCKING, Stage.RECOVERING): mark("PERHAPS REACHABLE AGAIN"),
    (Topic.BLOCKING, Stage.ENDED): mark("REACHABLE AGAIN"),
    (Topic.OFFLINE, Stage.SUSPECTED): mark("NETWORK PERHAPS OFFLINE"),
    (Topic.OFFLINE, Stage.LIKELY): mark("NETWORK LIKELY OFFLINE"),
    (Topic.OFFLINE, Stage.CONFIRMED): mark("NETWORK OFFLINE"),
    (Topic.OFFLINE, Stage.EXTENDED): mark("UPDATE ON A SILENT NETWORK"),
    (Topic.OFFLINE, Stage.ENDED): mark("NETWORK REPORTS AGAIN"),
    (Topic.MONITOR, Stage.LIKELY): mark("THE MONITOR NEEDS YOU"),
    (Topic.MONITOR, Stage.ENDED): mark("THE MONITOR WORKS AGAIN"),
    (Topic.TERM, Stage.LIKELY): mark("TERM OVER, STILL BLOCKED"),
    (Topic.CLAIM, Stage.LIKELY): mark("DOCUMENTED DATE IN DOUBT"),
    (Topic.COVERAGE, Stage.LIKELY): mark("TOO LITTLE IS MEASURED"),
    (Topic.COVERAGE, Stage.ENDED): mark("ENOUGH IS MEASURED AGAIN"),
}
AGAIN = mark("BLOCKED AGAIN")
RETRACTED = mark("RETRACTION")


def label(topic: Topic, stage: Stage, note: str = "") -> str:
    """The first words of a message, in English; a retraction has the same in every matter.

    >>> label(Topic.BLOCKING, Stage.EXTENDED, "again"), label(Topic.TERM, Stage.ENDED)
    ('BLOCKED AGAIN', 'TERM OVER, STILL BLOCKED')
    """
    if stage is Stage.RETRACTED:
        return RETRACTED
    if stage is Stage.EXTENDED and note == "again":
        return AGAIN
    return LABELS.get((topic, stage)) or LABELS[topic, Stage.LIKELY]


TIERS: Mapping[Tier, str] = {
    Tier.SUSPECTED: mark(
        "How sure: suspected. Something changed; the evidence is thin, so do not pass it on as a fact."
    ),
    Tier.LIKELY: mark("How sure: likely. The evidence is strong, but another cause is not ruled out."),
    Tier.CONFIRMED: mark(
        "How sure: confirmed. The evidence leaves no other cause that we know of. It does not say who ordered it."
    ),
}

COUNTRIES: Mapping[str, str] = {
    "AZ": mark("Azerbaijan"),
    "BY": mark("Belarus"),
    "CN": mark("China"),
    "IR": mark("Iran"),
    "KG": mark("Kyrgyzstan"),
    "KZ": mark("Kazakhstan"),
    "RU": mark("Russia"),
    "TJ": mark("Tajikistan"),
    "TM": mark("Turkmenistan"),
    "TR": mark("Türkiye"),
    "UG": mark("Uganda"),
    "UZ": mark("Uzbekistan"),
    "XD": mark("Demoland"),
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


def technique(code: str) -> str:
    """The phrase for a technique, or for its deepest ancestor that has one; empty for one that has none.

    >>> technique("dns.injection.bogon.v6"), technique("smoke.signals")
    ('DNS: false answer (an address that cannot exist on the internet)', '')
    """
    while code and code not in TECHNIQUES:
        code = code.rpartition(".")[0]
    return TECHNIQUES.get(code, "")
