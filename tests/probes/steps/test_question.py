"""Reading what calls itself a DNS message."""

from __future__ import annotations

import dns.message
from hypothesis import given
from hypothesis import strategies as st

from probes.steps.question import ask, read


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw) -> None:
    """Any bytes are read as a reply; what is none is malformed or stray, and so not acceptable."""
    assert not read(ask("kloop.test", "A"), raw).acceptable


@given(st.binary(max_size=120), st.integers(2, 60))
def test_damaged_answers(raw, keep) -> None:
    """An answer that is cut or overwritten anywhere is read without an exception."""
    question = ask("kloop.test", "A")
    wire = dns.message.make_response(question.message).to_wire()
    assert read(question, wire[:keep] + raw) is not None


def test_a_question_has_an_id_unless_it_is_for_a_cache() -> None:
    """Ids differ from question to question over UDP, and are 0 for HTTPS."""
    assert len({ask("kloop.test", "A").message.id for _ in range(50)}) > 10
    assert ask("kloop.test", "A", identified=False).message.id == 0
