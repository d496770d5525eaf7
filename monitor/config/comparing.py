"""The shape of the section `experiments`: what is compared beside the visits, and when."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from monitor.config.experiments import BurstSettings
from monitor.config.part import Part, or_empty
from monitor.config.values import Address, Duration, Folder, Host, Kind, Pin, Text, wrong


def _no_secret(value: Any) -> None:
    if value is not None:
        raise wrong("a token does not belong in this file", "token_file: a path, or token_env: a variable's name")


class EchoPart(Part):
    """Our own control server (`presscanary echo`), which answers any name and says what reached it."""

    addresses: Annotated[
        list[Address], Field(min_length=1, description="Two are better than one: each name then has its own.")
    ]
    pin: Pin | None = Field(default=None, description="Of its key, as it prints it; without one it is believed.")
    token_file: Folder | None = Field(default=None, description="File with the token, relative to this file.")
    token_env: Text | None = Field(default=None, description="Environment variable that holds the token.")
    token: Annotated[None, BeforeValidator(_no_secret)] = Field(
        default=None, description="Not here: this file is read by many. Use token_file or token_env."
    )
    https_port: int = Field(default=443, ge=1, le=65535)
    http_port: int = Field(default=80, ge=1, le=65535)
    quic_port: int = Field(default=443, ge=1, le=65535)


class BurstPart(Part):
    """What follows a failed visit: rounds of experiments, bounded so that a block of many targets floods no line."""

    enabled: bool = True
    after: Annotated[list[Duration], Field(min_length=1, max_length=8)] = Field(
        default=list(BurstSettings().after), description="When each round begins, counted from the failure."
    )
    hold_off: Duration = Field(
        default=BurstSettings().hold_off, description="Rest between the target's name and an innocuous one."
    )
    at_once: int = Field(default=BurstSettings().at_once, ge=1, le=64, description="Bursts at one vantage point.")
    per_hour: int = Field(default=BurstSettings().per_hour, ge=1, le=3600, description="Bursts begun there in an hour.")
    rest: Duration = Field(
        default=BurstSettings().rest, description="After a burst that proved something, the page is left alone so long."
    )
    controls_apart: Duration = Field(
        default=BurstSettings().controls_apart, description="Controls are not asked again about a page within this."
    )


class ExperimentsPart(Part):
    """What is compared beside the visits, and when."""

    echo: EchoPart | None = Field(default=None, description="Without one, some experiments are left out or say less.")
    innocuous_names: list[Host] = Field(
        default=[], description="Hosts that nobody blocks; by default those of the innocuous targets."
    )
    no_dns: list[Address] = Field(
        default=[], description="Foreign addresses of yours that run no DNS: any answer from there is injected."
    )
    every: dict[Kind, Duration] = Field(
        default={}, description="How often a kind of probe is measured beside the visits, by its name."
    )
    burst: Annotated[BurstPart, BeforeValidator(or_empty)] = BurstPart()
