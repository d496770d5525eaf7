"""The shape of the section `alerts`: who is told of what, where, in which language, and when."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from monitor.alert.channels import all_channels
from monitor.alert.settings import Address, AlertSettings, Recipient, Wants
from monitor.config.part import Part
from monitor.config.values import Country, Duration, Folder, Host, Id, Network, Text, Url, Zone, said, wrong

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _clock(value: Any) -> time:
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return time.fromisoformat(value)
    raise wrong(f"found {said(value)}", "an hour and minute such as 08:00")


def _channel(value: Any) -> str:
    if value in all_channels():
        return str(value)
    raise wrong(f"{said(value)} is no channel", f"one of {', '.join(sorted(all_channels()))}")


def _no_secret(value: Any) -> None:
    if value is not None:
        raise wrong("a secret does not belong in this file", "secret_file: a path, or secret_env: a variable's name")


Clock: TypeAlias = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$", "examples": ["08:00"]}),
]
ChannelName: TypeAlias = Annotated[str, BeforeValidator(_channel), WithJsonSchema({"enum": sorted(all_channels())})]
TierName: TypeAlias = Literal["suspected", "likely", "confirmed"]
TopicName: TypeAlias = Literal["blocking", "offline", "monitor", "term", "claim", "coverage"]


class AddressPart(Part):
    """One way to reach a recipient."""

    channel: ChannelName
    name: Id | None = Field(default=None, description="A word for it in lists; by default the channel's.")
    to: Text | None = Field(default=None, description="An address in the channel's own form; never shown.")
    options: dict[Text, Text] = Field(default={}, description="What the channel needs beside it.")
    secret_file: Folder | None = Field(default=None, description="File with the secret, relative to this file.")
    secret_env: Text | None = Field(default=None, description="Environment variable that holds the secret.")
    secret: Annotated[None, BeforeValidator(_no_secret)] = Field(
        default=None, description="Not here: this file is read by many. Use secret_file or secret_env."
    )

    @model_validator(mode="after")
    def _fits_its_channel(self) -> Self:
        if self.secret_file is not None and self.secret_env is not None:
            raise wrong("the secret is said to be in a file and in a variable", "one of the two")
        given = "given" if self.secret_file is not None or self.secret_env is not None else ""
        address = Address(name="", channel=self.channel, to=self.to or "", options=dict(self.options), secret=given)
        if told := all_channels()[self.channel].mistake(address):
            raise wrong(f"this address does not suit the channel {self.channel}", told)
        return self


class WantsPart(Part):
    """What a recipient wants to hear of; a list that is not there stands for all."""

    topics: list[TopicName] = Field(default=["blocking", "offline"])
    countries: list[Country] = Field(default=[])
    networks: list[Network] = Field(default=[])
    categories: list[Text] = Field(default=[])
    targets: list[Id] = Field(default=[])
    tier: TierName = Field(default=Wants().tier.value, description="How sure it has to be.")
    from_networks: int = Field(
        default=Wants().from_networks,
        ge=1,
        le=1000,
        description="On so many networks, for a block that is not confirmed.",
    )


class QuietPart(Part):
    """Hours in which nothing rings; what is due waits until they end."""

    begins: Clock
    ends: Clock
    wake: TierName | None = Field(default=None, description="From this tier on it rings all the same.")

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.begins == self.ends:
            raise wrong("the quiet hours begin when they end", "two different times")
        return self


class DigestPart(Part):
    """A summary at an hour of the recipient's day."""

    every: Literal["day", "week"] = "day"
    at: Clock = time(8)


class RecipientPart(Part):
    """Somebody who is told."""

    name: Id
    to: Annotated[list[AddressPart], Field(min_length=1, description="Two are better: one may itself be blocked.")]
    wants: list[WantsPart] = Field(
        default=[WantsPart()], description="One of them has to fit; [] for only what others did not acknowledge."
    )
    language: Literal["en", "ky", "ru"] = "en"
    timezone: Zone | None = Field(default=None, description="By default the file's.")
    quiet: QuietPart | None = None
    cap: int | None = Field(
        default=Recipient(name="", addresses=()).cap,
        ge=1,
        le=1000,
        description="New blocks and updates a day; ~ for no limit. Confirmed blocks, ends and retractions pass.",
    )
    digest: DigestPart | None = None
    escalate_to: Id | None = Field(default=None, description="Who is told when nobody acknowledges.")
    escalate_after: Duration = Recipient(name="", addresses=()).escalate_after
    public: bool = Field(default=False, description="Many read it: somebody approves each message first.")
    link: bool = Field(
        default=False, description="With the address of the event's page. In some countries a link can harm who has it."
    )


class AlertsPart(Part):
    """Who is told."""

    recipients: list[RecipientPart] = Field(default=[])
    page: Url | None = Field(default=None, description="Where readers reach this monitor's page.")
    heartbeat_file: Folder | None = Field(
        default=None,
        description="File with the address of a dead-man switch elsewhere, asked while measurements come in.",
    )
    heartbeat_env: Text | None = Field(default=None, description="Environment variable with that address.")
    allow_hosts: list[Host] = Field(
        default=[], description="Hosts of channels that may be in your own network, such as a local Alertmanager."
    )
    wait: Duration = Field(default=AlertSettings().wait, description="From the alarm to the first message.")
    gap: Duration = Field(default=AlertSettings().gap, description="Between first messages about one network and hour.")
    updates: Duration = Field(default=AlertSettings().updates, description="Between a message and its next update.")
    settle: Duration = Field(default=AlertSettings().settle, description="How long an end must hold to be told.")
    fresh: Duration = Field(default=AlertSettings().fresh, description="Alarms older than this are history.")
    silence: Duration = Field(default=AlertSettings().silence, description="Nothing measured for so long is told.")
    coverage: int = Field(
        default=AlertSettings().coverage, ge=0, description="Usable results a day below which a network is too thin."
    )
    attempts: int = Field(default=AlertSettings().attempts, ge=1, le=100)
