"""What this machine knows of itself is found in any clothes, and nothing else is touched."""

from __future__ import annotations

import base64
import os

from hypothesis import given
from hypothesis import strategies as st

from probes.model import Answer, DNSLookup, TCPConnect, TLSHandshake
from probes.own import HIDDEN, Own, forms, machine


def knowing(*addresses: str) -> Own:
    own = Own()
    for address in addresses:
        own.learn(address)
    return own


@given(before=st.binary(max_size=20), after=st.binary(max_size=20), address=st.ip_addresses())
def test_an_address_is_found_inside_of_base64(before, after, address):
    """Wherever it begins in what was encoded, none of its digits can be decoded whole any more."""
    own = knowing(str(address))
    if address.is_loopback or address.is_unspecified:
        return
    packed = base64.b64encode(before + str(address).encode() + after).decode()
    assert own.hide(packed) != packed
    assert HIDDEN in own.hide(packed)


def test_other_addresses_that_begin_or_end_alike_stay():
    """Evidence about somebody else is not spoiled."""
    own = knowing("1.2.3.4")
    assert own.hide("1.2.3.45 11.2.3.4 9.1.2.3.4 1.2.3.4.5") == "1.2.3.45 11.2.3.4 9.1.2.3.4 1.2.3.4.5"
    assert own.hide("at 1.2.3.4, or 1.2.3.4.") == "at scrubbed, or scrubbed."


def test_loopback_is_everybodys():
    """An address that every machine has leads to nobody."""
    assert knowing("127.0.0.1", "::1", "0.0.0.0").hide("127.0.0.1 ::1 0.0.0.0") == "127.0.0.1 ::1 0.0.0.0"


def test_a_router_that_answers_with_itself_is_evidence():
    """The resolver's address stays where it was answered or dialled; our own goes even there; a chain stays whole."""
    own = knowing("185.66.77.88")
    own.learn("192.168.1.1", socket=False)
    lookup = DNSLookup(
        hop=0, engine="system", resolver="", name="a.example", query_type="A", started=0.0, duration=0.1,
        answers=(Answer(type="A", value="192.168.1.1"), Answer(type="A", value="185.66.77.88"),
                 Answer(type="CNAME", value="185-66-77-88.isp.example")),
    )  # fmt: skip
    assert [answer.value for answer in own.hide_in(lookup).answers] == ["192.168.1.1", HIDDEN, f"{HIDDEN}.isp.example"]
    dialled = TCPConnect(hop=0, address="185.66.77.88", port=80, started=0.0, duration=0.1)
    assert own.hide_in(dialled).address == HIDDEN
    shown = TLSHandshake(
        hop=0, address="1.1.1.1", port=443, server_name="a", started=0.0, duration=0.1, chain=(b"185.66.77.88",)
    )
    assert own.hide_in(shown) == shown


def test_a_name_that_is_just_a_word_is_not_looked_for(monkeypatch):
    """`ubuntu` is in the headers of half the web; `anna-laptop` and a home folder are somebody's."""
    monkeypatch.setenv("HOME", "/home/anna")
    system = os.uname()
    for name, found in (("ubuntu", ()), ("anna-laptop.lan", ("anna-laptop.lan", "anna-laptop")), ("localhost", ())):
        changed = os.uname_result((system.sysname, name, system.release, system.version, system.machine))
        monkeypatch.setattr(os, "uname", lambda changed=changed: changed)
        machine.cache_clear()
        assert [each for each in machine() if not each.startswith("/")] == list(found)
        assert "/home/anna" in machine()
    machine.cache_clear()


@given(
    before=st.text(st.sampled_from("ABab019.-%=/ \u043a\xe9"), max_size=8),
    after=st.text(max_size=8),
    address=st.ip_addresses(),
    word=st.sampled_from(["anna-laptop", "ANNA-7F", "/home/анна", "box123"]),
    pick=st.integers(0, 500),
)
def test_what_is_not_looked_for_is_not_there(before, after, address, word, pick):
    """The quick look that spares the search never says no where the search would have found something."""
    own = Own([word])
    own.learn(str(address))
    known = forms(frozenset({word}), frozenset() if address.is_loopback else frozenset({str(address)}))
    every = sorted(known.spelled | known.packed)
    text = before + every[pick % len(every)] + after
    for each in (text, before + after, after):
        if own.hide(each) != each:
            assert known.may_be_in(each.encode(errors="replace"))
            assert own.hide_in((each,)) == (own.hide(each),)


def test_a_page_is_looked_through_in_its_own_encoding():
    """What stands between letters of another alphabet is found in the bytes of UTF-8 and of a single-byte encoding."""
    own = knowing("198.51.100.23")
    for encoding in ("utf-8", "cp1251"):
        page = "ваш адрес MTk4LjUxLjEwMC4yMw== и c6336417".encode(encoding)
        assert b"OTguNTE" not in own.hide_bytes(page)
        assert b"MTk4LjUxLjEwMC4yM" not in own.hide_bytes(page)
        assert b"c6336417" not in own.hide_bytes(page)
