"""What is kept of a page beside its bytes: a hash by which alike pages are known, and its language."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.steps.body import summarise
from probes.steps.simhash import BITS, distance, simhash, visible
from probes.steps.suite import iana

WORDS = [f"word{number % 97} and {number}" for number in range(600)]
PAGE = f"<html lang='ky'><body><script>{'x ' * 500}</script><p>{' '.join(WORDS)}</p></body></html>"


def of(page: str):
    return summarise(page.encode(), truncated=False, content_type="text/html; charset=utf-8")


def test_alike_pages_are_near_and_others_far() -> None:
    """A page of which a few words changed stays within a few bits; a block page is far from it, and from another."""
    changed = PAGE.replace("word5 and 5 ", "something else ").replace("</p>", "<b>12:31</b></p>")
    notice, other = (
        "<h1>Access to this page is denied by order of the court</h1>",
        "<h1>Not found. Try the front page</h1>",
    )
    assert distance(of(PAGE).simhash, of(changed).simhash) <= 6
    far = [distance(*(of(page).simhash for page in pair)) for pair in combinations((PAGE, notice, other), 2)]
    assert min(far) > 12


def test_only_what_a_reader_sees_counts() -> None:
    """Scripts, styles, comments and attributes may change from visit to visit without a trace."""
    noisy = PAGE.replace("x x", "y z").replace("<p>", "<!-- 5 --><style>p{}</style><p id='a7'>")
    assert of(noisy).simhash == of(PAGE).simhash


@pytest.mark.parametrize(
    ("page", "language"),
    [
        ("<html lang='ru-RU'>", "ru"),
        ("<HTML class=a LANG=uz>", "uz"),
        ("<p>Суд запретил доступ к сайту издания по решению министерства культуры страны</p>", "ru"),
        ("<p>Өкмөт бүгүн жаңы мыйзамды кабыл алып, сайттарга бөгөт коюуну жеңилдетти</p>", "ky"),
        ("<p>The court has decided that access to this page is to be denied to everybody</p>", None),
        ("", None),
    ],
)
def test_languages(page: str, language: str | None) -> None:
    """Declared where it is; else Kyrgyz and Russian are told apart by letters; else nothing is guessed."""
    assert of(page).language == language


def test_what_is_no_text_has_neither() -> None:
    """Bytes of pictures are not compared as words."""
    image = summarise(b"\x89PNG\x00" * 50, truncated=False, content_type="image/png")
    assert (image.simhash, image.language) == (None, None)
    assert summarise(b"a\x00b c", truncated=False).simhash is None


@pytest.mark.parametrize("piece", ["<script>", "<", "<!--", "</script", "<html ", "a ", "<a " + "b" * 100])
def test_hostile_pages_come_to_an_end(piece: str) -> None:
    """Each sign is passed once: what would otherwise take hours comes to its end."""
    assert len(visible(piece * (2_000_000 // len(piece)))) <= 2_100_000


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    """Any text has a hash of its own or none, and is at no distance from itself."""
    found = simhash(visible(text))
    assert found is None or (len(found) == BITS // 4 and distance(found, found) == 0)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"),
        ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-ECDSA-AES128-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        ("DHE-RSA-AES256-SHA256", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        ("AES128-CCM8", "TLS_RSA_WITH_AES_128_CCM_8"),
        ("GOST2012-GOST8912", "GOST2012-GOST8912"),
        ("", ""),
    ],
)
def test_cipher_names(name: str, known: str) -> None:
    """OpenSSL's names become IANA's; one that is not known stays as it is."""
    assert iana(name) == known
