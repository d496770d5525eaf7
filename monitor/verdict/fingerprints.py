"""Pages and addresses that are known: which of them a response is, and how much that says.

A pattern is matched where it was seen (a redirect's target, a small body, an address), and in the country and network
where it was seen; rules ask only about answers in the clear. One that is known to be none speaks first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from monitor.model import Fingerprint, Manner, Page, Place, Scope
from monitor.verdict.names import host_of, same_site
from monitor.verdict.pattern import Budget, compile_pattern
from monitor.verdict.shipped import SHIPPED

_SMALL = 16 * 1024
"""Bytes. Longer pages only quote block notices (OONI saw news pages match by a phrase: ooni/probe#2495)."""
_OWN = frozenset({Scope.NATIONAL, Scope.ISP})
"""Notices that a country's or network's own filter shows: in their country they prove something."""
_ALIKE = _OWN | {Scope.PRODUCT, Scope.RECURRING}
"""Pages of filters: that it is one of these somewhere proves little of who put it there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """All fingerprints that verdicts are made with; the shipped ones, and those that somebody has imported."""

    entries: tuple[Fingerprint, ...] = SHIPPED

    def known(self, page: Page, country: str, network: str = "", *, of: str) -> Fingerprint | None:
        """The notice, known from this country and network, that a response of the host `of` is or leads to, or None.

        A site that is watched for its own sake is not its own block page.

        >>> notice = Page(url="http://x.example/", status=302, location="http://homeline.kg/access/blockpage.html?a=b")
        >>> Fingerprints().known(notice, "KG", of="x.example").id, Fingerprints().known(notice, "FR", of="x.example")
        ('kg.homeline', None)
        """
        wanted = (one for one in self._of(_OWN) if country in one.countries and _in(network, one))
        return self._first(wanted, page, of)

    def alike(self, page: Page, country: str, network: str = "", *, of: str) -> Fingerprint | None:
        """A filter's page that a response is or leads to, wherever that filter stands; None also where it is named for
        other countries or networks only."""
        here = (one for one in self._of(_ALIKE) if not one.countries or country in one.countries)
        return self._first((one for one in here if _in(network, one)), page, of)

    def parked(self, page: Page) -> Fingerprint | None:
        """The seller of names whose page this is, or None."""
        return self._first(self._of({Scope.PARKED}), page, "")

    def refuted(self, page: Page) -> bool:
        """Whether this is a page that is known to look like a notice and to be none."""
        shown = _Shown(page)
        return any(shown.matches(one) for one in self._of({Scope.FALSE_POSITIVE}))

    def address(self, addresses: Collection[str], country: str, network: str = "") -> Fingerprint | None:
        """The known notice that one of these addresses (or aliases) leads to in this country and network, or None."""
        given = (one for one in self._of(_OWN) if one.place is Place.ADDRESS and one.pattern in addresses)
        return next((one for one in given if country in one.countries and _in(network, one)), None)

    def _of(self, scopes: Collection[Scope]) -> Iterator[Fingerprint]:
        return (one for one in self.entries if one.scope in scopes)

    def _first(self, wanted: Iterable[Fingerprint], page: Page, of: str) -> Fingerprint | None:
        shown = _Shown(page)
        found = next((one for one in wanted if not _is_own(one, of) and shown.matches(one)), None)
        return None if found is None or self.refuted(page) else found


def _in(network: str, one: Fingerprint) -> bool:
    return not one.networks or network in one.networks


def _is_own(one: Fingerprint, of: str) -> bool:
    match one.place:
        case Place.HOST:
            return same_site(of, one.pattern)
        case Place.LOCATION:
            return same_site(of, host_of(one.pattern))
        case _:
            return False


class _Shown:
    """A response as fingerprints are compared with it; what all patterns together may cost is bounded."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._hosts = {host_of(page.location), host_of(page.url)} - {""}
        kept = page.kept or b""
        self._body = kept if len(kept) <= _SMALL else b""
        self._text = self._body.decode("utf-8", "replace")
        self._budget = Budget()

    def matches(self, one: Fingerprint) -> bool:
        """Whether the response shows this fingerprint."""
        match one.place:
            case Place.HOST:
                return one.pattern in self._hosts
            case Place.LOCATION:
                return bool(self._page.location) and self._fits(one, self._page.location)
            case Place.BODY:
                return bool(self._text) and self._fits(one, self._text)
            case Place.SHA256:
                return one.pattern == self._page.sha256
            case Place.ADDRESS:
                return False

    def _fits(self, one: Fingerprint, text: str) -> bool:
        match one.manner:
            case Manner.FULL:
                return text == one.pattern
            case Manner.PREFIX:
                return text.startswith(one.pattern)
            case Manner.CONTAINS:
                return one.pattern in text
            case Manner.REGEXP:
                return compile_pattern(one.pattern).found(text, self._budget)
