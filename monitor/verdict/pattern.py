"""Regular expressions that strangers wrote, over pages that strangers wrote, at a bounded cost.

Python's own matcher tries one way after another and may take for ever. Here a pattern becomes an automaton without
ways to go back (Glushkov's): one pass over the text, with the set of places that the pattern can be at as one number.
What no such automaton can do (references back, looking around, word boundaries) is refused when the pattern is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from monitor.verdict.syntax import Node, PatternError, Sort, parse

PLACES = 4000
"""Characters (with repetitions written out) that a pattern may have; the longest of public lists has about 1,500."""
STEPS = 2_000_000
"""Places looked at for one page, over all patterns: about a second of a slow core."""


@dataclass(slots=True)
class Budget:
    """What may still be spent on one page; where nothing is left, patterns match no more."""

    left: int = STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a node is made of, as sets of places (bits): where it can begin and end, and whether it can be nothing."""

    first: int = 0
    last: int = 0
    empty: bool = True


@dataclass(slots=True)
class _Machine:
    accepts: list[Callable[[str], bool]] = field(default_factory=list)
    follow: list[int] = field(default_factory=list)

    def part(self, node: Node) -> _Part:
        """Give the node's characters their places, and say how they hang together."""
        match node.sort:
            case Sort.ONE:
                return self._place(node)
            case Sort.ROW:
                return self._row([self.part(each) for each in node.parts])
            case Sort.CHOICE:
                return _either([self.part(each) for each in node.parts])
            case Sort.REPEAT:
                return self._repeat(node)

    def _place(self, node: Node) -> _Part:
        if len(self.accepts) >= PLACES:
            raise PatternError(f"it is longer than {PLACES} characters with its repetitions written out")
        self.accepts.append(node.accepts)
        self.follow.append(0)
        bit = 1 << (len(self.accepts) - 1)
        return _Part(first=bit, last=bit, empty=False)

    def _row(self, parts: list[_Part]) -> _Part:
        whole = _Part()
        for part in parts:
            self._link(whole.last, part.first)
            whole = _Part(
                first=whole.first | (part.first if whole.empty else 0),
                last=part.last | (whole.last if part.empty else 0),
                empty=whole.empty and part.empty,
            )
        return whole

    def _repeat(self, node: Node) -> _Part:
        """`x{2,4}` is `xxx?x?`, and `x{2,}` is `xx+`."""
        [inner] = node.parts
        copies = [self.part(inner) for _ in range(max(node.least, 1 if node.most is None else node.most))]
        if node.most is None:
            self._link(copies[-1].last, copies[-1].first)
        free = [_Part(first=one.first, last=one.last, empty=True) for one in copies[node.least :]]
        return self._row([*copies[: node.least], *free])

    def _link(self, ends: int, starts: int) -> None:
        for place in _bits(ends):
            self.follow[place] |= starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern that can be looked for; make one with `compile_pattern`."""

    first: int
    last: int
    empty: bool
    accepts: tuple[Callable[[str], bool], ...]
    follow: tuple[int, ...]
    from_start: bool
    to_end: bool
    fold: bool
    needle: str
    """Text without which nothing can match, so that most pages are dismissed at once."""

    def found(self, text: str, budget: Budget | None = None) -> bool:
        """Whether the pattern occurs anywhere in `text`; never true once the budget is spent.

        >>> compile_pattern("(a+)+$").found("a" * 5000 + "b")
        False
        """
        text = text.lower() if self.fold else text
        if self.needle not in text:
            return False
        if self.empty and not (self.from_start and self.to_end and text):
            return True
        return self._walk(text, budget or Budget())

    def _walk(self, text: str, budget: Budget) -> bool:
        state, letters, onward = 0, dict[str, int](), dict[int, int]()
        for number, letter in enumerate(text):
            if letter not in letters:
                letters[letter] = sum(1 << place for place, accepts in enumerate(self.accepts) if accepts(letter))
                budget.left -= len(self.accepts)
            if state not in onward:
                onward[state] = self._onward(state, budget)
            budget.left -= 1
            if budget.left < 0:
                return False
            begin = self.first if number == 0 or not self.from_start else 0
            state = (onward[state] | begin) & letters[letter]
            if state & self.last and not self.to_end:
                return True
        return bool(self.to_end and state & self.last)

    def _onward(self, state: int, budget: Budget) -> int:
        reached = 0
        for place in _bits(state):
            reached |= self.follow[place]
            budget.left -= 1
        return reached


@lru_cache(maxsize=4096)
def compile_pattern(text: str) -> Pattern:
    """The pattern that `text` writes; PatternError, with the reason, where it is none or cannot be bounded.

    `.` stands for line ends as well, as in the lists that this is for.

    >>> compile_pattern("(?i)access to .{0,20}blocked").found("ACCESS TO the site is BLOCKED")
    True
    >>> compile_pattern("(a)\\\\1")
    Traceback (most recent call last):
    monitor.verdict.syntax.PatternError: at character 4: references back cannot be bounded
    """
    read = parse(text)
    machine = _Machine()
    whole = machine.part(read.node)
    return Pattern(
        first=whole.first,
        last=whole.last,
        empty=whole.empty,
        accepts=tuple(machine.accepts),
        follow=tuple(machine.follow),
        from_start=read.from_start,
        to_end=read.to_end,
        fold=read.fold,
        needle=_needle(read.node),
    )


def _either(parts: list[_Part]) -> _Part:
    whole = _Part(empty=any(part.empty for part in parts))
    for part in parts:
        whole = _Part(first=whole.first | part.first, last=whole.last | part.last, empty=whole.empty)
    return whole


def _needle(node: Node) -> str:
    """The longest run of plain characters that every match contains."""
    best = run = ""
    for part in node.parts if node.sort is Sort.ROW else (node,):
        run = run + part.letter if part.sort is Sort.ONE and part.letter else ""
        best = max(best, run, key=len)
    return best


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low
