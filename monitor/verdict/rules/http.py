"""Pages: proved to be the site's, put in its place, refused by the site itself, or cut off while they were sent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from monitor.model import Evidence, Layer, Locus, Observation, Page, State
from monitor.verdict import words
from monitor.verdict.case import Case
from monitor.verdict.fingerprints import recognise
from monitor.verdict.likeness import Likeness, is_bare, is_challenge, same_server
from monitor.verdict.names import host_of, same_site
from monitor.verdict.rule import Rule
from monitor.verdict.rules.proof import came_by_default, page_proved


def _certified(case: Case) -> Observation | None:
    return page_proved(case) if case.last.certified else None


def _same_refusal(case: Case) -> Observation | None:
    """The site's own server answers everybody with the same 4xx: the way to it is open."""
    hop = case.last
    if hop.page is None or not came_by_default(case) or not 400 <= hop.page.status < 500:
        return None
    return hop.fetch if _most(case, lambda page: hop.page is not None and page.status == hop.page.status) else None


def _most(case: Case, holds: Callable[[Page], bool]) -> bool:
    """Whether something holds for more than half of the pages that the controls ended with."""
    pages = case.whole.control.pages
    return 2 * sum(holds(page) for page in pages) > len(pages)


# Put in the site's place


def _in_the_clear(case: Case) -> Page | None:
    """The last answer, where anybody on the way could have written it and most controls got a page."""
    hop = case.last
    return hop.page if not hop.secure and case.others_succeed else None


def _known_redirect(case: Case) -> Observation | None:
    page = _in_the_clear(case)
    return case.last.fetch if page and page.location and _recognised(case, page) else None


def _known_notice(case: Case) -> Observation | None:
    page = _in_the_clear(case)
    return case.last.fetch if page and not page.location and _recognised(case, page) else None


def _recognised(case: Case, page: Page) -> bool:
    """A site that is watched for its own sake is not its own block page."""
    found = recognise(page, case.country)
    return found is not None and not (found.host and same_site(host_of(case.url), found.host))


def _bare(case: Case) -> Observation | None:
    page = _in_the_clear(case)
    return case.last.fetch if page and is_bare(page) and _most(case, lambda other: bool(other.headers)) else None


def _elsewhere(case: Case) -> Observation | None:
    return case.last.fetch if case.astray and case.others_succeed else None


def _other_page(case: Case) -> Observation | None:
    page = _in_the_clear(case)
    return case.last.fetch if page and not page.location and case.likeness() is Likeness.DIFFERENT else None


# Refused by the site itself


def _own_answer(case: Case) -> Page | None:
    """The last answer, where it is the site's own: TLS says so or, in the clear, a header that few servers send."""
    hop = case.last
    if hop.page is None or case.astray:
        return None
    kin = any(same_server(hop.page, other) for other in case.whole.control.pages)
    return hop.page if hop.certified or kin else None


def _refusal(case: Case, *, legal: bool) -> Observation | None:
    page = _own_answer(case)
    if page is None or page.status < 400 or (page.status == 451) is not legal:
        return None
    return case.last.fetch if _most(case, lambda other: other.status < 400) else None


def _challenge(case: Case) -> Observation | None:
    page = case.last.page
    return case.last.fetch if page and is_challenge(page) and case.whole.control.asked else None


def _broken_redirect(case: Case) -> Observation | None:
    fetch = case.last.fetch
    broken = fetch is not None and fetch.failure == "http_invalid_redirect_location_host"
    return fetch if broken and case.last.verified and case.whole.control.asked else None


# Cut off


def _cut_off(case: Case, *, failures: Collection[str]) -> Observation | None:
    seen = _unanswered(case)
    return seen if seen and seen.failure in failures else None


def _unanswered(case: Case) -> Observation | None:
    """The failed request, where its address is vouched for and most controls were answered."""
    hop = case.last
    if hop.fetch is None or case.astray or not hop.fetched_at & hop.trusted:
        return None
    return hop.fetch if case.contrary(hop.fetch) else None


def _unclear(case: Case) -> Observation | None:
    page = case.last.page
    return case.last.fetch if page and not case.last.secure and case.whole.control.pages else None


_WAYS = (
    ("reset", words.RESET, "http.reset", "was reset"),
    ("timeout", words.TIMEOUT, "http.timeout", "was not answered to its end"),
    ("eof", words.EOF, "http.eof", "was cut by the other side's closing"),
)

PROVED = (
    Rule(
        id="http.page.certified",
        why="A page was served at an address of the system's resolver with a certificate that is valid for the name.",
        state=State.OK,
        matches=_certified,
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
        matches=_same_refusal,
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
        matches=_known_redirect,
    ),
    Rule(
        id="http.blockpage.known",
        why="The page, in the clear, is a block notice known from this country, and most controls get another.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=_known_notice,
    ),
    Rule(
        id="http.blockpage.injected",
        why="The page came as HTTP/1.0 without one header, as a forged one would; controls get another.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.blockpage",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=_bare,
    ),
    Rule(
        id="http.legal_refusal.controls_differ",
        why="The site's own server says 451 (unavailable for legal reasons) here and serves its page to most controls.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=partial(_refusal, legal=True),
    ),
    Rule(
        id="http.challenge",
        why="The server asks for a proof that a person is reading; what a person would get is not seen.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=_challenge,
    ),
    Rule(
        id="http.refusal.controls_differ",
        why="The site's own server refuses this vantage point and serves most controls; the network is not involved.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=partial(_refusal, legal=False),
    ),
    Rule(
        id="http.redirect.broken",
        why="The site's own server redirects to something that is no address; the network is not involved.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        locus=Locus.SERVER_SIDE,
        evidence=Evidence.SERVER_ANSWER,
        matches=_broken_redirect,
    ),
    Rule(
        id="http.redirect.elsewhere",
        why="The answer, in the clear, sends the reader to a site that no control is sent to.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.redirect",
        evidence=Evidence.AMBIGUOUS,
        matches=_elsewhere,
    ),
    Rule(
        id="http.blockpage.controls_differ",
        why="The page came in the clear and is not the page that most controls get, by its size, title and headers.",
        state=State.BLOCKED,
        layer=Layer.HTTP,
        technique="http.blockpage",
        evidence=Evidence.AMBIGUOUS,
        matches=_other_page,
    ),
    *(
        Rule(
            id=f"http.{name}.controls_answered",
            why=f"The request at a vouched-for address {what}; most controls were answered.",
            state=State.BLOCKED,
            layer=Layer.HTTP,
            technique=technique,
            evidence=Evidence.AMBIGUOUS,
            matches=partial(_cut_off, failures=failures),
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
        matches=_unanswered,
    ),
)

UNDECIDED = (
    Rule(
        id="http.page.unclear",
        why="The page came in the clear, and its difference from the controls' pages may be the site's own variety.",
        state=State.INSUFFICIENT,
        layer=Layer.HTTP,
        matches=_unclear,
    ),
)
