"""pydantic's findings in our words, at their line and column."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from monitor.config.shape import File
from monitor.config.tree import Tree, Where
from monitor.config.values import said

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "keys and values",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list, each entry on a line that starts with '- '",
    "model_type": "keys and values",
    "string_type": "text; in quotes where it looks like a number",
}


def explain(tree: Tree, errors: Iterable[ErrorDetails]) -> None:
    """Note every finding in the tree's problems, except where a mistake was already told."""
    for error in errors:
        where = tuple(error["loc"])
        if any(where[:length] in tree.spoiled for length in range(len(where) + 1)):
            continue
        if error["type"] == "extra_forbidden":
            _unknown_key(tree, where)
        elif error["type"] == "missing":
            tree.tell(tree.place(where[:-1]), f"the key {where[-1]!r} is missing", "it here")
        else:
            tree.tell(tree.place(where), *_words(error))


def _unknown_key(tree: Tree, where: Where) -> None:
    known = sorted(_keys_at(where[:-1]))
    near = difflib.get_close_matches(str(where[-1]), known, n=1)
    hint = f"{near[0]!r} perhaps, or another" if near else "one"
    tree.tell(tree.keys[where], f"unknown key {where[-1]!r}", f"{hint} of {', '.join(known)}")


def _keys_at(where: Sequence[str | int]) -> Iterable[str]:
    """The keys of the part of the file that stands at `where`."""
    part: Any = File
    for step in where:
        part = part if isinstance(step, int) else _part_of(part.model_fields[step].annotation)
    return typing.cast("type[BaseModel]", part).model_fields


def _part_of(annotation: Any) -> Any:
    """The model inside `list[Annotated[Model | None, …]]` and the like; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (
        typing.get_args(annotation)[:1] if typing.get_origin(annotation) is Annotated else typing.get_args(annotation)
    )
    return next((found for found in map(_part_of, inner) if found is not None), None)


def _words(error: ErrorDetails) -> tuple[str, str]:
    context = error.get("ctx", {})
    found = f"found {said(error['input'])}"
    match error["type"]:
        case "wrong":
            return context["what"], context["expected"]
        case "literal_error":
            return found, context["expected"]
        case "greater_than_equal":
            return found, f"{context['ge']} or more"
        case "less_than_equal":
            return found, f"{context['le']} or less"
        case "string_too_short":
            return "found an empty text", "some text"
        case "too_short":
            return f"found a list of {context['actual_length']}", f"{context['min_length']} or more entries"
        case "too_long":
            return "found a longer list", f"at most {context['max_length']} entries"
    return found, _EXPECTED.get(error["type"], error["msg"])
