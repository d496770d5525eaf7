"""Pages in the clear that are not the site's: put in its place, or led to from there."""

from __future__ import annotations

from monitor.model import Observation, Page
from monitor.verdict.case import Case
from monitor.verdict.likeness import Likeness, is_bare
from monitor.verdict.names import host_of
from monitor.verdict.readings.forged import is_raced


def _in_the_clear(case: Case) -> Page | None:
    """The last answer, where somebody on the way to the site could have written it and most controls got a page."""
    hop = case.last
    forged = case.at_suspect and (hop.contradicted or is_raced(hop))  # then the name's forgery explains the page
    return hop.page if not hop.secure and not forged and case.others_succeed else None


def known_redirect(case: Case) -> Observation | None:
    """A redirect to where notices are known to be shown."""
    page = _in_the_clear(case)
    return case.last.fetch if page and page.location and case.notice(page) else None


def known_notice(case: Case) -> Observation | None:
    """A page that is a known notice."""
    page = _in_the_clear(case)
    return case.last.fetch if page and not page.location and case.notice(page) else None


def bare(case: Case) -> Observation | None:
    """A page without headers, where the controls' pages have them."""
    page = _in_the_clear(case)
    return case.last.fetch if page and is_bare(page) and case.most(lambda other: bool(other.headers)) else None


def alike(case: Case) -> Observation | None:
    """A page that is some filter's, and not what most controls get."""
    page = _in_the_clear(case)
    if page is None or case.likeness() is Likeness.SAME:
        return None
    known = case.fingerprints.alike(page, case.country, case.network, of=host_of(case.url))
    return case.last.fetch if known else None


def elsewhere(case: Case) -> Observation | None:
    """A redirect to a site that no control is sent to."""
    return case.last.fetch if case.astray and _in_the_clear(case) else None


def other_page(case: Case) -> Observation | None:
    """A page that is not the one that most controls get, nor one that is known to be no notice (a seller's, say)."""
    page = _in_the_clear(case)
    if page is None or page.location or case.fingerprints.refuted(page) or case.fingerprints.parked(page):
        return None
    return case.last.fetch if case.likeness() is Likeness.DIFFERENT else None
