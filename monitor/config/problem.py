"""A mistake in the configuration: where it stands, what is wrong, what was expected there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One mistake; its text is one line that editors and terminals can jump to.

    >>> print(Problem(file="targets.yaml", line=3, column=5, what="the key 'id' is missing", expected="it here"))
    targets.yaml:3:5: the key 'id' is missing; expected it here
    """

    file: str
    line: int
    column: int
    what: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; expected {self.expected}"


class ConfigError(Exception):
    """A configuration that cannot be used; `problems` has every mistake, in the order of the file, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))
