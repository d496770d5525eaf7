"""A case as a folder: `network.yaml` is read strictly, and `expected.yaml` is read and written as plain values."""

from __future__ import annotations

import difflib
import textwrap
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from monitor.config.problem import ConfigError
from monitor.config.tree import Tree, read
from tests.gallery.shape import Network

HERE = Path(__file__).parent
SECTIONS = ("steps", "observations", "health", "verdict", "peer")
"""What is expected of a case: facts, facts beside the controls', the vantage point's health, what it means to us, and
what it means in the peer's words."""


class FormError(ValueError):
    """A case that is not what it should be; each line names a file, a line in it, and what was expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One folder of the gallery."""

    name: str
    folder: Path
    network: Network


def folders(root: Path = HERE) -> tuple[Path, ...]:
    """The folders of all cases, by name."""
    return tuple(sorted(path.parent for path in root.glob("*/network.yaml")))


def read_case(folder: Path) -> Case:
    """The case in a folder; FormError with every mistake."""
    try:
        tree = read(folder / "network.yaml")
    except ConfigError as fault:
        raise FormError(str(fault)) from fault
    network = None
    try:
        network = Network.model_validate(tree.value)
    except ValidationError as fault:
        for error in fault.errors(include_url=False):
            where = tuple(part for part in error["loc"] if not _is_branch(part))
            tree.tell(tree.keys.get(where, tree.place(where)), *_said(error["type"], where, error["msg"]))
    if tree.problems or network is None:
        raise FormError("\n".join(map(str, sorted(set(tree.problems)))))
    return Case(name=folder.name, folder=folder, network=network)


def _is_branch(part: int | str) -> bool:
    """Whether a word of a place is only the name of a branch of a union, which stands in no file."""
    return isinstance(part, str) and (part in {"Action", "bool"} or part.startswith(("literal[", "list[", "function-")))


def _said(kind: str, where: tuple[int | str, ...], message: str) -> tuple[str, str]:
    match kind:
        case "extra_forbidden":
            known = sorted(_keys_at(where[:-1]))
            near = difflib.get_close_matches(str(where[-1]), known, n=1)
            return f"unknown key {where[-1]!r}", f"{near[0]!r} perhaps" if near else f"one of {', '.join(known)}"
        case "missing":
            return f"the key {where[-1]!r} is missing", "it here"
    return f"{'.'.join(map(str, where)) or 'the file'} is wrong", message.removeprefix("Value error, ")


def _keys_at(where: Iterable[int | str]) -> Iterable[str]:
    parts: tuple[type[BaseModel], ...] = (Network,)
    for step in where:
        if isinstance(step, str):
            fields = [part.model_fields[step].annotation for part in parts if step in part.model_fields]
            parts = tuple(model for annotation in fields for model in _models_in(annotation))
    return {name for part in parts for name in part.model_fields}


def _models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(model for inner in typing.get_args(annotation) for model in _models_in(inner))


def read_expected(folder: Path) -> Mapping[str, Any]:
    """What is expected of a case; FormError where the file is missing, is no YAML or lacks a section."""
    path = folder / "expected.yaml"
    try:
        tree: Tree = read(path)
    except ConfigError as fault:
        raise FormError(f"{fault} (REGENERATE=1 writes it)") from fault
    found = tuple(tree.value) if isinstance(tree.value, dict) else ()
    if tree.problems or found != SECTIONS:
        told = "\n".join(map(str, tree.problems))
        raise FormError(told or f"{path}:1:1: found {', '.join(found) or 'no keys'}; expected {', '.join(SECTIONS)}")
    return typing.cast("Mapping[str, Any]", tree.value)


def write_expected(folder: Path, found: Mapping[str, Any]) -> None:
    """Keep what a case showed as what is expected of it from now on."""
    text = yaml.safe_dump(dict(found), allow_unicode=True, sort_keys=False, width=1000, default_flow_style=False)
    (folder / "expected.yaml").write_text(text, encoding="utf-8")


def difference(expected: Mapping[str, Any], found: Mapping[str, Any], section: str) -> str:
    """What one section shows against what was expected, as a diff; empty where they are alike."""
    before, after = (
        yaml.safe_dump(side[section], allow_unicode=True, width=1000, sort_keys=False).splitlines()
        for side in (expected, found)
    )
    if expected[section] == found[section]:
        return ""
    return textwrap.indent("\n".join(difflib.unified_diff(before, after, "expected", "found", lineterm="", n=1)), "  ")
