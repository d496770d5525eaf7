"""Strangers' bytes at every parser: a small number of inputs each time, many with `python -m benchmarks.fuzz`."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import Parser, fuzz, parsers

NAMES = (
    "dns",
    "http head",
    "gzip body",
    "deflate body",
    "page",
    "quic versions",
    "quic initial",
    "certificate",
    "batch",
    "ooni document",
    "prefix table",
)


@pytest.mark.parametrize("name", NAMES)
def test_no_input_breaks_a_parser(name, tmp_path) -> None:
    """Two hundred inputs end in a result, or in the fault that the parser names."""
    every = parsers(tmp_path)
    assert tuple(every) == NAMES
    assert fuzz(name, every[name], inputs=200, seed=7) is None


def test_a_parser_that_breaks_is_told_with_its_input() -> None:
    """The input that did it is there in hex, to be tried again."""
    said = fuzz("broken", Parser(feed=lambda data: data[99], seeds=(b"abc",)), inputs=50, seed=1)
    assert said is not None
    assert said.startswith("broken: IndexError")
