"""The Merkle tree beside the definition of RFC 9162, written down word for word."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.log import tree


def defined(entries: list[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, by its recursion."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = max(1 << n for n in range(20) if 1 << n < len(entries))
    return hashlib.sha256(b"\x01" + defined(entries[:split]) + defined(entries[split:])).digest()


ENTRIES = [bytes([number]) * (number % 5) for number in range(40)]
TREE = tree.subtrees_of(ENTRIES)


@pytest.mark.parametrize("size", range(len(ENTRIES) + 1))
def test_the_root_is_that_of_the_standard(size: int) -> None:
    """For every size the root is the one that the standard's recursion gives."""
    assert tree.root(TREE, size) == defined(ENTRIES[:size])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 23, 40])
def test_each_entry_is_shown_to_be_included_and_no_other(size: int) -> None:
    """An audit path shows its entry at its index, and neither another entry, another index nor another size."""
    root = tree.root(TREE, size)
    for index in range(size):
        path = tree.inclusion(TREE, index, size)
        assert tree.included(ENTRIES[index], index, size, path, root)
        assert not tree.included(ENTRIES[index] + b"!", index, size, path, root)
        assert not any(
            tree.included(ENTRIES[index], other, size, path, root) for other in range(size) if other != index
        )
        assert not tree.included(ENTRIES[index], index, size, (*path, root), root)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_a_longer_log_is_shown_to_begin_with_the_shorter(first: int, second: int, data: st.DataObject) -> None:
    """A consistency proof holds for the two roots, and not when one of its hashes, or a root, is another."""
    first, second = min(first, second), max(first, second)
    old, new = tree.root(TREE, first), tree.root(TREE, second)
    path = tree.consistency(TREE, first, second)
    assert tree.consistent(first, second, path, old, new)
    assert not tree.consistent(first, second, path, old, new[::-1])
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not tree.consistent(first, second, (*path[:at], path[at][::-1], *path[at + 1 :]), old, new)
        assert not tree.consistent(first, second, path[:-1], old, new)


def test_what_is_not_in_the_log_has_no_proof() -> None:
    """An index or a size beyond the log is an IndexError, and a broken subtree a ValueError."""
    with pytest.raises(IndexError, match="no entry 40"):
        tree.inclusion(TREE, 40, 40)
    with pytest.raises(IndexError, match="does not begin"):
        tree.consistency(TREE, 41, 40)
    with pytest.raises(ValueError, match="3 leaves"):
        tree.complete([b""] * 3)
