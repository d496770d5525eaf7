"""What this machine knows of itself, and how it keeps that out of its records, in whatever clothes it comes back.

`probes.scrub` removes every address that is written as one. A censor's page may also hand the visitor's address back in
base64, with dashes, or inside a host name, where it looks like anything else. Only somebody who knows the address can
find it there: so the addresses of our own sockets are learned while measuring, and looked for in every step.
"""

from __future__ import annotations

import base64
import marshal
import os
import pwd
import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from probes.model import Answer
from probes.scrub import scrub_bytes

HIDDEN = "scrubbed"
"""Without brackets: it stands in the middle of host names and URLs, which brackets would break."""

_SHORTEST = 6
"""Shorter forms would be found everywhere by chance."""
_CHAFF = bytes(each for each in range(256) if chr(each) not in string.digits + string.ascii_uppercase)
_LEFT_ALONE = frozenset({"type", "engine", "resolver", "query_type", "chain", "method", "sha256", "purpose"})
"""Fields that are words of ours, or whose bytes must stay whole to be worth anything (a certificate is signed)."""


_NUMBERS = frozenset({"int", "float", "bool", "int | None", "float | None", "TCPInfo | None"})
"""Types of fields, as they are annotated, that have no room for a text."""


class Own:
    """The details of one machine, and records without them; `words` are texts such as its name and home folder.

    It begins with what the process was told to keep out of all its records (`remember`).
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._addresses: set[str] = set(_remembered.addresses)
        self._forms = forms(_remembered.words.union(words), _remembered.addresses | _remembered.around)

    def learn(self, address: str, *, socket: bool = True) -> None:
        """Keep this address out of records: our own `socket`'s, or the configured resolver's, which stays where it was
        answered or dialled (a router that answers with itself is evidence). Loopback is everybody's."""
        plain = address.partition("%")[0]
        if _is_nobodys(plain):
            return
        if socket:
            self._addresses.add(plain)
        if plain not in self._forms.addresses:
            self._forms = forms(self._forms.words, self._forms.addresses | {plain})

    def hide(self, text: str) -> str:
        """`text` without any form of what is known.

        >>> own = Own()
        >>> own.learn("192.0.2.7")
        >>> own.hide("http://192-0-2-7.isp.example/?id=MTkyLjAuMi43")
        'http://scrubbed.isp.example/?id=scrubbed'
        """
        for form in self._forms.spelled:
            if form in text:  # much faster than the search that follows, and nearly always False
                text = re.sub(rf"(?<!\w)(?<!\w\.){re.escape(form)}(?!\w)(?!\.\d)", HIDDEN, text, flags=re.ASCII)
        for form in self._forms.packed:
            text = text.replace(form, HIDDEN)
        return text

    def hide_bytes(self, raw: bytes) -> bytes:
        """A page without any form of what is known, and without whatever else looks like an address."""
        if self._forms.may_be_in(raw):
            raw = self.hide(raw.decode("latin-1")).encode("latin-1")
        return scrub_bytes(raw)

    def is_told_by(self, raw: bytes) -> bool:
        """Whether something that must stay whole, such as a certificate, tells any of what is known, in any form or as
        the bytes of an address."""
        bare = (ip_address(each).packed for each in self._addresses)
        return any(each in raw for each in bare) or self.hide(raw.decode("latin-1")) != raw.decode("latin-1")

    def hide_in(self, record: Any) -> Any:
        """A step, or any part of one, or several, without any form of what is known; of the same type as it came."""
        written = _written(record)
        if written is not None and not self._forms.may_be_in(written):
            return record
        return self._hide_in(record)

    def _hide_in(self, record: Any) -> Any:
        match record:
            case str():
                return self.hide(record)
            case bytes():
                return self.hide(record.decode("latin-1")).encode("latin-1")
            case tuple():
                return tuple(map(self._hide_in, record))
            case Answer(type="A" | "AAAA"):
                return replace(record, value=self._address(record.value))
        return self._hide_in_fields(record) if is_dataclass(record) else record

    def _hide_in_fields(self, record: Any) -> Any:
        kind: Any = type(record)
        held = {name: getattr(record, name) for name in _shown(kind)}
        return replace(
            record,
            **{name: self._address(it) if name == "address" else self._hide_in(it) for name, it in held.items()},
        )

    def _address(self, address: str) -> str:
        return HIDDEN if address in self._addresses else address


@lru_cache(maxsize=64)
def _is_nobodys(address: str) -> bool:
    parsed = ip_address(address)
    return parsed.is_loopback or parsed.is_unspecified


@lru_cache(maxsize=64)
def _shown(record: type) -> tuple[str, ...]:
    """The fields of a record in which something of ours may stand."""
    return tuple(each.name for each in fields(record) if each.name not in _LEFT_ALONE and each.type not in _NUMBERS)


@lru_cache(maxsize=64)
def _values(record: type) -> Callable[[Any], tuple[Any, ...]]:
    """What reads those fields, at once."""
    shown = _shown(record)
    return attrgetter(*shown) if len(shown) > 1 else lambda each: tuple(getattr(each, name) for name in shown)


def _written(record: Any) -> bytes | None:
    """All texts of a record, in whatever depth, in a row and in UTF-8, with other bytes between them; None where it
    holds something that is not known how to write. Nothing does this faster than marshal."""
    try:
        return marshal.dumps(_bare(record), 2)
    except ValueError:
        return None


def _bare(record: Any) -> Any:
    """The fields of a record in which something of ours may stand, as tuples of tuples."""
    if type(record) is tuple:
        headers = bool(record) and type(record[0]) is tuple  # nearly all of what is there to look at
        return record if headers else tuple(map(_bare, record))
    if record is None or type(record) is str or not is_dataclass(record):
        return record
    kind: Any = type(record)
    return _bare(_values(kind)(record))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """All that is looked for: words as they are `spelled`, and as they are `packed` into tokens."""

    words: frozenset[str]
    addresses: frozenset[str]
    spelled: frozenset[str]
    packed: frozenset[str]
    sifted: tuple[bytes, ...]
    plain: tuple[bytes, ...]

    def may_be_in(self, raw: bytes) -> bool:
        """False where none of the forms can be in `raw` (in UTF-8 or in Latin-1).

        Capital letters and digits are rare in a page, and nearly all forms are full of them. What is left of a form
        when all else is taken away is in what is left of the page, if the form is in the page; and that is short.
        """
        left = raw.translate(None, _CHAFF)
        return any(form in left for form in self.sifted) or any(form in raw for form in self.plain)


@lru_cache(maxsize=64)
def forms(words: frozenset[str], addresses: frozenset[str]) -> Forms:
    """The forms of some words and IP addresses; computed once for each set, because it takes longer than a search."""
    every = words.union(*map(spellings, addresses))
    spelled = {form for word in every for form in (word, word.lower(), word.upper()) if len(form) >= _SHORTEST}
    inside = {form for word in every for form in packed(word)}
    left = {form: form.encode().translate(None, _CHAFF) for form in spelled | inside | addresses}
    short = {form for form, rest in left.items() if len(rest) < _SHORTEST}
    return Forms(
        words=words,
        addresses=addresses,
        spelled=frozenset(spelled),
        packed=frozenset(inside),
        sifted=tuple({left[form] for form in left.keys() - short}),
        plain=tuple(_ascii(form) for form in short),
    )


def _ascii(form: str) -> bytes:
    """A form as it is looked for in bytes; where it is not ASCII, it may be in any: the search by text decides."""
    return form.encode() if form.isascii() else b""


def spellings(address: str) -> frozenset[str]:
    """How an address is written by programs: plain, in full, reversed, with dashes, as a number.

    >>> sorted(spellings("192.0.2.7"))
    ['192-0-2-7', '192.0.2.7', '3221225991', '7-2-0-192', '7.2.0.192', 'c0000207']
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        parts = str(parsed).split(".")
        dotted = (".".join(parts), ".".join(reversed(parts)))
        dashed = (each.replace(".", "-") for each in dotted)
        return frozenset({*dotted, *dashed, str(int(parsed)), f"{int(parsed):08x}"})
    written = (str(parsed), parsed.exploded)
    return frozenset({*written, *(each.replace(":", "-") for each in written), f"{int(parsed):032x}"})


def packed(text: str) -> frozenset[str]:
    """A text as it may stand in the middle of a token: percent-encoded, in part or in whole, and inside of base64.

    >>> "MTkyLjAuMi43" in packed("192.0.2.7"), "2001%3Adb8%3A%3A7" in packed("2001:db8::7")
    (True, True)
    """
    cased = (text, text.lower(), text.upper())
    quoted = {quote(each, safe="") for each in cased if quote(each, safe="") != each}
    whole = {"".join(f"%{byte:02{case}}" for byte in text.encode()) for case in "xX"}
    encoded = {form for each in cased for form in _in_base64(each.encode())}
    found = quoted | {each.replace("%3A", "%3a").replace("%2F", "%2f") for each in quoted} | whole | encoded
    return frozenset(form for form in found if len(form) >= _SHORTEST)


def _in_base64(raw: bytes) -> Iterator[str]:
    """What `raw` looks like in base64 at each of the three places where it can begin, without what its neighbours
    change (RFC 4648 §4, §5)."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw)
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        for alphabet in (encoded, encoded.replace(b"+", b"-").replace(b"/", b"_")):
            yield alphabet[first:last].decode()


@dataclass(slots=True, kw_only=True)
class _Remembered:
    words: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()


_remembered = _Remembered()
"""What no socket shows, and is this machine's all the same, for as long as the process runs: there is one machine."""


def remember(*, words: Iterable[str] = (), addresses: Iterable[str] = (), around: Iterable[str] = ()) -> None:
    """Keep these out of all records that begin from now on, in the place of what was remembered before.

    `addresses` are the machine's own, such as the one that the world sees behind a home router; those `around` it (its
    router's, its resolvers') stay where they were answered or dialled, because that is evidence.
    """
    _remembered.words = frozenset(words)
    _remembered.addresses, _remembered.around = _somebodys(addresses), _somebodys(around)


def _somebodys(addresses: Iterable[str]) -> frozenset[str]:
    plain = {each.partition("%")[0] for each in addresses}
    return frozenset(each for each in plain if not _is_nobodys(each))


@lru_cache(maxsize=1)
def machine() -> tuple[str, ...]:
    """The names that lead to this machine and its owner: the host's, where it is not just a word, and the home folder.

    A name of letters only (`ubuntu`, `anna`) is left: it would be found in pages that have nothing to do with it.
    """
    name = os.uname().nodename
    names = [name, name.partition(".")[0]]
    return (*(each for each in dict.fromkeys(names) if not each.isalpha() and each.lower() != "localhost"), *_home())


def _home() -> tuple[str, ...]:
    try:
        homes = {os.environ.get("HOME", ""), pwd.getpwuid(os.getuid()).pw_dir}
    except KeyError:  # a user without an entry, as in some containers
        homes = {os.environ.get("HOME", "")}
    return tuple(sorted(home.rstrip("/") for home in homes if home.count("/") > 1))
