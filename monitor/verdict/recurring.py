"""Pages that nobody has named yet: the same one in the place of unrelated sites, on one network and at no control.

That is how a new notice looks before it is on any list. It is also how a portal looks before its login, and an error of
a company that many sites are kept by; so it is told as a candidate, and a person decides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.model import Fingerprint, Manner, Page, Place, Scope
from monitor.verdict.likeness import is_challenge
from monitor.verdict.names import host_of, is_https, same_site, site_of

LEAST = 3
"""Unrelated sites that show the page: two may be kept by one company."""
_ALIKE = 0.6
"""Share of common runs of words from which two pages are one text; a date or a ticket number changes few of them."""
_RUN = 4
"""Words of a run."""
_MOST = 400
"""Different pages of one network that are compared pair by pair; the first ones stand for the rest."""
_SHARED_FRONTS = frozenset({"cf-ray", "x-amz-cf-id", "x-akamai-transformed", "x-served-by", "x-sucuri-id", "x-iinfo"})
"""Headers of companies that stand before many unrelated sites, and have one error page for all of them."""
_TAGS = re.compile(rb"<[^<>]*>")
"""In one pass, whatever a hostile page consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One answer in the clear, and whose place it stood in."""

    page: Page
    host: str
    target: str
    country: str
    network: str
    measurement: str
    innocuous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A page that recurs on a network."""

    country: str
    network: str
    sites: tuple[str, ...]
    """Registered names in whose place it was seen, sorted."""
    measurements: tuple[str, ...]
    title: str | None
    status: int
    leads_to: str
    """The host that a redirect leads to; empty for a page."""
    why: str
    """What makes the sightings one."""
    portal: bool
    """True where sites that nobody blocks show it too: then the network asks for a login, or is broken."""
    fingerprint: Fingerprint | None
    """What would recognise it again; None for a portal, and where nothing is common to all sightings."""


def recurring(
    sightings: Iterable[Sighting], at_controls: Sequence[Page], *, least: int = LEAST
) -> tuple[Candidate, ...]:
    """The pages that stand in the place of at least `least` unrelated sites of as many targets, the widest first.

    `at_controls` are pages that controls got for any of the sites: what a control gets too is no network's. Answers
    over TLS, checks for robots, servers' own errors (5xx) and answers of companies that stand before many sites are
    left out.
    """
    by_network: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for one in sightings:
        if _could_be_put_in(one.page):
            by_network[one.country, one.network].append(one)
    found = [
        candidate
        for (country, network), seen in sorted(by_network.items())
        for group in _groups(seen, at_controls)
        if (candidate := _candidate(country, network, group, least)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.sites), one.country, one.network, one.measurements)))


def _could_be_put_in(page: Page) -> bool:
    shared = _SHARED_FRONTS & {*page.headers}
    return not (is_https(page.url) or page.status >= 500 or is_challenge(page) or shared)


def _groups(seen: Sequence[Sighting], at_controls: Sequence[Page]) -> list[list[Sighting]]:
    """The sightings that are one page; none of those that a control was shown."""
    groups: dict[str, list[Sighting]] = defaultdict(list)
    for one in seen:
        if key := _key(one):
            groups[key].append(one)
    for page in at_controls:
        groups.pop(f"sha256 {page.sha256}", None)
        groups.pop(f"host {host_of(page.location)}", None)
    return _merged(groups, [_runs(page, host_of(page.url)) for page in at_controls])


def _key(one: Sighting) -> str:
    leads_to = host_of(one.page.location)
    if leads_to:
        return "" if same_site(leads_to, one.host) else f"host {leads_to}"
    return f"sha256 {one.page.sha256}" if one.page.sha256 and one.page.length else ""


def _merged(groups: Mapping[str, list[Sighting]], controls: Sequence[frozenset[bytes]]) -> list[list[Sighting]]:
    """Groups of pages whose words are mostly the same become one, beside the first of them."""
    merged: list[tuple[frozenset[bytes], list[Sighting]]] = []
    for key, group in groups.items():
        runs = frozenset[bytes]() if key.startswith("host ") else _runs(group[0].page, group[0].host)
        if runs and any(_alike(runs, other) for other in controls):
            continue
        beside = next((members for other, members in merged[:_MOST] if runs and _alike(runs, other)), None)
        if beside is None:
            merged.append((runs, list(group)))
        else:
            beside.extend(group)
    return [members for _, members in merged]


def _runs(page: Page, host: str) -> frozenset[bytes]:
    """Runs of words of a kept page, without its tags and without the name of the site that it names."""
    text = _TAGS.sub(b" ", page.kept or b"").lower().replace(host.encode() or b"\0", b"")
    words = text.replace(site_of(host).encode() or b"\0", b"").split()
    return frozenset(b" ".join(words[start : start + _RUN]) for start in range(max(len(words) - _RUN + 1, 0)))


def _alike(one: frozenset[bytes], other: frozenset[bytes]) -> bool:
    return bool(one and other) and len(one & other) >= _ALIKE * len(one | other)


def _candidate(country: str, network: str, group: Sequence[Sighting], least: int) -> Candidate | None:
    sites = {site_of(one.host) for one in group}
    if min(len(sites), len({one.target for one in group})) < least:
        return None
    page, portal = group[0].page, any(one.innocuous for one in group)
    return Candidate(
        country=country,
        network=network,
        sites=tuple(sorted(sites)),
        measurements=tuple(sorted({one.measurement for one in group})),
        title=page.title,
        status=page.status,
        leads_to=host_of(page.location),
        why=_why(group),
        portal=portal,
        fingerprint=None if portal else _fingerprint(country, network, group),
    )


def _why(group: Sequence[Sighting]) -> str:
    if group[0].page.location:
        return "same redirect"
    return "same bytes" if len({one.page.sha256 for one in group}) == 1 else "same words"


def _fingerprint(country: str, network: str, group: Sequence[Sighting]) -> Fingerprint | None:
    """What is common to all sightings: the redirect's host, the hash, or a title that names no site."""
    page = group[0].page
    hashes, titles = {one.page.sha256 for one in group}, {one.page.title for one in group}
    place, manner, pattern = Place.SHA256, Manner.FULL, page.sha256 or ""
    if page.location:
        place, pattern = Place.HOST, host_of(page.location)
    elif len(hashes) > 1:
        place, manner, pattern = Place.BODY, Manner.CONTAINS, f"<title>{page.title}</title>"
        if len(titles) > 1 or not page.title or any(pattern.encode() not in (one.page.kept or b"") for one in group):
            return None
    return Fingerprint(
        id=f"recurring.{country}.{network}.{pattern[:16] if place is Place.SHA256 else _word(pattern)}",
        scope=Scope.RECURRING,
        place=place,
        manner=manner,
        pattern=pattern,
        countries=(country,),
        networks=(network,),
        source=f"seen here in the place of {len({site_of(one.host) for one in group})} unrelated sites",
    )


def _word(text: str) -> str:
    """Letters and digits of a text, for an id.

    >>> _word("<title>Access denied</title>")
    'title-Access-denied-title'
    """
    return re.sub(r"\W+", "-", text).strip("-")[:60]
