"""The file as plain values, with the line and column of each: reading that no hostile or broken file can surprise.

Anchors and aliases are refused (ten lines of them can stand for a terabyte), nesting and size are bounded, a key that
stands twice is a mistake, and tags that would make objects are never followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from monitor.config.problem import ConfigError, Problem
from monitor.config.scalar import scalar

Where: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys and positions, from the top."""
Place: TypeAlias = tuple[int, int]
"""Line and column, counted from 1."""

SIZE = 1024 * 1024
"""Bytes that a configuration may have: thirty times the shipped one (ours)."""
DEPTH = 12
"""How deep values may nest; the file needs six levels (ours)."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True, kw_only=True)
class Tree:
    """What a file holds, and where."""

    file: str
    value: Any = None
    values: dict[Where, Place] = field(default_factory=dict)
    keys: dict[Where, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    spoiled: set[Where] = field(default_factory=set)
    """Where a mistake was already told, so that the value there is not judged again."""

    def tell(self, place: Place, what: str, expected: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(file=self.file, line=place[0], column=place[1], what=what, expected=expected))

    def place(self, where: Where) -> Place:
        """Line and column of a value, or of the nearest thing around it that stands in the file."""
        while where and where not in self.values:
            where = where[:-1]
        return self.values.get(where, (1, 1))


def read(path: Path) -> Tree:
    """The file's values with their places; ConfigError where it cannot be read at all, `problems` for the rest."""
    text = _text(path)
    tree = Tree(file=str(path))
    try:
        _document(tree, yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError:
        _explain(tree, text)
    return tree


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE + 1)
    except FileNotFoundError:
        raise _refusal(path, "there is no such file", "a YAML file, see `presscanary check-config --help`") from None
    except IsADirectoryError:
        raise _refusal(path, "this is a folder", "a YAML file") from None
    except OSError as fault:
        raise _refusal(path, f"cannot be read ({fault.strerror})", "a readable YAML file") from None
    if len(raw) > SIZE:
        raise _refusal(path, f"the file is larger than {SIZE // 1024} KiB", "a smaller one")
    return _decode(path, raw)


def _decode(path: Path, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        before = raw[: fault.start].decode("utf-8", "replace").split("\n")
        byte = f"byte 0x{raw[fault.start]:02x} is not UTF-8"
        raise _refusal(path, byte, "a file saved as UTF-8", (len(before), len(before[-1]) + 1)) from None
    if not text.strip():
        raise _refusal(path, "the file is empty", "at least the section 'targets'")
    return text


def _refusal(path: Path, what: str, expected: str, place: Place = (1, 1)) -> ConfigError:
    return ConfigError([Problem(file=str(path), line=place[0], column=place[1], what=what, expected=expected)])


def _explain(tree: Tree, text: str) -> None:
    """Say why text is no YAML, in the words of PyYAML's own parser, so that they are the same on every machine.

    ConfigError, always. Some versions of libyaml stop by themselves at a depth that we refuse long before; the slow
    parser is not let down there either.
    """
    what, place = "not readable as YAML", (1, 1)
    try:
        _document(Tree(file=tree.file), yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = place if mark is None else _place(mark)
        what = f"{what}: {fault.problem or fault.context}"
    except yaml.reader.ReaderError as fault:
        before = text[: fault.position].split("\n")
        place, what = (len(before), len(before[-1]) + 1), f"{what}: a control character"
    except yaml.YAMLError:
        pass
    refused = Problem(file=tree.file, line=place[0], column=place[1], what=what, expected="lines such as 'key: value'")
    raise ConfigError([*tree.problems, refused]) from None


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


def _document(tree: Tree, events: Iterator[yaml.Event]) -> None:
    started = False
    for event in events:
        match event:
            case yaml.DocumentStartEvent() if started:
                tree.tell(_place(event.start_mark), "a second document starts here", "one document in the file")
                return
            case yaml.DocumentStartEvent():
                started = True
                tree.value = _node(tree, events, next(events), ())


def _node(tree: Tree, events: Iterator[yaml.Event], event: yaml.Event, where: Where) -> Any:
    place = tree.values[where] = _place(event.start_mark)
    if len(where) > DEPTH:
        raise ConfigError([*tree.problems, _too_deep(tree, place)])
    if getattr(event, "anchor", None):
        tree.tell(place, "anchors and aliases (& and *) are not read", "the value written out")
    if getattr(event, "tag", None):
        tree.tell(place, "tags (words that start with !) are not read", "a plain value")
        tree.spoiled.add(where)
    match event:
        case yaml.MappingStartEvent():
            return _mapping(tree, events, where)
        case yaml.SequenceStartEvent():
            return _sequence(tree, events, where)
        case yaml.ScalarEvent():
            return event.value if event.style else scalar(event.value)
    tree.spoiled.add(where)
    return None


def _mapping(tree: Tree, events: Iterator[yaml.Event], where: Where) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        place = _place(event.start_mark)
        key = event.value if isinstance(event, yaml.ScalarEvent) else str(_node(tree, events, event, (*where, "?")))
        if not isinstance(event, yaml.ScalarEvent):
            tree.tell(place, "this key is not a plain word", "a plain word")
            tree.spoiled.add((*where, key))
        first = tree.keys.setdefault((*where, key), place)
        if key in found:
            tree.tell(place, f"the key {key!r} stands twice, first in line {first[0]}", "each key once")
        value = _node(tree, events, next(events), (*where, key))
        found[key] = value
    return found


def _sequence(tree: Tree, events: Iterator[yaml.Event], where: Where) -> list[Any]:
    found: list[Any] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        found.append(_node(tree, events, event, (*where, len(found))))
    return found


def _too_deep(tree: Tree, place: Place) -> Problem:
    return Problem(
        file=tree.file, line=place[0], column=place[1], what="values nest too deeply", expected="at most 12 levels"
    )
