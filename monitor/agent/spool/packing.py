"""How documents are kept small: each is packed against an earlier one of the same page, which it differs little from.

A visit's document is mostly certificates, names and headers that were the same ten minutes ago. Against an earlier one
it takes a sixth of what it takes alone, and a week of a full schedule fits on the
small disks that vantage points have.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_LEVEL = 6


class FrameError(ValueError):
    """A frame that does not hold what was put into it."""


def pack(document: bytes, earlier: bytes = b"") -> bytes:
    """A document in few bytes; `earlier` (empty for none) has to be at hand to read it again.

    >>> unpack(pack(b"facts", b"more facts"), 5, b"more facts")
    b'facts'
    """
    options = {
        int(zstd.CompressionParameter.compression_level): _LEVEL,
        int(zstd.CompressionParameter.checksum_flag): 1,
    }
    packer = zstd.ZstdCompressor(options=options, zstd_dict=_against(earlier))
    return packer.compress(document, mode=zstd.ZstdCompressor.FLUSH_FRAME)


def unpack(frame: bytes, size: int, earlier: bytes = b"") -> bytes:
    """The document of `size` bytes; FrameError for anything else."""
    try:
        content = zstd.ZstdDecompressor(zstd_dict=_against(earlier)).decompress(frame, max_length=size + 1)
    except (zstd.ZstdError, EOFError) as fault:
        raise FrameError("a kept measurement is damaged") from fault
    if len(content) != size:
        raise FrameError("a kept measurement is damaged")
    return content


def _against(earlier: bytes) -> tuple[zstd.ZstdDict, int] | None:
    return zstd.ZstdDict(earlier, is_raw=True).as_prefix if len(earlier) >= 8 else None
