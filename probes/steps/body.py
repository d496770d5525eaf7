"""A response body within bounds: decompressed as far as allowed, hashed, titled, and kept only where it is worth it."""

from __future__ import annotations

import codecs
import hashlib
import html
import re
import zlib

from probes.model import Body
from probes.own import Own
from probes.scrub import scrub, scrub_bytes
from probes.steps.simhash import simhash, visible
from probes.steps.tongue import language_of

SMALL = 16 * 1024
"""Bodies up to this size are kept: block pages are small, front pages of news sites are not."""
KEPT = 64 * 1024
"""At most so much of a body is kept."""
_READ = 128 * 1024
"""At most so much of a page is compared and read for its language."""
_TITLE = re.compile(r"<title(?:\s[^>]{0,200})?>([^<]{1,512})</title", re.IGNORECASE)
"""As OONI looks for it: up to 512 characters without `<`."""
_OPENING = re.compile(rb"<[Tt][Ii][Tt][Ll][Ee][\s>]")
"""It is looked for in bytes: every encoding below writes it like ASCII, and decoding a page costs more than this."""
_TITLE_BYTES = 4096
"""More than a title that is taken can have: 200 and 512 characters of at most 4 bytes, and the two tags."""
_TITLE_WITHIN = 64 * 1024
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]{1,40})", re.IGNORECASE | re.ASCII)
_CHARSETS = frozenset(
    {"utf-8", "cp1251", "cp1252", "iso8859-1", "iso8859-5", "koi8-r", "koi8-u", "cp866", "gb18030", "gbk"}
)
"""Text encodings of pages; others (and Python's `punycode`, `unicode_escape` …) are read as UTF-8."""


class BodyReader:
    """Takes a body chunk by chunk, inflates gzip and deflate, and stops at `limit` bytes on either side of it."""

    def __init__(self, *, limit: int, content_encoding: str = "") -> None:
        self._limit = limit
        self._wire = 0
        self._inflate = _inflater(content_encoding)
        self._deflate = content_encoding.strip().lower() == "deflate"
        self._body: bytes | bytearray = b""
        self.truncated = False

    @property
    def raw(self) -> bytes:
        """What was read so far, decompressed."""
        return bytes(self._body)

    def feed(self, chunk: bytes) -> None:
        """Take in a chunk as it came; zlib.error where it is not what its Content-Encoding says.

        After the limit was reached, `truncated` is set and whatever follows is left out.
        """
        self._wire += len(chunk)
        room = self._limit - len(self._body)
        plain = self._plain(chunk, room + 1) if chunk else b""
        if self._body:
            self._body = self._body if isinstance(self._body, bytearray) else bytearray(self._body)
            self._body += plain[:room]
        else:
            self._body = plain[:room]  # most pages come in one piece, which need not be copied
        self.truncated = self.truncated or len(plain) > room or self._wire > self._limit

    def _plain(self, chunk: bytes, most: int) -> bytes:
        if self._inflate is None:
            return chunk[:most]
        if self._deflate:
            self._deflate = False
            if chunk[0] & 0x0F != 8:  # no zlib header: some servers send the bare deflate stream
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._inflate.decompress(chunk, most)


def _inflater(content_encoding: str) -> zlib._Decompress | None:
    """32 + 15: zlib looks at the header and takes gzip and zlib alike (zlib manual, inflateInit2)."""
    if content_encoding.strip().lower() in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32)
    return None


def summarise(
    raw: bytes,
    *,
    truncated: bool,
    content_type: str = "",
    suspicious: bool = False,
    brief: bool = False,
    own: Own | None = None,
) -> Body:
    """What is recorded of a body; `own` is what is known of this machine and looked for in it.

    The length is that of the bytes as they came, the SHA-256 that of the scrubbed ones: from the hash of a block page
    that prints its visitor's address, all 2**32 addresses could be tried in minutes. The bytes are kept, scrubbed and
    at most `KEPT` of them, where the body is small (`SMALL`) or the response suspicious: not a success, or sent in
    clear text, where anybody on the path could have written it. `brief` leaves it at length and title where the body is
    large: looking for addresses in it would cost more than fetching it.

    >>> summarise(b"<title>Blocked for 192.0.2.7</title>", truncated=False).title
    'Blocked for [scrubbed]'
    """
    if brief and len(raw) > SMALL:
        return Body(length=len(raw), title=title_of(raw, content_type), truncated=truncated)
    scrubbed = scrub_bytes(raw) if own is None else own.hide_bytes(raw)
    compared = scrubbed[:_READ] if _is_text(raw, content_type) else b""
    page = compared.decode(_encoding(raw, content_type), errors="replace")
    text = visible(page)
    return Body(
        length=len(raw),
        sha256=hashlib.sha256(scrubbed).hexdigest(),
        title=title_of(raw, content_type),
        truncated=truncated,
        kept=scrubbed[:KEPT] if suspicious or len(raw) <= SMALL else None,
        simhash=simhash(text),
        language=language_of(page, text),
    )


def _is_text(raw: bytes, content_type: str) -> bool:
    """Whether the words of a body can be compared: what calls itself text, or calls itself nothing and has no NUL."""
    kind = content_type.lower()
    return "text" in kind or "xml" in kind or "json" in kind or (not kind and b"\0" not in raw[:1024])


def title_of(raw: bytes, content_type: str = "") -> str | None:
    """The page's title on one line, scrubbed; None where there is none.

    >>> title_of("<TITLE lang='ky'> Клооп\\n &mdash; жаңылыктар</TITLE>".encode())
    'Клооп — жаңылыктар'
    """
    encoding = _encoding(raw, content_type)
    openings = (each.start() for each in _OPENING.finditer(raw, 0, _TITLE_WITHIN))
    parts = (raw[start : min(start + _TITLE_BYTES, _TITLE_WITHIN)] for start in openings)
    found = next(filter(None, (_TITLE.match(part.decode(encoding, errors="replace")) for part in parts)), None)
    if found is None:
        return None
    text = html.unescape(found[1])
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return scrub(" ".join(text.split())) or None


def _encoding(raw: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type) or _CHARSET.search(raw[:1024].decode("latin-1"))
    return _charset(named[1] if named else "")


def _charset(name: str) -> str:
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return "utf-8"
    return known if known in _CHARSETS else "utf-8"
