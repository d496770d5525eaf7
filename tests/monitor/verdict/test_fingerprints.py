"""What a page must show, and where, to be taken for one that is known."""

from __future__ import annotations

import pytest

from monitor.model import Fingerprint, Manner, Page, Place, Scope
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.shipped import SHIPPED

ELCAT = b"<p>Access to the requested website has been blocked by judicial decision!</p>"
BANK = "Кыргыз Республикасынын Улуттук банкы".encode()


def known(scope=Scope.ISP, place=Place.BODY, manner=Manner.CONTAINS, pattern="by order of", **fields):
    """A fingerprint seen in Kyrgyzstan."""
    given = {"countries": ("KG",), "id": "x", "source": "this test"} | fields
    return Fingerprint(scope=scope, place=place, manner=manner, pattern=pattern, **given)


def page(body=b"", **fields):
    """An answer of the site with that body."""
    return Page(url="http://news.example/", status=200, kept=body, **fields)


def found(one, answer, country="KG", network="AS8449", of="news.example"):
    """The id of what is known, with nothing but `one` beside the shipped list's false positives."""
    book = Fingerprints(entries=(one, *(each for each in SHIPPED if each.scope is Scope.FALSE_POSITIVE)))
    seen = book.known(answer, country, network, of=of)
    return seen.id if seen else None


def test_a_false_positive_speaks_first():
    """A page that shows a notice's words and those of a page that is known to be none is no notice."""
    assert Fingerprints().known(page(ELCAT), "KG", of="news.example").id == "kg.elcat"
    assert Fingerprints().known(page(ELCAT + BANK), "KG", of="news.example") is None
    assert Fingerprints().refuted(page(BANK))


@pytest.mark.parametrize(
    ("countries", "networks", "expected"),
    [
        (("KG",), (), "x"),
        (("KG", "KZ"), ("AS8449",), "x"),
        (("KG",), ("AS9999",), None),
        (("KZ",), (), None),
        ((), (), None),
    ],
)
def test_a_notice_proves_something_only_where_it_was_seen(countries, networks, expected):
    """Country and network have to fit; a list that names no country proves nothing of one."""
    assert found(known(countries=countries, networks=networks), page(b"by order of")) == expected


@pytest.mark.parametrize("scope", [Scope.PRODUCT, Scope.INSTITUTION, Scope.VAGUE, Scope.PARKED, Scope.RECURRING])
def test_only_a_networks_own_notices_are_proof(scope):
    """A filter's own page, a school's, or vague words are never called known."""
    assert found(known(scope=scope), page(b"by order of")) is None


@pytest.mark.parametrize(
    ("scope", "countries", "expected"),
    [
        (Scope.PRODUCT, (), True),
        (Scope.RECURRING, ("KG",), True),
        (Scope.ISP, (), True),
        (Scope.ISP, ("IN",), False),
        (Scope.VAGUE, (), False),
        (Scope.INSTITUTION, (), False),
    ],
)
def test_a_filters_page_is_alike_where_it_is_not_named_for_elsewhere(scope, countries, expected):
    """A lax Indian fingerprint does not fire in Kyrgyzstan (ooni/blocking-fingerprints#22)."""
    book = Fingerprints(entries=(known(scope=scope, countries=countries),))

    assert (book.alike(page(b"by order of"), "KG", of="news.example") is not None) is expected


@pytest.mark.parametrize(
    ("place", "manner", "pattern", "answer", "expected"),
    [
        (Place.BODY, Manner.PREFIX, "<p>no", page(b"<p>no"), True),
        (Place.BODY, Manner.PREFIX, "<p>no", page(b" <p>no"), False),
        (Place.BODY, Manner.FULL, "<p>no", page(b"<p>no\n"), False),
        (Place.BODY, Manner.REGEXP, "n.{1,3}o", page(b"nxxo"), True),
        (Place.LOCATION, Manner.PREFIX, "http://warn.", page(location="http://warn.example/?x"), True),
        (Place.LOCATION, Manner.PREFIX, "http://warn.", page(b"http://warn.example"), False),
        (Place.HOST, Manner.FULL, "warn.example", page(location="https://warn.example/a"), True),
        (Place.SHA256, Manner.FULL, "ab" * 32, page(sha256="ab" * 32), True),
        (Place.SHA256, Manner.FULL, "ab" * 32, page(), False),
        (Place.ADDRESS, Manner.FULL, "192.0.2.1", page(b"192.0.2.1"), False),
    ],
)
def test_a_pattern_is_looked_for_where_it_was_seen(place, manner, pattern, answer, expected):
    """Each place and manner of comparing, and nowhere else."""
    assert (found(known(place=place, manner=manner, pattern=pattern), answer) is not None) is expected


def test_a_long_page_only_quotes_notices():
    """Words in a page of more than 16 KiB are those of an article."""
    assert found(known(), page(b"by order of" + b" " * 17_000)) is None


def test_a_site_is_not_its_own_block_page():
    """Somebody may watch the very host that notices are shown at."""
    warning = known(place=Place.HOST, manner=Manner.FULL, pattern="warn.example")

    assert found(warning, page(location="http://warn.example/"), of="www.warn.example") is None


def test_an_address_is_known_only_in_its_country():
    """The same address means nothing elsewhere, and an unknown one means nothing anywhere."""
    book = Fingerprints(entries=(known(place=Place.ADDRESS, manner=Manner.FULL, pattern="198.18.0.9"),))

    assert book.address(["198.18.0.9"], "KG") is not None
    assert book.address(["198.18.0.9"], "FR") is None
    assert book.address(["198.18.0.8"], "KG") is None


def test_many_hostile_patterns_share_one_budget():
    """A list of a thousand costly patterns stops at the budget of one page and finds nothing."""
    hostile = tuple(
        known(id=f"x{n}", manner=Manner.REGEXP, pattern=f"(a?b?){{60}}c{{{n % 50 + 1}}}d") for n in range(300)
    )

    assert Fingerprints(entries=hostile).known(page(b"abcd"[:3] * 5000), "KG", of="news.example") is None
