"""A number by which pages that resemble each other can be known: near pages differ in few of its bits.

Charikar's similarity hash over runs of words (STOC 2002; for web pages Manku et al., WWW 2007, who call pages alike at
up to 3 of 64 bits). It tells nothing of what a page says, so that it may be kept where the page may not.
"""

from __future__ import annotations

import hashlib
import re

BITS = 64
_RUN = 3
"""Words in one run; the more, the more a small change weighs."""
_MOST = 4096
"""Runs that are taken in; what comes later in a long page changes nothing."""
_UNSEEN = ("script", "style", "template", "noscript")
_HIDDEN = re.compile(rf"<({'|'.join(_UNSEEN)})\b|<!--", re.IGNORECASE)
_COMMENT_ENDS = re.compile("-->")
_ENDS = {each: re.compile(f"</{each}[^<>]*>", re.IGNORECASE) for each in _UNSEEN}
_TAG = re.compile(r"<[^<>]{0,2000}>")
_WORD = re.compile(r"\w+")
_LANE = 16
"""Bits for one counter; 64 counters stand side by side in one number, because one addition then counts them all."""
_SPREAD = tuple(sum(1 << _LANE * bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


def visible(page: str) -> str:
    """What a reader may see of a page's text; scripts, styles, comments and tags are gone.

    >>> visible("<script>var a</script><p>Кыргыз<b>стан</b></p><!-- x -->").split()
    ['Кыргыз', 'стан']
    """
    shown, at = [], 0
    while (begins := _HIDDEN.search(page, at)) is not None:
        shown.append(page[at : begins.start()])
        ends = (_ENDS[begins[1].lower()] if begins[1] else _COMMENT_ENDS).search(page, begins.end())
        at = len(page) if ends is None else ends.end()  # each sign is passed once, however hostile the page is
    return _TAG.sub(" ", " ".join((*shown, page[at:])))


def simhash(text: str) -> str | None:
    """The hash as 16 hex digits; None for a text without a single word.

    >>> distance(simhash("one two three four five six seven"), simhash("one two three four five six eight")) < 32
    True
    >>> simhash(" … ") is None
    True
    """
    words = _WORD.findall(text.lower())[: _MOST + _RUN - 1]
    if not words:
        return None
    runs = [" ".join(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1))]
    sums = [0] * (BITS // 8)
    for run in runs:
        digest = hashlib.blake2b(run.encode(), digest_size=BITS // 8).digest()
        for place, byte in enumerate(digest):
            sums[place] += _SPREAD[byte]
    half, mask = len(runs) / 2, (1 << _LANE) - 1
    counts = (total >> _LANE * bit & mask for total in sums for bit in range(8))
    return f"{sum(1 << at for at, count in enumerate(counts) if count > half):016x}"


def distance(one: str | None, other: str | None) -> int:
    """How many of the 64 bits differ; all of them where one is missing.

    >>> distance("000000000000000f", "0000000000000000"), distance(None, "0000000000000000")
    (4, 64)
    """
    return BITS if one is None or other is None else (int(one, 16) ^ int(other, 16)).bit_count()
