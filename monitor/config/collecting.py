"""The shape of the section `collector`: where other people's vantage points deliver."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from monitor.config.collector import CollectorSettings
from monitor.config.part import Part
from monitor.config.values import Folder, Id, Subnet, Text, wrong

_DEFAULT = CollectorSettings()


class CollectorPart(Part):
    """Where other people's vantage points deliver (`presscanary collector run`)."""

    host: Text = Field(default=_DEFAULT.host, description="127.0.0.1 keeps it behind a web server of this machine.")
    port: int = Field(default=_DEFAULT.port, ge=0, le=65535, description="0 takes any free port.")
    proxies: list[Subnet] = Field(default=[], description="Web servers in front, whose X-Forwarded-For is believed.")
    prefixes: Folder | None = Field(
        default=None,
        description="Table of prefixes and networks, in which addresses are looked up.",
    )
    key_file: Folder | None = Field(
        default=None, description="Key that signs plans and receipts; several collectors share one."
    )
    certificate: Folder | None = Field(default=None, description="Chain for TLS (PEM), where none speaks it in front.")
    certificate_key: Folder | None = Field(default=None, description="Its key (PEM).")
    rate: int = Field(default=_DEFAULT.rate, ge=1, le=100_000, description="Requests a minute of one key.")
    address_rate: int = Field(
        default=_DEFAULT.address_rate, ge=1, le=1_000_000, description="Requests a minute of one address."
    )
    waiting: int = Field(
        default=_DEFAULT.waiting, ge=1, le=1000, description="Batches that wait to be stored; beyond, agents wait."
    )
    canaries: dict[Id, Literal["up", "down"]] = Field(
        default={}, description="Targets whose true state you know, by which liars are measured."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) is not (self.certificate_key is None):
            raise wrong("TLS takes a certificate and its key", "certificate and certificate_key")
        return self
