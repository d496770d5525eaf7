"""Strangers' regular expressions: what they find, what is refused, and what they may cost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.verdict.pattern import STEPS, Budget, compile_pattern
from monitor.verdict.syntax import PatternError

_ATOMS = st.sampled_from(["a", "b", ".", r"\w", r"\s", "[ab]", "[^a]", "[a-c]", r"\.", "é", " "])


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = inner.map(lambda one: f"(?:{one})")
    times = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"])
    return st.one_of(
        st.builds(str.__add__, group, times),
        st.builds(str.__add__, inner, inner),
        st.builds("({}|{})".format, inner, inner),
    )


PATTERNS = st.recursive(_ATOMS, _more, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, st.text("abc é.\n", max_size=12), st.sampled_from(["{}", "^{}", "(?:{})$", "^(?:{})$"]))
def test_it_finds_what_the_standard_library_finds(inner, text, frame):
    """Over every pattern that is understood, presence or absence is the same as with `re` (`.` matches line ends)."""
    pattern = frame.format(f"(?:{inner})")

    expected = re.search(pattern.replace("$", r"\Z"), text, re.DOTALL) is not None

    assert compile_pattern(pattern).found(text) is expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "references back"),
        ("(?=a)b", "looking around"),
        ("(?P<n>a)", "names"),
        (r"\bword", r"\b is not understood"),
        ("a^b", "an anchor"),
        ("^a|b", "an anchor beside a choice"),
        ("(a", "not closed"),
        ("a)", "closes nothing"),
        ("[a", "ends too early"),
        ("*a", "nothing to repeat"),
        ("a**", "repetition of a repetition"),
        ("a{500}", "at most 200"),
        ("a{3,2}", "the smaller number first"),
        ("[z-a]", "backwards"),
        (r"\xZZ", "hexadecimal"),
        ("(" * 60 + ")" * 60, "too deep"),
        ("((a{200}){200}){200}", "longer than"),
        ("a\\", "ends too early"),
    ],
)
def test_what_cannot_be_bounded_is_refused_with_its_place(pattern, why):
    """The reason is one line that names the character."""
    with pytest.raises(PatternError, match=re.escape(why)) as fault:
        compile_pattern(pattern)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("pattern", ["(a|a|aa)*$", "(a+)+$", "(a?){100}a{100}$", "(.*)*x?$", "(([a-z])+.)+[A-Z]$"])
@pytest.mark.parametrize("ending", ["", "!", "\0"])
def test_a_pattern_that_ruins_a_backtracking_matcher_stays_within_its_budget(pattern, ending):
    """A hostile pattern over a hostile page of the largest kept size looks at a bounded number of places."""
    budget = Budget()

    compile_pattern(pattern).found("a" * 16 * 1024 + ending, budget)

    assert budget.left >= -len(compile_pattern(pattern).accepts)
    assert STEPS - budget.left < 30 * 16 * 1024 + 100_000


def test_where_the_budget_is_spent_nothing_is_found():
    """All patterns of one page share a budget: the rest of a hostile list cannot accuse, nor take more time."""
    spent = Budget(left=0)

    assert not compile_pattern("a+b").found("aaab", spent)


def test_the_case_of_letters_can_be_left_out():
    """`(?i)` at the beginning, also for letters that are not Latin."""
    assert compile_pattern("(?i)доступ [А-Я]+ ограничен").found("ДОСТУП к ОГРАНИЧЕН")
    assert not compile_pattern("доступ").found("ДОСТУП")


def test_a_brace_that_is_no_repetition_is_plain():
    """Pages' style sheets are full of braces."""
    assert compile_pattern("a{b}").found("xa{b}")
