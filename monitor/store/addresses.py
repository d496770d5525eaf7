"""Where a store's servers are: one line each, and a password that is read from elsewhere and never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = {"postgresql": 5432, "clickhouse": 8123, "clickhouses": 8443}
"""What an address may begin with, and the port where it names none; `clickhouses` is ClickHouse over TLS."""

MEASUREMENTS = "PRESSCANARY_MEASUREMENTS"
STATE = "PRESSCANARY_STATE"
"""Environment variables that go before the configuration's addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One engine's address; `str` and `repr` never show the password."""

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    """In the order in which they are tried."""
    database: str
    user: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{f'{self.user}@' if self.user else ''}{hosts}/{self.database}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """A store on servers; without `state`, events and health are kept in `folder`."""

    folder: Path
    measurements: Address
    state: Address | None = None

    def __str__(self) -> str:
        return f"{self.measurements} and {self.state or self.folder}"


Location: TypeAlias = Path | Servers
"""Where a store is: in a folder of this machine, or on servers."""


def address(text: str, *, environment: Mapping[str, str] = os.environ) -> Address:
    """The address in a line; the password comes from `password_file` or `password_env`. ValueError says what is wrong.

    >>> one = address("clickhouse://canary:secret@ch1,ch2:9123/press?cluster=all")
    >>> one.hosts, one.password, str(one)
    ((('ch1', 8123), ('ch2', 9123)), 'secret', 'clickhouse://canary@ch1:8123,ch2:9123/press')
    """
    parts = urlsplit(text)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"a store's address begins with {', '.join(f'{name}://' for name in SCHEMES)}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    database = unquote(parts.path.strip("/"))
    if not places or not database.replace("_", "").isalnum():
        raise ValueError(f"a store's address has the form {parts.scheme}://user@host:port/database")
    return Address(
        scheme=parts.scheme,
        hosts=tuple(_host(place, SCHEMES[parts.scheme]) for place in places.split(",")),
        database=database,
        user=unquote(user),
        password=_secret(options, environment) or unquote(password),
        options=options,
    )


def names_password(text: str) -> bool:
    """Whether a password is written into the address itself, where a file that is shared should not have it.

    >>> names_password("postgresql://canary:secret@db/press"), names_password("postgresql://canary@db/press")
    (True, False)
    """
    login, _, _ = urlsplit(text).netloc.rpartition("@")
    return ":" in login


def _host(place: str, port: int) -> tuple[str, int]:
    host, colon, named = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    if not colon:
        host, named = place, str(port)
    if not host or not named.isdecimal() or not 0 < int(named) < 65536:
        raise ValueError(f"{place!r} is no host, or host:port")
    return host.strip("[]"), int(named)


def _secret(options: dict[str, str], environment: Mapping[str, str]) -> str:
    """The password that the options point at, which are taken out of them."""
    file, variable = options.pop("password_file", ""), options.pop("password_env", "")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as fault:
            raise ValueError(f"password_file {file} cannot be read: {fault.strerror}") from fault
    if variable and variable not in environment:
        raise ValueError(f"password_env: there is no environment variable {variable}")
    return environment.get(variable, "")
