"""Pages in the clear that are not the site's: put in its place, or led to from there."""

from __future__ import annotations

from monitor.model import Observation, Page
from monitor.verdict.case import Case
from monitor.verdict.fingerprints import recognise
from monitor.verdict.likeness import Likeness, is_bare
from monitor.verdict.names import host_of


def _in_the_clear(case: Case) -> Page | None:
    """The last answer, where somebody on the way to the site could have written it and most controls got a page."""
    hop = case.last
    return hop.page if not hop.secure and not case.at_suspect and case.others_succeed else None


def known_redirect(case: Case) -> Observation | None:
    """A redirect to where notices are known to be shown."""
    page = _in_the_clear(case)
    return case.last.fetch if page and page.location and _recognised(case, page) else None


def known_notice(case: Case) -> Observation | None:
    """A page that is a known notice."""
    page = _in_the_clear(case)
    return case.last.fetch if page and not page.location and _recognised(case, page) else None


def _recognised(case: Case, page: Page) -> bool:
    return recognise(page, case.country, of=host_of(case.url)) is not None


def bare(case: Case) -> Observation | None:
    """A page without headers, where the controls' pages have them."""
    page = _in_the_clear(case)
    return case.last.fetch if page and is_bare(page) and case.most(lambda other: bool(other.headers)) else None


def elsewhere(case: Case) -> Observation | None:
    """A redirect to a site that no control is sent to."""
    return case.last.fetch if case.astray and _in_the_clear(case) else None


def other_page(case: Case) -> Observation | None:
    """A page that is not the one that most controls get."""
    page = _in_the_clear(case)
    return case.last.fetch if page and not page.location and case.likeness() is Likeness.DIFFERENT else None
