"""Two pages side by side, with the traps that are known."""

from __future__ import annotations

import pytest

from monitor.model import Page
from monitor.verdict.likeness import Likeness, compare, is_bare, is_challenge

SAME, DIFFERENT, UNCLEAR = Likeness.SAME, Likeness.DIFFERENT, Likeness.UNCLEAR
TRUE = {"status": 200, "title": "Kloop: news of Kyrgyzstan", "length": 9000, "headers": ("content-length", "date")}
KIN = ("date", "x-kloop-node")


@pytest.mark.parametrize(
    ("here", "there", "likeness"),
    [
        ({}, {}, SAME),
        ({"sha256": "a", "status": 500}, {"sha256": "a"}, SAME),
        ({"title": "Kloop's other news"}, {"title": "kloop"}, SAME),
        ({"title": "Клооп – новости", "length": 60_000}, {"title": "КЛООП: жаңылыктар"}, UNCLEAR),
        ({"title": "Access to Kloop is restricted", "length": 700}, {}, DIFFERENT),
        ({"title": "Kloop: news of Kyrgyzstan today", "length": 400}, {}, SAME),
        ({"title": None, "length": 400, "headers": KIN}, {"headers": KIN}, SAME),
        ({"status": 403, "headers": KIN}, {"headers": KIN}, UNCLEAR),
        ({"status": 403, "title": "Forbidden"}, {}, DIFFERENT),
        ({"status": 404}, {}, UNCLEAR),
        ({"status": 503, "title": "Service unavailable", "length": 100}, {}, UNCLEAR),
        ({}, {"status": 403, "title": "Forbidden", "length": 100}, UNCLEAR),
        ({"title": "Access is denied", "length": 8800}, {}, DIFFERENT),
        ({"title": "Access is denied", "length": 300}, {}, DIFFERENT),
        ({"title": "Access is denied", "length": None}, {}, DIFFERENT),
        ({"title": None, "length": 300}, {}, DIFFERENT),
        ({"title": None, "length": 8800}, {}, UNCLEAR),
        ({"title": None, "length": None}, {}, UNCLEAR),
        ({"title": None, "length": 8800}, {"title": None}, SAME),
        ({"title": None, "length": 8800}, {"title": None, "length": 270}, UNCLEAR),
        ({"title": "Клооп жаңылыктары", "length": 60_000}, {"length": 70_000}, UNCLEAR),
        ({"title": "No", "length": 100}, {"title": "24 kg"}, DIFFERENT),
        ({"title": "a b", "length": 8800}, {"title": "b c"}, UNCLEAR),
        ({"title": None, "length": 0}, {"title": None, "length": 0}, UNCLEAR),
    ],
)
def test_pages_are_compared_with_care(here, there, likeness):
    """What vouches for a page, what tells two apart, and what proves neither."""
    assert compare(Page(url="", **(TRUE | here)), Page(url="", **(TRUE | there))) is likeness


@pytest.mark.parametrize(
    ("headers", "protocol", "bare"),
    [((), "HTTP/1.0", True), (("date",), "HTTP/1.0", False), ((), "HTTP/1.1", False), ((), "", False)],
)
def test_an_answer_without_headers_was_forged(headers, protocol, bare):
    """Only HTTP/1.0 without any header; where the protocol is not known, nothing is said."""
    assert is_bare(Page(url="", status=200, headers=headers, protocol=protocol)) is bare


@pytest.mark.parametrize(
    ("title", "headers", "challenge"),
    [
        ("Just a moment...", (), True),
        (" Attention Required! | Cloudflare", (), True),
        ("Kloop", ("cf-mitigated",), True),
        ("In just a moment of silence", (), False),
        (None, (), False),
    ],
)
def test_browser_checks_are_known_by_their_beginning(title, headers, challenge):
    """The words inside a headline are no browser check."""
    assert is_challenge(Page(url="", status=403, title=title, headers=headers)) is challenge
