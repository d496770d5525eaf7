"""Pages: proved to be the site's, put in its place, refused by the site itself, or cut off while they were sent."""

from __future__ import annotations

from functools import partial

from monitor.model import Evidence, Layer, Locus, State
from monitor.verdict import words
from monitor.verdict.readings import answered, replaced, slow
from monitor.verdict.readings.proof import page_proved
from monitor.verdict.rule import Rule

_WAYS = (
    ("reset", words.RESET, "http.reset", "was reset"),
    ("eof", words.EOF, "http.eof", "was cut by the other side's closing"),
)

PROVED = (
    Rule(
        id="http.parked",
        why="A seller of names shows his page here and to most controls: the site has left this name.",
        state=State.DOWN,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=answered.parked,
    ),
    Rule(
        id="http.page.certified",
        why="A page was served at an address of the system's resolver with a certificate that is valid for the name.",
        state=State.OK,
        matches=answered.certified,
    ),
    Rule(
        id="http.page.same",
        why="The page came in the clear and is the page that most controls get.",
        state=State.OK,
        matches=page_proved,
    ),
    Rule(
        id="http.page.same_refusal",
        why="The site's server answers with the same refusal here and at most controls: the way to it is open.",
        state=State.OK,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=answered.same_refusal,
    ),
)

RULES = (
    Rule(
        id="http.redirect.known",
        why="The answer, in the clear, sends the reader to an address where a network is known to show block notices.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.redirect",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=replaced.known_redirect,
    ),
    Rule(
        id="http.blockpage.known",
        why="The page, in the clear, is a block notice known from this country, and most controls get another.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=replaced.known_notice,
    ),
    Rule(
        id="http.blockpage.injected",
        why="The page came as HTTP/1.0 without one header, as a forged one would; controls get another.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=replaced.bare,
    ),
    Rule(
        id="http.legal_refusal.controls_differ",
        why="The site's own server says 451 (unavailable for legal reasons) here and serves its page to most controls.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=partial(answered.refusal, legal=True),
    ),
    Rule(
        id="http.challenge",
        why="The server asks for a proof that a person is reading; what a person would get is not seen.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=answered.challenge,
    ),
    Rule(
        id="http.refusal.controls_differ",
        why="The site's own server refuses this vantage point and serves most controls; the network is not involved.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=partial(answered.refusal, legal=False),
    ),
    Rule(
        id="http.redirect.broken",
        why="The site's own server redirects to something that is no address; the network is not involved.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=answered.broken_redirect,
    ),
    Rule(
        id="http.blockpage.alike",
        why="The page, in the clear, is a filter's that is known from elsewhere or from unrelated sites here; controls "
        "get another.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.blockpage",
        evidence=Evidence.AMBIGUOUS,
        matches=replaced.alike,
    ),
    Rule(
        id="http.redirect.elsewhere",
        why="The answer, in the clear, sends the reader to a site that no control is sent to.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.redirect",
        evidence=Evidence.AMBIGUOUS,
        matches=replaced.elsewhere,
    ),
    Rule(
        id="http.blockpage.controls_differ",
        why="The page came in the clear and is not the page that most controls get, by its size, title and headers.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.blockpage",
        evidence=Evidence.AMBIGUOUS,
        matches=replaced.other_page,
    ),
    Rule(
        id="tls.throttle.controls_faster",
        why="The answer came over TLS all the time and at a tenth of most controls' speed, while innocuous sites work.",
        state=State.BLOCKED,
        layer=Layer.TLS,
        technique="tls.throttle",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(slow.throttled, secure=True),
    ),
    Rule(
        id="http.throttle.controls_faster",
        why="The answer came in the clear all the time and at a tenth of most controls' speed, while innocuous sites "
        "work.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.throttle",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(slow.throttled, secure=False),
    ),
    Rule(
        id="http.frozen.controls_answered",
        why="The answer stopped for good after some kilobytes; most controls were given it to its end.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.timeout.after_n_kilobytes",
        evidence=Evidence.AMBIGUOUS,
        matches=slow.stopped,
    ),
    Rule(
        id="http.timeout.controls_answered",
        why="The request at a vouched-for address was not answered to its end; most controls were answered.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.timeout",
        evidence=Evidence.AMBIGUOUS,
        matches=slow.unended,
    ),
    *(
        Rule(
            id=f"http.{name}.controls_answered",
            why=f"The request at a vouched-for address {what}; most controls were answered.",
            state=State.BLOCKED,
            layer=Layer.HTTP,
            technique=technique,
            evidence=Evidence.AMBIGUOUS,
            matches=partial(answered.cut_off, failures=failures),
        )
        for name, failures, technique, what in _WAYS
    ),
    Rule(
        id="http.failed.controls_answered",
        why="The request at a vouched-for address failed in another way; most controls were answered.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http",
        evidence=Evidence.AMBIGUOUS,
        matches=answered.unanswered,
    ),
)

UNDECIDED = (
    Rule(
        id="http.page.unclear",
        why="The page came in the clear, and its difference from the controls' pages may be the site's own variety.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        matches=answered.unclear,
    ),
)
