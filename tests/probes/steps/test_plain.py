"""Ordinary DNS messages, read and written without dnspython, are what dnspython makes of them."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.steps import plain
from probes.steps.question import Question, _read_with_care, ask, read

ASKED = Question(wire=plain.write("www.kloop.test", "A", 4711, 1232))
OWNERS = st.sampled_from(["www.kloop.test.", "WWW.kloop.test.", "cdn.example.", "a.b.kloop.test."])
NAMES = st.sampled_from(["cdn.example.", "Edge_1.cdn.example.", "www.kloop.test.", "x-1.", "a\\.b.example.", "."])
ADDRESSES = st.one_of(
    st.tuples(st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(st.sampled_from(["CNAME", "NS"]), NAMES),
    st.tuples(st.just("TXT"), st.just('"v=spf1"')),
)
TTLS = st.sampled_from([0, 60, 300, 2**31 - 1])
SETS = st.lists(st.tuples(OWNERS, TTLS, ADDRESSES), max_size=5)


def message(sections, *, flags=0, rcode=0, edns=True) -> dns.message.Message:
    """An answer to `ASKED` with these records in its three sections."""
    made = dns.message.make_response(ASKED.message)
    made.flags |= flags
    made.set_rcode(rcode)
    if not edns:
        made.use_edns(False)
    for section, records in zip((made.answer, made.authority, made.additional), sections, strict=True):
        section += [dns.rrset.from_text(owner, ttl, "IN", kind, value) for owner, ttl, (kind, value) in records]
    return made


@given(
    sections=st.tuples(SETS, SETS, SETS),
    flags=st.sampled_from([0, dns.flags.AA, dns.flags.TC, dns.flags.RA | dns.flags.AD]),
    rcode=st.sampled_from([0, 2, 3, 5]),
    edns=st.booleans(),
)
def test_what_is_read_plainly_is_read_alike_with_care(sections, flags, rcode, edns) -> None:
    """Whatever an answer holds, the short way says what dnspython says."""
    wire = message(sections, flags=flags, rcode=rcode, edns=edns).to_wire()
    assert read(ASKED, wire) == _read_with_care(ASKED, wire)


@given(
    sections=st.tuples(SETS, SETS, SETS),
    at=st.integers(0, 200),
    put=st.binary(min_size=0, max_size=4),
    cut=st.booleans(),
)
def test_damage_is_read_alike(sections, at, put, cut) -> None:
    """An answer that was overwritten or cut anywhere, pointers and lengths among it, is read as dnspython reads it."""
    wire = message(sections).to_wire()
    at %= len(wire)
    damaged = wire[:at] + put + (b"" if cut else wire[at + len(put) :])
    assert read(ASKED, damaged) == _read_with_care(ASKED, damaged)


def test_ordinary_answers_are_read_plainly() -> None:
    """An alias, its addresses and the name servers beside them need no dnspython."""
    answer = [("www.kloop.test.", 60, ("CNAME", "cdn.example.")), ("cdn.example.", 20, ("A", "203.0.113.1"))]
    wire = message((answer, [("example.", 60, ("NS", "ns.example."))], [])).to_wire()
    found = plain.read(ASKED.wire, wire)
    assert found is not None
    assert [(each.type, each.value, each.ttl) for each in found.answers] == [
        ("CNAME", "cdn.example", 60),
        ("A", "203.0.113.1", 20),
    ]


@pytest.mark.parametrize("name", ["kloop.kg", "www.24.kg", "_dmarc.azattyk.org", "xn--d1acpjx3f.xn--p1ai", "A-b.C"])
@pytest.mark.parametrize("query_type", ["A", "AAAA"])
def test_questions_are_written_alike(name, query_type) -> None:
    """A question for a usual name is byte for byte what dnspython writes."""
    made = dns.message.make_query(name, query_type, use_edns=0, payload=1232, id=7)
    assert plain.write(name, query_type, 7, 1232) == made.to_wire()


@pytest.mark.parametrize(
    "name", ["", "a..b", "caf\u00e9.kg", "a b.kg", ".".join(["a" * 63] * 4), "a" * 64 + ".kg", "kg."]
)
def test_unusual_names_are_left_to_dnspython(name) -> None:
    """Names that need escaping, encoding or refusing are not written here."""
    assert plain.write(name, "A", 7, 1232) is None


def test_a_pointer_that_leads_round_is_odd() -> None:
    """A name that points at itself ends the short way, and dnspython calls it malformed."""
    wire = bytearray(message(([("www.kloop.test.", 60, ("A", "203.0.113.1"))], [], [])).to_wire())
    at = bytes(wire).index(b"\xc0\x0c")
    wire[at + 1] = at
    assert plain.read(ASKED.wire, bytes(wire)) is None
    assert read(ASKED, bytes(wire)).malformed


def test_an_address_of_another_class_is_none() -> None:
    """A record whose class is not the internet's is left out, however the message was damaged."""
    wire = bytearray(message(([("www.kloop.test.", 60, ("A", "203.0.113.1"))], [], [])).to_wire())
    at = bytes(wire).index(b"\xc0\x0c") + 4
    wire[at : at + 2] = b"\x00\x00"
    assert read(ASKED, bytes(wire)).answers == ()


def test_an_international_name_can_still_be_asked_for() -> None:
    """What is not written here, dnspython writes."""
    assert ask("пример.рф", "A").message.question[0].name == dns.name.from_text("xn--e1afmkfd.xn--p1ai.")
