"""Bodies within bounds."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Body
from probes.steps.body import KEPT, SMALL, BodyReader, summarise, title_of

PAGE = b"<html><head><title>Kloop</title></head>" + b"x" * 5000


def bare_deflate(raw: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(raw) + engine.flush()


def read(wire: bytes, *, limit: int = 1 << 20, encoding: str = "", step: int = 100) -> BodyReader:
    reader = BodyReader(limit=limit, content_encoding=encoding)
    for start in range(0, len(wire), step):
        reader.feed(wire[start : start + step])
    return reader


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("", PAGE),
        ("identity", PAGE),
        ("br", PAGE),
        ("gzip", gzip.compress(PAGE)),
        (" X-GZIP ", gzip.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", bare_deflate(PAGE)),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_bodies_are_inflated(encoding, wire, step) -> None:
    """gzip and both kinds of deflate are inflated in whatever pieces they come; other encodings stay as they are."""
    reader = read(wire, encoding=encoding, step=step)
    assert (reader.raw, reader.truncated) == (PAGE, False)


@given(st.binary(max_size=3000), st.integers(1, 2000), st.sampled_from(["", "gzip", "deflate"]))
def test_the_limit_holds(raw, limit, encoding) -> None:
    """Never more than the limit is read, and what is cut says so."""
    wire = {"": raw, "gzip": gzip.compress(raw), "deflate": zlib.compress(raw)}[encoding]
    reader = read(wire, limit=limit, encoding=encoding)
    assert raw.startswith(reader.raw)
    assert len(reader.raw) <= limit
    assert reader.truncated or reader.raw == raw


def test_a_bomb_does_not_go_off() -> None:
    """A small body that inflates to much is cut at the limit, in one chunk as in many."""
    bomb = gzip.compress(bytes(64 << 20))
    for step in (1000, len(bomb)):
        reader = read(bomb, limit=512 * 1024, encoding="gzip", step=step)
        assert (len(reader.raw), reader.truncated) == (512 * 1024, True)


def test_a_body_that_inflates_to_nothing_ends() -> None:
    """Endless empty blocks are cut by their size on the wire."""
    empty_blocks = b"\x00\x00\x00\xff\xff" * 1000
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    reader = read(engine.compress(b"") + empty_blocks, limit=1000, encoding="deflate", step=50)
    assert (reader.raw, reader.truncated) == (b"", True)


def test_a_body_that_is_not_what_it_says() -> None:
    """Bytes that are not compressed as announced are an error of their own."""
    with pytest.raises(zlib.error):
        read(PAGE, encoding="gzip")


def test_the_hash_is_of_what_is_kept() -> None:
    """The length is that of what was sent; from a hash of that, the address on the page could be found by trying."""
    raw = b"your address is 198.51.100.7"
    body = summarise(raw, truncated=False)
    assert body.kept == b"your address is [scrubbed]"
    assert (body.length, body.sha256) == (len(raw), hashlib.sha256(body.kept).hexdigest())


def test_what_is_kept() -> None:
    """Small bodies are kept, large ones only where the response is suspicious, and then not endlessly."""
    large = bytes(SMALL + 1)
    assert summarise(large[:-1], truncated=False).kept is not None
    assert summarise(large, truncated=False).kept is None
    assert summarise(large, truncated=False, suspicious=True).kept == large
    assert len(summarise(bytes(KEPT * 2), truncated=False, suspicious=True).kept) == KEPT


@pytest.mark.parametrize(
    ("raw", "content_type", "title"),
    [
        (b"<title>Kloop</title>", "", "Kloop"),
        (b"<TITLE data-x='1'>\n a \t b </TITLE>", "", "a b"),
        (b"<title>a &amp; b\x1b[31m</title>", "", "a & b [31m"),
        ("<title>Доступ закрыт</title>".encode("cp1251"), "text/html; charset=windows-1251", "Доступ закрыт"),
        ('<meta charset="koi8-r"><title>Нет</title>'.encode("koi8-r"), "text/html", "Нет"),
        ("<title>Клооп</title>".encode(), "text/html; charset=punycode", "Клооп"),
        (b"<title></title>", "", None),
        (b"<title>" + b"x" * 513 + b"</title>", "", None),
        (b"no title", "", None),
    ],
)
def test_titles(raw, content_type, title) -> None:
    """The title is one printable line in the page's own encoding."""
    assert title_of(raw, content_type) == title


def test_a_brief_summary_of_a_large_page() -> None:
    """Where only up or down matters, a large page is its length and title; a small one is kept as ever."""
    large = b"<title>News</title>" + bytes(SMALL)
    assert summarise(large, truncated=False, suspicious=True, brief=True) == Body(length=len(large), title="News")
    small = b"<title>Blocked</title>"
    assert summarise(small, truncated=False, suspicious=True, brief=True).kept == small
