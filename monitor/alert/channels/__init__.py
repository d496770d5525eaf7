"""Ways to reach people: one file per channel, found in this folder without registration (docs/reference/alerts.md).

A channel's file exposes `CHANNEL`, an object that fulfils `Channel`. It gets a letter whose texts are written, says
what became of it, and knows nothing of events, stores or other channels.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, TypeAlias, runtime_checkable

from monitor.alert.outside import Outside, Reply
from monitor.alert.settings import Address
from monitor.model import Alert, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message to one address, ready to be sent; its texts hold no markup, no link and no control characters."""

    key: str
    """The same message has the same key however often it is sent: where the other side takes one, it goes along."""
    address: Address
    subject: str
    short: str
    """At most 500 characters."""
    long: str
    """At most 4,096 characters."""
    alerts: tuple[Alert, ...]
    written: datetime
    """When it was planned: the same at every attempt."""
    form: Form = Form.NEWS
    quiet: bool = False
    """An update: it need not ring."""
    language: str = "en"
    earlier: tuple[str, ...] = ()
    """The receipts of earlier messages to this address about the same story, oldest first."""
    link: str = ""
    """The event's page, only where the recipient asked for it."""
    public: bool = False
    """Many read it, and a person has approved it."""
    tongues: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """Subject and long text in every language that we speak, for channels that send them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The other side took it; `receipt` is its name for the message, empty where it gives none."""

    receipt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """It may work another time; `after` are the seconds that the other side asked for, if it did."""

    why: str
    after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It will not work, however often it is tried."""

    why: str


Answer: TypeAlias = Delivered | Later | Refused
_AGAIN = frozenset({408, 425, 429})
"""Statuses that say "not now" (RFC 9110, RFC 8470, RFC 6585)."""


def answered(reply: Reply) -> Answer:
    """What an HTTP status says of a message.

    >>> answered(Reply(status=429, headers={"retry-after": "7"}))
    Later(why='the other side answered 429', after=7.0)
    """
    why = f"the other side answered {reply.status}"
    if 200 <= reply.status < 300:
        return Delivered()
    if reply.status in _AGAIN or reply.status >= 500:
        return Later(why=why, after=reply.retry_after)
    return Refused(why=why)


@runtime_checkable
class Channel(Protocol):
    """What reaches people; a failure of the other side is an answer, never an exception."""

    @property
    def name(self) -> str:
        """As it stands in targets.yaml."""

    @property
    def once(self) -> bool:
        """Whether the same key sent twice arrives once."""

    def mistake(self, address: Address) -> str | None:
        """What is wrong with an address, in words for whoever wrote it, or None; nothing is sent."""

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Send a letter; `outside` is the one way out."""


@lru_cache(maxsize=1)
def all_channels() -> Mapping[str, Channel]:
    """The channels by name; TypeError where a module of this folder exposes none, or two share a name.

    >>> all_channels()["file"].name
    'file'
    """
    found: dict[str, Channel] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        channel = getattr(import_module(module.name), "CHANNEL", None)
        if not isinstance(channel, Channel):
            raise TypeError(f"{module.name} exposes no CHANNEL")
        if channel.name in found:
            raise TypeError(f"{module.name}: there is another channel called {channel.name!r}")
        found[channel.name] = channel
    return MappingProxyType(found)
