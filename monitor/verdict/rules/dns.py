"""Names: forged, withheld, or never answered."""

from __future__ import annotations

from functools import partial

from monitor.model import Evidence, Layer, Locus, State
from monitor.verdict import words
from monitor.verdict.readings import forged, withheld
from monitor.verdict.rule import Rule

REACHED_ALL_THE_SAME = (
    Rule(
        id="dns.injection.reached",
        why="The site is reached, but a question to a resolver was answered twice, and once falsely.",
        state=State.OK,
        layer=Layer.DNS,
        technique="dns.injection",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=forged.raced_in_vain,
    ),
)

RULES = (
    Rule(
        id="dns.injection.raced_bogon",
        why="One question got two answers: one names an address that no public site has, the other is vouched for.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.bogon",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(forged.raced, kind="bogon"),
    ),
    Rule(
        id="dns.injection.raced_nxdomain",
        why="One question got two answers: one denies that the name exists, the other is vouched for.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.nxdomain",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(forged.raced, kind="nxdomain"),
    ),
    Rule(
        id="dns.bogon.controls_differ",
        why="The system's resolver gives an address that no public site has, and the controls are given others.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.bogon",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=forged.special_address,
    ),
    Rule(
        id="dns.blockpage.known_address",
        why="The system's resolver gives an address that is known from here as a block notice's; controls get others.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=forged.known_address,
    ),
    Rule(
        id="dns.blockpage.known_page",
        why="The system's resolver leads to an address that nobody else is given, where a known notice is served.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=forged.known_notice_at_suspect,
    ),
    Rule(
        id="dns.blockpage.resolvers_differ",
        why="Of this name alone the system's resolver gives an address that nobody else is given, with another page.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(forged.notice_at_suspect, healthy=True),
    ),
    Rule(
        id="dns.blockpage.unvouched_address",
        why="The system's resolver gives an address that nobody else is given, another page is there, and no innocuous "
        "target tells whether it does so for every name.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.blockpage",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(forged.notice_at_suspect, healthy=False),
    ),
    Rule(
        id="dns.certificate.suspect_address",
        why="At the address given here the certificate is not the site's; at the address given elsewhere it is.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection.other",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=forged.wrong_certificate_at_suspect,
    ),
    Rule(
        id="dns.injection.raced",
        why="One question got two answers that contradict each other, and only one of them is vouched for.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.injection",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(forged.raced, kind="other"),
    ),
    Rule(
        id="dns.address.dead_end",
        why="The addresses given here, which nobody else is given, lead nowhere; another resolver's address works.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns",
        evidence=Evidence.AMBIGUOUS,
        matches=forged.dead_end,
    ),
    Rule(
        id="dns.nxdomain.controls_resolve",
        why="The system's resolver denies that the name exists; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.nxdomain",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(withheld.withheld, failures=words.NXDOMAIN),
    ),
    Rule(
        id="dns.refused.controls_resolve",
        why="The system's resolver refuses to answer for this name; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.refused",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(withheld.withheld, failures=words.REFUSES),
    ),
    Rule(
        id="dns.servfail.controls_resolve",
        why="The system's resolver says that it cannot answer for this name; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.refused",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(withheld.withheld, failures=words.SERVFAIL),
    ),
    Rule(
        id="dns.no_answer.controls_resolve",
        why="The system's resolver knows the name but gives no address; most controls are given one.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(withheld.withheld, failures=words.EMPTY),
    ),
    Rule(
        id="dns.timeout.controls_resolve",
        why="The system's resolver is silent about this name while another resolver answers; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns.timeout",
        evidence=Evidence.AMBIGUOUS,
        matches=withheld.silent,
    ),
    Rule(
        id="dns.failed.controls_resolve",
        why="The system's resolver fails for this name in another way; most controls resolve it.",
        state=State.BLOCKED,
        layer=Layer.DNS,
        technique="dns",
        evidence=Evidence.AMBIGUOUS,
        matches=withheld.failed_otherwise,
    ),
)

UNDECIDED = (
    Rule(
        id="dns.resolver_away",
        why="The system's resolver took no question (nothing listens there, or no way leads to it), whatever the name.",
        state=State.INSUFFICIENT,
        layer=Layer.DNS,
        matches=withheld.not_asked,
    ),
    Rule(
        id="dns.authority_agrees",
        why="DNS over HTTPS, which this network cannot forge, says the same as the system's resolver; controls differ.",
        state=State.INSUFFICIENT,
        layer=Layer.DNS,
        matches=withheld.authority_agrees,
    ),
    Rule(
        id="dns.exists_only_here",
        why="The name exists for no control and yet has an address here: an ISP that rewrites denials does so too.",
        state=State.DOWN,
        layer=Layer.DNS,
        matches=withheld.exists_only_here,
    ),
)
