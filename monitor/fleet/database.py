"""What a fleet's database can do, whatever it is made of, and its tables."""

# ruff: noqa: N818 - a disk is full, a request is refused: the names say so

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
Row: TypeAlias = Mapping[str, Any]

VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TABLES = (
    """CREATE TABLE fleet_token (
        digest text PRIMARY KEY, vantage text NOT NULL, country text NOT NULL, network text NOT NULL,
        role text NOT NULL, approved bigint NOT NULL, made bigint NOT NULL, expires bigint NOT NULL,
        replaces text NOT NULL, used bigint, key text)""",
    """CREATE TABLE fleet_member (
        key text PRIMARY KEY, public text NOT NULL, vantage text NOT NULL, country text NOT NULL,
        network text NOT NULL, role text NOT NULL, status text NOT NULL, enrolled bigint NOT NULL,
        consent text NOT NULL, risk bigint NOT NULL, consented text NOT NULL, software text NOT NULL, ended bigint,
        quarantined bigint, why text NOT NULL, sequence bigint NOT NULL, previous text NOT NULL, seen bigint,
        newest bigint, waiting bigint NOT NULL, accepted bigint NOT NULL, refused bigint NOT NULL,
        dropped bigint NOT NULL, "offset" double precision)""",
    "CREATE INDEX fleet_member_vantage ON fleet_member (vantage)",
    """CREATE TABLE fleet_batch (
        key text NOT NULL, sequence bigint NOT NULL, sha256 text NOT NULL, network text NOT NULL,
        letter {bytes} NOT NULL, begun bigint NOT NULL, receipt {bytes}, "first" bigint, "last" bigint,
        skewed bigint NOT NULL, PRIMARY KEY (key, sequence))""",
    'CREATE INDEX fleet_batch_skewed ON fleet_batch (key, "first") WHERE skewed = 1',
    """CREATE TABLE fleet_plan (
        sha256 text PRIMARY KEY, vantage text NOT NULL, serial bigint NOT NULL, content text NOT NULL,
        letter {bytes} NOT NULL, made bigint NOT NULL, UNIQUE (vantage, serial))""",
    "CREATE TABLE fleet_nonce (key text NOT NULL, nonce text NOT NULL, time bigint NOT NULL, PRIMARY KEY (key, nonce))",
    "CREATE INDEX fleet_nonce_time ON fleet_nonce (time)",
    """CREATE TABLE fleet_sight (
        key text NOT NULL, network text NOT NULL, came bigint NOT NULL, last bigint NOT NULL,
        PRIMARY KEY (key, network))""",
    """CREATE TABLE fleet_flag (
        key text NOT NULL, kind text NOT NULL, first bigint NOT NULL, last bigint NOT NULL, count bigint NOT NULL,
        said text NOT NULL, PRIMARY KEY (key, kind))""",
    """CREATE TABLE fleet_audit (
        number bigint PRIMARY KEY, time bigint NOT NULL, actor text NOT NULL, action text NOT NULL,
        vantage text NOT NULL, key text NOT NULL, said text NOT NULL, digest text NOT NULL)""",
)
"""The same for both engines; `{bytes}` is each one's word for bytes. Times are microseconds since 1970."""


class FleetError(Exception):
    """The fleet's database cannot be used; one line for people."""


class FleetFull(FleetError):
    """Its disk is full: nothing was changed, and it goes on when there is room."""


class FleetRefusal(FleetError):
    """What was asked for cannot be done; the message says why."""


class Connection(Protocol):
    """One transaction; statements name their values `:name`."""

    def rows(self, statement: str, **values: Any) -> list[Row]:
        """The rows that a question has for an answer."""
        ...

    def do(self, statement: str, **values: Any) -> int:
        """Change something; how many rows were changed."""
        ...


class Database(Protocol):
    """Keeps the fleet; several processes and threads may use it at a time."""

    def read(self, question: Callable[[Connection], T], /) -> T:
        """The answer to a question that is asked in one snapshot."""
        ...

    def write(self, work: Callable[[Connection], T], /) -> T:
        """Do work in one transaction, alone; it is on disk when this returns, or undone where it raises."""
        ...

    def close(self) -> None:
        """Let go of it; closing twice is once."""
        ...


def one(rows: list[Row]) -> Row | None:
    """The only row, or None."""
    return rows[0] if rows else None


def number(time: datetime) -> int:
    """A time as microseconds since 1970."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def time(microseconds: int) -> datetime:
    """The time of that number.

    >>> time(number(datetime(2026, 1, 18, tzinfo=UTC))).isoformat()
    '2026-01-18T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=microseconds)


def time_or_none(microseconds: int | None) -> datetime | None:
    """The same where there may be none."""
    return None if microseconds is None else time(microseconds)
