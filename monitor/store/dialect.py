"""What differs between the servers' SQL; everything else of a question is written once (questions.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DAY = 86_400_000_000
HOUR = 3_600_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The fragments of one engine, each a template for `str.format`; parameters are `%(name)s` in all of them."""

    name: str
    number: str
    """The whole number of `{width}` microseconds that a time lies after 1970, rounded down."""
    count_if: str
    """How many rows of a group fulfil `{condition}`."""
    current: str
    """A `{table}` without the rows that newer ones replaced."""
    since: str
    until: str
    """A span of `time`, in the words that the engine's index serves."""
    keys: Mapping[str, str]
    """What is read of each table behind the columns that are wanted: ClickHouse 18.16 sorts the rows of several shards
    only by columns that are read, those of the table's own order and version included."""
    daily: str
    """Where the counts per day come from, and each count's expression: see `questions.days`."""
    count: str

    def day(self, column: str = "time") -> str:
        """The number of a time's day since 1970.

        >>> POSTGRES.day()
        'div(time - mod(mod(time, 86400000000) + 86400000000, 86400000000), 86400000000)::bigint'
        """
        return self.number.format(time=column, width=DAY)

    def hour(self, column: str = "time") -> str:
        """The number of a time's hour since 1970."""
        return self.number.format(time=column, width=HOUR)

    def counted(self, state: str) -> str:
        """How many rows of a group are in a state.

        >>> CLICKHOUSE.counted("ok")
        "countIf(state = 'ok')"
        """
        return self.count_if.format(condition=f"state = '{state}'")


POSTGRES = Dialect(
    name="postgresql",
    number="div({time} - mod(mod({time}, {width}) + {width}, {width}), {width})::bigint",
    count_if="count(*) FILTER (WHERE {condition})",
    current="{table}",
    since="time >= %(since)s",
    until="time < %(until)s",
    keys={"observation": "seq", "cell": "seq", "finding": "seq"},
    daily="daily",
    count="sum({state})::bigint",
)

_DATE = "toDate(least(greatest(intDiv({limit}, 86400000000), 0), 65535))"

CLICKHOUSE = Dialect(
    name="clickhouse",
    number="intDiv({time} - modulo(modulo({time}, {width}) + {width}, {width}), {width})",
    count_if="countIf({condition})",
    current="{table} FINAL",
    since=f"time >= %(since)s AND day >= {_DATE.format(limit='%(since)s')}",
    until=f"time < %(until)s AND day <= {_DATE.format(limit='%(until)s')}",
    keys={"observation": "seq, day, revision", "cell": "seq, digest", "finding": "seq, revision"},
    daily="observation FINAL",
    count="countIf(state = '{state}')",
)
