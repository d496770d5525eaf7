"""Which pages count as one that stands in the place of unrelated sites, and which never do."""

from __future__ import annotations

import hashlib

import pytest

from monitor.model import Page, Place, Scope
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.recurring import Sighting, recurring

SITES = ("kloop.kg", "ky.azattyk.org", "24.kg", "kaktus.media")
NOTICE = (
    "<html><head><title>Restricted</title></head><body>Access to {} is restricted here by the order number {} of 2023 "
    "and stays so until further notice of the authority in charge</body></html>"
)


def seen(host, body=NOTICE, number=1, *, network="AS1", innocuous=False, **fields):
    """That page in the place of a site."""
    kept = body.format(host, number).encode()
    page = {
        "url": f"http://{host}/",
        "status": 200,
        "title": "Restricted",
        "length": len(kept),
        "sha256": hashlib.sha256(kept).hexdigest(),
        "kept": kept,
    }
    return Sighting(
        page=Page(**(page | fields)),
        host=host,
        target=host,
        country="KG",
        network=network,
        measurement=f"m-{host}",
        innocuous=innocuous,
    )


def test_the_same_bytes_for_unrelated_sites_are_a_candidate():
    """Three sites, one page, no control: told with sites, measurements, and what would recognise it."""
    [one] = recurring([seen(site, "<title>Restricted</title> by order") for site in SITES], [])

    assert one.sites == ("24.kg", "azattyk.org", "kaktus.media", "kloop.kg")
    assert (one.why, one.portal, one.fingerprint.place, one.fingerprint.networks) == (
        "same bytes",
        False,
        Place.SHA256,
        ("AS1",),
    )
    assert one.fingerprint.scope is Scope.RECURRING


def test_the_same_words_around_another_name_are_one_page():
    """A notice that names the site and counts its orders is still one notice; its title recognises it again."""
    sightings = [seen(site, number=number) for number, site in enumerate(SITES)]

    [one] = recurring(sightings, [])

    assert (one.why, one.fingerprint.pattern) == ("same words", "<title>Restricted</title>")
    book = Fingerprints(entries=(one.fingerprint,))
    assert all(book.alike(each.page, "KG", "AS1", of=each.host) for each in sightings)
    assert book.alike(sightings[0].page, "KG", "AS2", of="kloop.kg") is None
    assert book.known(sightings[0].page, "KG", "AS1", of="kloop.kg") is None


def test_redirects_to_one_host_are_one():
    """Wherever the query differs; a redirect within the site's own name is none."""
    away = [seen(site, location=f"http://warn.example/?from={site}", status=302) for site in SITES]
    own = [seen(site, location=f"http://www.{site}/", status=302) for site in ("a.kg", "b.kg", "c.kg")]

    [one] = recurring([*away, *own], [])

    assert (one.leads_to, one.fingerprint.place, one.fingerprint.pattern) == (
        "warn.example",
        Place.HOST,
        "warn.example",
    )


@pytest.mark.parametrize(
    "sightings",
    [
        [seen(site) for site in SITES[:2]],
        [seen(site, "same") for site in ("a.kloop.kg", "b.kloop.kg", "c.kloop.kg")],
        [seen(site, "same", network=f"AS{number}") for number, site in enumerate(SITES)],
        [seen(site, "same", url=f"https://{site}/") for site in SITES],
        [seen(site, "same", status=503) for site in SITES],
        [seen(site, "same", title="Just a moment...") for site in SITES],
        [seen(site, "same", headers=("cf-ray", "date")) for site in SITES],
        [seen(site, "", length=0) for site in SITES],
        [seen(site, " ".join(f"{site[::-1]}-{word}" for word in range(40))) for site in SITES],
    ],
    ids=["two", "one owner", "other networks", "tls", "5xx", "robots", "shared front", "empty", "different"],
)
def test_what_is_no_candidate(sightings):
    """Two sites, one owner's sites, different networks, TLS, errors, checks for robots, shared fronts, nothing."""
    assert recurring(sightings, []) == ()


def test_what_a_control_is_shown_too_is_no_networks():
    """The same bytes, the same words, or the same redirect at a control take the candidate away."""
    pages = [seen(site, number=number) for number, site in enumerate(SITES)]
    away = [seen(site, location="http://warn.example/", status=302) for site in SITES]

    assert recurring(pages, [seen("kloop.kg", number=77).page]) == ()
    assert recurring(away, [away[0].page]) == ()


def test_what_innocuous_sites_show_too_is_a_portal():
    """It is told, so that somebody mends the place, and nothing is made to recognise it by."""
    sightings = [seen(site, "log in") for site in SITES[:2]] + [seen("wiki.example", "log in", innocuous=True)]

    [one] = recurring(sightings, [])

    assert (one.portal, one.fingerprint) == (True, None)


def test_the_order_of_sightings_does_not_matter():
    """Sites and measurements are sorted; the same sightings make the same candidates."""
    sightings = [seen(site, "same") for site in SITES]

    [one], [other] = recurring(sightings, []), recurring(sightings[::-1], [])

    assert (one.sites, one.measurements, one.fingerprint) == (other.sites, other.measurements, other.fingerprint)


def test_a_hostile_page_costs_no_more_than_its_length():
    """Pages of nothing but brackets or of one endless tag are compared as others are."""
    bodies = (b"<" * 16_000, b"<" + b"a" * 16_000, b"<script>" * 2_000)
    sightings = [seen(site, "x", kept=body, sha256=f"{site}{body[:3]}") for body in bodies for site in SITES]

    assert recurring(sightings, []) == ()
