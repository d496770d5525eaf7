"""The Merkle tree of RFC 9162 §2.1 (that of RFC 6962): what a log's roots and proofs are, and how strangers check them.

A leaf's hash is SHA-256 of a zero byte and the entry, a node's that of a one byte and both children. `Subtrees` gives
the hash of a complete subtree, of 2^level leaves beginning with leaf `index` x 2^level; whatever else a root or a proof
needs follows from those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Subtrees = Callable[[int, int], bytes]

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 §2.1.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of the leaf that holds an entry.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete(leaves: Sequence[bytes]) -> bytes:
    """The hash of the complete subtree over 2^n leaf hashes; ValueError for another number of them.

    >>> complete([leaf_hash(b"a"), leaf_hash(b"b")]) == node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
    True
    """
    if not leaves or len(leaves) & (len(leaves) - 1):
        raise ValueError(f"{len(leaves)} leaves make no complete subtree")
    row = list(leaves)
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


def subtrees_of(entries: Sequence[bytes]) -> Subtrees:
    """The complete subtrees over entries that are at hand; for tests and small packages.

    >>> root(subtrees_of([b"a", b"b"]), 2) == node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
    True
    """
    return lambda level, index: complete([leaf_hash(entry) for entry in entries[index << level : (index + 1) << level]])


def root(subtrees: Subtrees, size: int) -> bytes:
    """The root of the first `size` leaves.

    >>> root(subtrees_of([]), 0) == EMPTY
    True
    """
    return _range(subtrees, 0, size) if size else EMPTY


def inclusion(subtrees: Subtrees, index: int, size: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size` leaves, from the leaf up; IndexError where it is not in it.

    >>> [node.hex()[:8] for node in inclusion(subtrees_of([b"a", b"b"]), 0, 2)] == [leaf_hash(b"b").hex()[:8]]
    True
    """
    if not 0 <= index < size:
        raise IndexError(f"a log of {size} entries has no entry {index}")
    path = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _half(stop - start)
        if index < middle:
            path.append(_range(subtrees, middle, stop))
            stop = middle
        else:
            path.append(_range(subtrees, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency(subtrees: Subtrees, first: int, second: int) -> tuple[bytes, ...]:
    """The proof that the tree of `second` leaves begins with that of `first` (RFC 9162 §2.1.4.1).

    IndexError where that cannot be; the empty tree and the same tree need no proof.

    >>> consistency(subtrees_of([b"a"]), 1, 1)
    ()
    """
    if not 0 <= first <= second:
        raise IndexError(f"a log of {second} entries does not begin with {first}")
    if first in {0, second}:
        return ()
    path = []
    start, stop = 0, second
    whole = True  # the range begins at 0, so its hash is the first root itself, which the asker holds
    while first - start != stop - start:
        middle = start + _half(stop - start)
        if first <= middle:
            path.append(_range(subtrees, middle, stop))
            stop = middle
        else:
            path.append(_range(subtrees, start, middle))
            start, whole = middle, False
    return tuple(reversed(path if whole else [*path, _range(subtrees, start, stop)]))


def included(entry: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether an audit path shows that an entry is leaf `index` of the tree with this root (RFC 9162 §2.1.3.2).

    >>> tree = subtrees_of([b"a", b"b", b"c"])
    >>> path = inclusion(tree, 2, 3)
    >>> included(b"c", 2, 3, path, root(tree, 3)), included(b"b", 2, 3, path, root(tree, 3))
    (True, False)
    """
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf_hash(entry)
    for node in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(node, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, node)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root_hash


def consistent(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether a proof shows that the second tree begins with the first (RFC 9162 §2.1.4.2).

    >>> tree = subtrees_of([b"a", b"b", b"c"])
    >>> consistent(2, 3, consistency(tree, 2, 3), root(tree, 2), root(tree, 3))
    True
    """
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY
    if not 0 < first < second or not path:
        return False
    nodes = list(path) if first & (first - 1) else [first_root, *path]
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, node)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _range(subtrees: Subtrees, start: int, stop: int) -> bytes:
    """The hash of the leaves from `start` to before `stop`, where `start` is a multiple of the greatest power in it."""
    size = stop - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return subtrees(level, start >> level)
    middle = start + _half(size)
    return node_hash(_range(subtrees, start, middle), _range(subtrees, middle, stop))


def _half(size: int) -> int:
    """The greatest power of two below `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1
