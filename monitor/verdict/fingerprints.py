"""Block pages that are known: a small table of facts, each with where it was documented.

It is short on purpose. A pattern is matched where it was seen (the redirect's target, or a small body), in the
countries where it was seen, and never over TLS that verified: "access denied" inside a long page proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model import Page
from monitor.verdict.names import host_of, same_site

_SMALL = 16 * 1024
"""Bytes. Longer pages only quote block notices (OONI saw news pages match by a phrase: ooni/probe#2495)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One known block page: the host it is served from, or a phrase of its body."""

    id: str
    countries: tuple[str, ...]
    """Where it was seen, and the countries whose traffic passes through there."""
    source: str
    host: str = ""
    phrase: bytes = b""


FINGERPRINTS = (
    Fingerprint(
        id="kg.homeline",
        countries=("KG",),
        host="homeline.kg",
        source="OONI measurement of archive.org from AS8449, 2018-01-26 (ooni/pipeline#122)",
    ),
    Fingerprint(
        id="kg.elcat",
        countries=("KG",),
        phrase=b"Access to the requested website has been blocked by judicial decision",
        source="Censored Planet, blockpage_signatures.json, c_isp_kg_elcat",
    ),
    Fingerprint(
        id="ru.rostelecom",
        countries=("RU", "KG", "KZ", "TJ", "UZ"),
        host="warning.rt.ru",
        source="ooni/blocking-fingerprints, redirects seen from Rostelecom",
    ),
    Fingerprint(
        id="ru.netbynet",
        countries=("RU",),
        host="blocked.netbynet.ru",
        source="ooni/blocking-fingerprints, redirects seen from NetByNet",
    ),
    Fingerprint(
        id="ru.yota",
        countries=("RU",),
        host="forbidden.yota.ru",
        source="ooni/blocking-fingerprints, redirects seen from Yota",
    ),
    Fingerprint(
        id="uz.registry",
        countries=("UZ",),
        host="reestr.mitc.uz",
        source="ooni/blocking-fingerprints, ooni.uz_0",
    ),
)


def recognise(page: Page, country: str, *, of: str) -> Fingerprint | None:
    """The known block page that a response of the host `of` is or leads to, or None.

    A site that is watched for its own sake is not its own block page.

    >>> notice = Page(url="http://x.example/", status=302, location="http://homeline.kg/access/blockpage.html?from=x")
    >>> recognise(notice, "KG", of="x.example").id, recognise(notice, "FR", of="x.example")
    ('kg.homeline', None)
    """
    known = (one for one in FINGERPRINTS if country in one.countries and not same_site(of, one.host))
    return next((one for one in known if _shows(one, page)), None)


def _shows(fingerprint: Fingerprint, page: Page) -> bool:
    if fingerprint.host:
        return fingerprint.host in (host_of(page.location), host_of(page.url))
    kept = page.kept or b""
    return len(kept) <= _SMALL and fingerprint.phrase in kept
