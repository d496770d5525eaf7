"""The kinds of value that stand in the file, each with its check, its words for a mistake and its JSON Schema.

pydantic lives here and in `shape`; it calls these functions with whatever a stranger wrote.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from monitor.config import dates
from monitor.store.addresses import shared
from probes.registry import all_probes

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:\d{1,8}[smhd]){1,4}", re.ASCII)
_SIZE = re.compile(r"([0-9]{1,9}) ?([KMGT])B")
_HOST = re.compile(
    r"(?=.{1,253}$)(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII | re.IGNORECASE
)
_CITED = re.compile(r"(git:[\w.-]+/[\w.-]+@[0-9a-f]{7,40}|doc:)\s*\S.*", re.DOTALL)


def wrong(what: str, expected: str) -> PydanticCustomError:
    """A mistake in our words, for pydantic to collect with the others."""
    return PydanticCustomError("wrong", "{what}; expected {expected}", {"what": what, "expected": expected})


def said(value: Any) -> str:
    """A found value in words, short and harmless to print.

    >>> said("fast"), said(None), said([1])
    ("the text 'fast'", 'nothing', 'a list')
    """
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {value[:60]!r}{'…' if len(value) > 60 else ''}"
        case list():
            return "a list"
        case dict():
            return "keys and values"
    return f"the number {value}"


def seconds(text: str) -> timedelta:
    """The time that `10m`, `1h30m` or `45s` stand for; ValueError where the text is none of that.

    >>> seconds("1h30m")
    datetime.timedelta(seconds=5400)
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(text)
    return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([smhd])", text)))


def _duration(value: Any) -> timedelta:
    try:
        found = seconds(value)
    except (TypeError, ValueError):
        raise wrong(f"found {said(value)}", "a duration with its unit, such as 30s, 10m, 4h or 1d") from None
    if not found:
        raise wrong(f"found {said(value)}", "a duration longer than nothing")
    return found


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not int(found[1]):
        raise wrong(f"found {said(value)}", "a size with its unit, such as 500MB, 20GB or 1TB")
    size: int = int(found[1]) * 1000 ** (1 + "KMGT".index(found[2]))
    return size


def _seconds(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    return _duration(value).total_seconds()


def _url(value: Any) -> str:
    expected = "an address such as https://example.org/"
    if isinstance(value, str) and "@" in value.partition("//")[2].partition("/")[0]:
        raise wrong("this address carries a user name or password", "one without: this file is read by many")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except (AttributeError, TypeError, ValueError):
        raise wrong(f"found {said(value)}, which is no web address", expected) from None
    printable = isinstance(value, str) and value.isprintable() and " " not in value
    if parts.scheme not in ("http", "https") or not host or not printable:
        raise wrong(f"found {said(value)}, which is no web address", expected)
    if parts.fragment:
        raise wrong(f"the part after # in {said(value)} is never sent to a server", "the address without it")
    if not value.isascii():
        raise wrong(f"found {said(value)}", "the address in ASCII: the host as xn--…, other letters as %…")
    if not _is_address(host) and not _HOST.fullmatch(host):
        raise wrong(f"{host!r} is no host name", expected)
    return str(value)


def _is_address(value: Any) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return isinstance(value, str)


def _address(value: Any) -> str:
    # The value itself stays out of the message: it may be an operator's own address.
    if not _is_address(value):
        raise wrong("this is no IP address", "an IPv4 or IPv6 address, without port")
    return str(value)


def _subnet(value: Any) -> str:
    try:
        return str(ipaddress.ip_network(value if isinstance(value, str) else ""))
    except ValueError:
        raise wrong("this is no address and no network", "an address such as 127.0.0.1 or 10.0.0.0/8") from None


def _resolver(value: Any) -> str:
    if isinstance(value, str):
        host, _, port = value.rpartition(":") if value.count(":") == 1 or value.startswith("[") else (value, "", "53")
        if (
            _is_address(host.removeprefix("[").removesuffix("]"))
            and port.isascii()
            and port.isdigit()
            and 0 < int(port) < 65536
        ):
            return value
    raise wrong("this is no resolver's address", "an IP address such as 9.9.9.9, or with a port such as 9.9.9.9:53")


def _host(value: Any) -> str:
    if isinstance(value, str) and _HOST.fullmatch(value) and not _is_address(value):
        return value.lower().rstrip(".")
    raise wrong(f"found {said(value)}, which is no host name", "a name such as example.org, without http://")


def _pin(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value, re.ASCII | re.IGNORECASE):
        return value.lower()
    raise wrong("this is no pin", "64 hexadecimal digits, as `presscanary echo` prints them at its start")


def _kind_of_probe(value: Any) -> str:
    if value in SCHEDULED:
        return str(value)
    expected = "a kind such as availability, throttle or hop (`presscanary check-config --schema` lists them)"
    raise wrong(f"{said(value)} is no kind of probe that can be scheduled here", expected)


def _cited(value: Any) -> str:
    if isinstance(value, str) and _CITED.fullmatch(value):
        return value
    try:
        return _url(value)
    except PydanticCustomError:
        expected = "a web address, git:owner/repository@commit and a path, or doc: and a name"
        raise wrong(f"found {said(value)}, which leads to no source", expected) from None


def _date(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    try:
        dates.precision(text)
    except (dates.NotADateError, TypeError):
        expected = "a date that exists: 2023, 2023-09, 2023-09-12 or 2023-09-12T15:30+06:00"
        raise wrong(f"found {said(value)}", expected) from None
    return str(text)


def _zone(value: Any) -> str:
    try:
        dates.zone(value)
    except (LookupError, TypeError):
        raise wrong(f"found {said(value)}, which is no time zone", "a name such as Asia/Bishkek or UTC") from None
    return str(value)


def _folder(value: Any) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise wrong(f"found {said(value)}", "a folder's path")
    return Path(value)


def _server(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong(f"found {said(value)}", "an address such as postgresql://canary@host/database")
    try:
        return shared(value)
    except ValueError as fault:  # the value itself is not shown: it may have a password in it
        raise wrong("the address cannot be used", str(fault)) from fault


def _matching(pattern: str, what: str, expected: str) -> BeforeValidator:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise wrong(f"found {said(value)}, which is no {what}", expected)
        return value

    return BeforeValidator(check)


def _schema(pattern: str | None = None, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string"} | ({"pattern": f"^{pattern}$"} if pattern else {}) | more)


_ID = r"[a-z0-9][a-z0-9._-]{0,62}"
_COUNTRY = r"[A-Z]{2}"
_NETWORK = r"AS(0|[1-9][0-9]{0,9})"

SCHEDULED = tuple(sorted(name for name in all_probes() if name != "website"))
"""Kinds of probe that can have a schedule of their own beside the visits."""

Text: TypeAlias = Annotated[str, Field(min_length=1)]
Subnet: TypeAlias = Annotated[str, BeforeValidator(_subnet), _schema(examples=["127.0.0.1", "10.0.0.0/8"])]
Id: TypeAlias = Annotated[
    str, _matching(_ID, "id", "small letters, digits, '-', '_' and '.', such as kloop-ru"), _schema(_ID)
]
Country: TypeAlias = Annotated[
    str, _matching(_COUNTRY, "country code", "two capital letters such as KG, or ZZ where unknown"), _schema(_COUNTRY)
]
Network: TypeAlias = Annotated[
    str, _matching(_NETWORK, "network", "AS and its number, such as AS47237, or AS0 where unknown"), _schema(_NETWORK)
]
Url: TypeAlias = Annotated[str, BeforeValidator(_url), _schema("https?://.+", format="uri")]
Cited: TypeAlias = Annotated[str, BeforeValidator(_cited), _schema()]
Address: TypeAlias = Annotated[str, BeforeValidator(_address), _schema()]
Resolver: TypeAlias = Annotated[str, BeforeValidator(_resolver), _schema()]
Host: TypeAlias = Annotated[str, BeforeValidator(_host), _schema()]
Pin: TypeAlias = Annotated[str, BeforeValidator(_pin), _schema("[0-9a-fA-F]{64}")]
Kind: TypeAlias = Annotated[str, BeforeValidator(_kind_of_probe), WithJsonSchema({"enum": list(SCHEDULED)})]
Zone: TypeAlias = Annotated[str, BeforeValidator(_zone), _schema(examples=["Asia/Bishkek"])]
Date: TypeAlias = Annotated[
    str,
    BeforeValidator(_date),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["2023-09-12", "2023-11", 2023]}),
]
Duration: TypeAlias = Annotated[
    timedelta, BeforeValidator(_duration), _schema(r"([0-9]{1,8}[smhd]){1,4}", examples=["10m"])
]
Seconds: TypeAlias = Annotated[
    float, BeforeValidator(_seconds), WithJsonSchema({"type": ["string", "number"], "examples": ["10s", 10]})
]
Size: TypeAlias = Annotated[int, BeforeValidator(_size), _schema(r"[0-9]{1,9} ?[KMGT]B", examples=["20GB"])]
Server: TypeAlias = Annotated[
    str, BeforeValidator(_server), _schema(r"(postgresql|clickhouses?)://.+/[A-Za-z0-9_]+(\?.*)?")
]
Folder: TypeAlias = Annotated[Path, BeforeValidator(_folder), _schema()]
