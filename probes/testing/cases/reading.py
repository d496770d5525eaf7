"""Reading a stranger's JSON: every value is asked for by key and kind, and a mistake names its place."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any


class CaseError(ValueError):
    """A case file that is not what it should be; the message names the case and the key."""


class Fields:
    """One JSON object and where it stands in the file; each method gives a value or raises `CaseError`."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise CaseError(f"{place}: expected an object, found {_shown(value)}")
        self.place = place
        self._values: Mapping[str, Any] = value

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A string."""
        return str(self._get(key, str, "a string", default))

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        return bool(self._get(key, bool, "true or false", default))

    def name(self, key: str) -> str:
        """A host name, in lower case and its `xn--` form."""
        return self.ascii_name(self.text(key), key)

    def ascii_name(self, name: str, key: str) -> str:
        """`name` in lower case and its `xn--` form; CaseError, which tells the key, where it is no host name."""
        try:
            return name.rstrip(".").encode("idna").decode().lower()
        except UnicodeError as fault:
            raise CaseError(f"{self.place}: {key}: {_shown(name)} is no host name") from fault

    def address(self, key: str) -> str:
        """An IP address; empty where the file leaves it so, which is an address that nothing has."""
        text = self.text(key)
        return self._address(text, key) if text else ""

    def port(self, key: str) -> int:
        """A port number; 0 is a port that nothing has. CaseError for what is none."""
        number = self._get(key, int, "a port number")
        if isinstance(number, bool) or not 0 <= number <= 65535:
            raise CaseError(f"{self.place}: {key}: expected a port number, found {_shown(number)}")
        return int(number)

    def addresses(self, key: str) -> tuple[str, ...]:
        """A list of IP addresses."""
        return tuple(self._address(text, key) for text in self._get(key, list, "a list of addresses"))

    def names(self, key: str) -> tuple[str, ...]:
        """A list of host names."""
        return tuple(self.ascii_name(str(name), key) for name in self._get(key, list, "a list of names"))

    def object(self, key: str) -> Fields:
        """An object; an empty one where the key is missing."""
        return Fields(self._get(key, dict, "an object", {}), f"{self.place}: {key}")

    def objects(self, key: str, *, required: bool = True) -> tuple[Fields, ...]:
        """A list of objects."""
        values = self._get(key, list, "a list", None if required else [])
        return tuple(Fields(value, f"{self.place}: {key}[{number}]") for number, value in enumerate(values))

    def numbers(self, key: str) -> Mapping[str, int]:
        """An object of numbers, without those that are null; an empty one where the key is missing."""
        inner = self.object(key)
        return {name: inner.number(name) for name in inner.raw_keys() if name in inner}

    def number(self, key: str) -> int:
        """A whole number."""
        return int(self._get(key, int, "a number"))

    def raw_keys(self) -> tuple[str, ...]:
        """The keys that the file gives."""
        return tuple(self._values)

    def raw(self, key: str) -> Mapping[str, Any]:
        """An object as it stands in the file."""
        return dict(self._get(key, dict, "an object"))

    def _get(self, key: str, kind: type, expected: str, default: Any = None) -> Any:
        value = self._values.get(key, default)
        if key not in self._values and default is None:
            raise CaseError(f"{self.place}: key {key!r} is missing")
        if not isinstance(value, kind):
            raise CaseError(f"{self.place}: {key}: expected {expected}, found {_shown(value)}")
        return value

    def _address(self, text: Any, key: str) -> str:
        try:
            return str(ip_address(str(text)))
        except ValueError as fault:
            raise CaseError(f"{self.place}: {key}: expected an IP address, found {_shown(text)}") from fault


def _shown(value: Any) -> str:
    """A value as an error may show it: short, and on one line.

    >>> _shown("a" * 99)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"
    """
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
