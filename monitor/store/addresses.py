"""Where a store's servers are: one line each, and a password that is read from elsewhere and never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    found = parsed(text)
    options = dict(found.options)
    secret = _secret(options, environment)
    return replace(found, password=secret or found.password, options=options)


def parsed(text: str) -> Address:
    """The address in a line, before its password is fetched; ValueError says what is wrong with the line."""
    parts = urlsplit(text)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"a store's address begins with {', '.join(f'{name}://' for name in SCHEMES)}")
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    database = unquote(parts.path.strip("/"))
    if not places or not database.replace("_", "").isalnum() or not database.isascii():
        raise ValueError(f"a store's address has the form {parts.scheme}://user@host:port/database")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    quorum = options.get("quorum", "1")
    if parts.scheme != "postgresql" and not (quorum.isascii() and quorum.isdecimal() and int(quorum)):
        raise ValueError(f"quorum={quorum} is no number of replicas: 1, 2 or more")
    return Address(
        scheme=parts.scheme,
        hosts=tuple(_host(place, SCHEMES[parts.scheme]) for place in places.split(",")),
        database=database,
        user=unquote(user),
        password=unquote(password),
        options=options,
    )


def shared(text: str) -> str:
    """An address as it may stand in a file or on a command line that others see: without a password. ValueError else.

    >>> shared("postgresql://canary@db/press?password_env=PRESS_DB")
    'postgresql://canary@db/press?password_env=PRESS_DB'
    """
    if parsed(text).password:
        raise ValueError("a password does not belong here: add ?password_file=PATH or ?password_env=VARIABLE instead")
    return text


def servers(
    folder: Path, measurements: str | None, state: str | None, *, environment: Mapping[str, str] = os.environ
) -> Location:
    """Where a store is whose file names these addresses; the environment's go before them. ValueError for a bad one.

    >>> servers(Path("data"), None, None, environment={})
    PosixPath('data')
    """
    measured, said = environment.get(MEASUREMENTS) or measurements, environment.get(STATE) or state
    if measured is None:
        if said is not None:
            raise ValueError("state on a server needs measurements on one, too")
        return folder
    return Servers(
        folder=folder,
        measurements=address(measured, environment=environment),
        state=None if said is None else address(said, environment=environment),
    )


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
