"""The notation of patterns: the part of regular expressions that can be looked for in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

REPEATS = 200
"""More repetitions are not written by people who know what they look for."""
DEEP = 40
"""Groups within groups."""
_CLASSES: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "s": str.isspace,
    "w": lambda letter: letter == "_" or letter.isalnum(),
}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_CODES = {"x": 2, "u": 4}


class PatternError(ValueError):
    """A pattern that cannot be read, or not be bounded: where, and why."""


class Sort(Enum):
    """What a node is."""

    ONE = 1
    ROW = 2
    CHOICE = 3
    REPEAT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A piece of a pattern: one character, pieces in a row, pieces to choose from, or a piece again and again."""

    sort: Sort
    parts: tuple[Node, ...] = ()
    accepts: Callable[[str], bool] = lambda _: True
    letter: str = ""
    """Of one plain character."""
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A whole pattern: what is looked for, where in the text, and whether the case of letters counts."""

    node: Node
    from_start: bool
    to_end: bool
    fold: bool


def parse(text: str) -> Read:
    """What `text` writes; PatternError with the place where it is wrong or cannot be bounded."""
    body, fold = (text[4:], True) if text.startswith("(?i)") else (text, False)
    from_start = body.startswith("^")
    to_end = body.endswith("$") and (len(body) - len(body[:-1].rstrip("\\"))) % 2 == 1
    inner = body[from_start : len(body) - to_end]
    if (from_start or to_end) and _chooses(inner):
        raise PatternError("an anchor beside a choice is not clear: put the choice into a group")
    reader = _Reader(inner, before=len(text) - len(body) + from_start, fold=fold)
    node = reader.choice(0)
    reader.demand_end()
    return Read(node=node, from_start=from_start, to_end=to_end, fold=fold)


def _chooses(text: str) -> bool:
    """Whether a `|` stands outside of all groups and sets."""
    depth, inside, escaped = 0, False, False
    for letter in text:
        if escaped or letter == "\\":
            escaped = not escaped
        elif inside or letter == "[":
            inside = letter != "]"
        elif letter == "|" and not depth:
            return True
        else:
            depth += {"(": 1, ")": -1}.get(letter, 0)
    return False


class _Reader:
    """Reads from left to right, one character ahead."""

    def __init__(self, text: str, *, before: int, fold: bool) -> None:
        self._text = text
        self._at = 0
        self._before = before
        self._fold = fold

    def choice(self, depth: int) -> Node:
        """Rows with `|` between them."""
        if depth > DEEP:
            raise self._fault("groups are too deep")
        rows = [self._row(depth)]
        while self._skip("|"):
            rows.append(self._row(depth))
        return rows[0] if len(rows) == 1 else Node(sort=Sort.CHOICE, parts=tuple(rows))

    def demand_end(self) -> None:
        """Raise PatternError where something is left over."""
        if self._peek():
            raise self._fault("this closes nothing")

    def _row(self, depth: int) -> Node:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom(depth)))
        return Node(sort=Sort.ROW, parts=tuple(parts))

    def _repeated(self, node: Node) -> Node:
        least: int = 1
        most: int | None = 1
        match self._peek():
            case "*":
                least, most = 0, None
            case "+":
                least, most = 1, None
            case "?":
                least, most = 0, 1
            case "{" if (bounds := self._bounds()) is not None:
                least, most = bounds
            case _:
                return node
        self._take()
        if self._skip("?"):
            pass  # "as few as can be" finds the same pages
        if self._peek() in ("*", "+") and self._peek():
            raise self._fault("a repetition of a repetition cannot be bounded")
        return Node(sort=Sort.REPEAT, parts=(node,), least=least, most=most)

    def _bounds(self) -> tuple[int, int | None] | None:
        """The numbers of `{2,4}`, standing at its `}`; None where the brace is a plain one."""
        end = self._text.find("}", self._at)
        low, comma, high = self._text[self._at + 1 : end].partition(",") if end > 0 else ("", "", "")
        if not low.isdecimal() or not (high.isdecimal() or not high):
            return None
        least, most = int(low), int(high) if high else None if comma else int(low)
        if max(least, most or 0) > REPEATS or (most is not None and most < least):
            raise self._fault(f"expected at most {REPEATS} repetitions, the smaller number first")
        self._at = end
        return least, most

    def _atom(self, depth: int) -> Node:
        match letter := self._take():
            case "(":
                return self._group(depth)
            case "[":
                return _one(self._set())
            case ".":
                return _one(lambda _: True)
            case "\\":
                return self._escaped()
            case "^" | "$":
                raise self._fault("an anchor can only stand at the beginning or the end", back=1)
            case "*" | "+" | "?":
                raise self._fault("there is nothing to repeat", back=1)
        return self._plain(letter)

    def _group(self, depth: int) -> Node:
        if self._skip("?") and not self._skip(":"):
            raise self._fault("looking around, names and flags inside of a pattern are not understood")
        node = self.choice(depth + 1)
        if not self._skip(")"):
            raise self._fault("a group is not closed")
        return node

    def _escaped(self) -> Node:
        letter = self._take()
        if letter.isdecimal() and letter != "0":
            raise self._fault("references back cannot be bounded", back=1)
        if letter.lower() in _CLASSES:
            return _one(_class(letter))
        return self._plain(self._meant(letter))

    def _meant(self, letter: str) -> str:
        """The character that an escape stands for."""
        if letter in _CODES:
            digits = "".join(self._take() for _ in range(_CODES[letter]))
            try:
                return chr(int(digits, 16))
            except ValueError:
                raise self._fault(f"expected {_CODES[letter]} hexadecimal digits") from None
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter.isalnum():
            raise self._fault(f"\\{letter} is not understood", back=1)
        return letter

    def _set(self) -> Callable[[str], bool]:
        """The characters of `[a-z_]`, after its opening bracket."""
        negative = self._skip("^")
        members: list[Callable[[str], bool]] = []
        while (letter := self._take()) != "]" or not members:
            if letter == "\\" and self._peek().lower() in _CLASSES:
                members.append(_class(self._take()))
                continue
            low = self._meant(self._take()) if letter == "\\" else letter
            members.append(self._range(low))
        chosen = tuple(members)
        return lambda letter: any(member(letter) for member in chosen) is not negative

    def _range(self, low: str) -> Callable[[str], bool]:
        high = low
        if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
            self._take()
            letter = self._take()
            high = self._meant(self._take()) if letter == "\\" else letter
            if high < low:
                raise self._fault("the range runs backwards")
        if self._fold:
            return lambda letter: low <= letter <= high or low <= letter.upper() <= high
        return lambda letter: low <= letter <= high

    def _plain(self, letter: str) -> Node:
        meant = letter.lower() if self._fold else letter
        if len(meant) > 1:  # İ and its like have no small form of one character
            meant = letter
        return Node(sort=Sort.ONE, accepts=lambda other: other == meant, letter=meant)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        letter = self._peek()
        if not letter:
            raise self._fault("the pattern ends too early")
        self._at += 1
        return letter

    def _skip(self, letter: str) -> bool:
        found = self._peek() == letter
        self._at += found
        return found

    def _fault(self, why: str, *, back: int = 0) -> PatternError:
        return PatternError(f"at character {self._before + self._at - back}: {why}")


def _one(accepts: Callable[[str], bool]) -> Node:
    return Node(sort=Sort.ONE, accepts=accepts)


def _class(letter: str) -> Callable[[str], bool]:
    holds, positive = _CLASSES[letter.lower()], letter.islower()
    return lambda other: holds(other) is positive
