"""What leaves a record before it is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.scrub import _ADDRESS, SCRUBBED, _without_addresses, scrub, scrub_bytes, scrub_url

WORDS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
ADDRESSES = st.ip_addresses().filter(lambda address: str(address) != "::")


@given(before=WORDS, address=ADDRESSES, after=WORDS)
def test_an_address_in_any_text_is_gone(before, address, after) -> None:
    """An IP literal that stands by itself never survives, whatever is written around it."""
    assert str(address) not in scrub(f"{before} {address} {after}").split(" ")


@given(address=ADDRESSES, port=st.integers(1, 65535))
def test_an_endpoint_is_one_word(address, port) -> None:
    """An address and its port become one `[scrubbed]`, with brackets or without."""
    shown = f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
    assert scrub(f"at {shown}") == f"at {SCRUBBED}"


@pytest.mark.parametrize(
    "text",
    [
        "a::before{content:''} .x::after{}",
        "at 12:34:56 on 2026-01-15T12:00:00.000000Z",
        "HTTP/1.1, TLSv1.3, version 1.22.1",
        "std::vector<int>; Foo::Bar::baz",
        "ratio 16:9",
    ],
)
def test_ordinary_text_stays(text) -> None:
    """Style sheets, times, versions and code are left as they are."""
    assert scrub(text) == text


def test_the_machine_has_no_name() -> None:
    """The host's name goes as a word, whatever its case, and a name that says nothing stays."""
    assert scrub("on Anna-Laptop: no", host="anna-laptop") == f"on {SCRUBBED}: no"
    assert scrub("localhost is here", host="localhost") == "localhost is here"


def test_bytes_of_any_encoding_stay_bytes() -> None:
    """Only the address changes in a page; its other bytes, valid UTF-8 or not, stay."""
    assert scrub_bytes(b"\xff\xfe IP: 198.51.100.7 \x80") == b"\xff\xfe IP: [scrubbed] \x80"


def test_a_url_keeps_the_host_that_is_evidence() -> None:
    """The address of a block page stays, the visitor's in its query goes; what is no URL is scrubbed as text."""
    assert scrub_url("http://192.0.2.1/b?ip=198.51.100.7") == f"http://192.0.2.1/b?ip={SCRUBBED}"
    assert scrub_url("http://[broken/198.51.100.7") == f"http://[broken/{SCRUBBED}"


@pytest.mark.parametrize("hostile", [":" * 300_000 + "z", "ab:" * 100_000 + "z", "[" * 300_000, "a" * 300_000])
def test_a_hostile_page_ends(hostile) -> None:
    """Text made to be searched for hours is searched in passing, and what is no address in it stays."""
    assert scrub(hostile).endswith(hostile[-4:])


SIGNS = st.text(st.sampled_from("0129afFZz:::...--%%3A3a%2[]()= \n\u043a_"), max_size=60)


@given(st.one_of(SIGNS, st.text(max_size=40)), st.ip_addresses().map(str), SIGNS)
def test_looking_only_where_an_address_can_be_misses_none(before, address, after) -> None:
    """The short way through a page gives what the search at every character gives."""
    text = before + address + after
    for each in (text, before + after, after, text.replace(":", "%3A")):
        assert _without_addresses(each) == _ADDRESS.sub(SCRUBBED, each)
