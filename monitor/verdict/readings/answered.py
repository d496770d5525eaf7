"""Answers of the site's own server: its page, its refusal, or none to the end."""

from __future__ import annotations

from collections.abc import Collection

from monitor.model import Observation, Page
from monitor.verdict.case import Case
from monitor.verdict.likeness import is_challenge, same_server
from monitor.verdict.readings.proof import came_by_default, page_proved


def certified(case: Case) -> Observation | None:
    """The page, proved by a certificate."""
    return page_proved(case) if case.last.certified else None


def same_refusal(case: Case) -> Observation | None:
    """The site's own server answers everybody with the same 4xx: the way to it is open."""
    hop = case.last
    if hop.page is None or not came_by_default(case) or not 400 <= hop.page.status < 500:
        return None
    return hop.fetch if case.most(lambda page: hop.page is not None and page.status == hop.page.status) else None


def parked(case: Case) -> Observation | None:
    """A seller's page where the site was, here and at most controls."""
    page, sold = case.last.page, case.fingerprints.parked
    everywhere = bool(case.whole.control.pages) and case.most(lambda other: sold(other) is not None)
    return case.last.fetch if page and sold(page) and everywhere else None


def _own_answer(case: Case) -> Page | None:
    """The last answer, where it is the site's own: TLS says so or, in the clear, a header that few servers send."""
    hop = case.last
    if hop.page is None or case.astray:
        return None
    kin = any(same_server(hop.page, other) for other in case.whole.control.pages)
    return hop.page if hop.certified or kin else None


def refusal(case: Case, *, legal: bool) -> Observation | None:
    """The site's own server refuses here and serves most controls; 451 (RFC 7725) where `legal`, else any other."""
    page = _own_answer(case)
    if page is None or page.status < 400 or (page.status == 451) is not legal:
        return None
    return case.last.fetch if case.most(lambda other: other.status < 400) else None


def challenge(case: Case) -> Observation | None:
    """A browser check in place of the page."""
    page = case.last.page
    return case.last.fetch if page and is_challenge(page) and case.whole.control.asked else None


def broken_redirect(case: Case) -> Observation | None:
    """A redirect to nowhere, over verified TLS."""
    fetch = case.last.fetch
    broken = fetch is not None and fetch.failure == "http_invalid_redirect_location_host"
    return fetch if broken and case.last.verified and case.whole.control.asked else None


def cut_off(case: Case, *, failures: Collection[str]) -> Observation | None:
    """The request that failed in one of these ways, while most controls were answered."""
    seen = unanswered(case)
    return seen if seen and seen.failure in failures else None


def unanswered(case: Case) -> Observation | None:
    """The failed request, where its address is vouched for and most controls were answered."""
    hop = case.last
    if hop.fetch is None or case.astray or not hop.fetched_at & hop.trusted:
        return None
    return hop.fetch if case.contrary(hop.fetch) else None


def unclear(case: Case) -> Observation | None:
    """A page in the clear about which no other reading could speak."""
    page = case.last.page
    return case.last.fetch if page and not case.last.secure and case.whole.control.pages else None
