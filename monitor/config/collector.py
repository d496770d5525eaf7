"""How measurements of other people's vantage points are received: where, from whom, how much at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """Where a collector listens, and its bounds; each bound is of one process."""

    host: str = "127.0.0.1"
    port: int = 8485
    proxies: tuple[str, ...] = ()
    """Web servers in front, whose X-Forwarded-For is believed."""
    prefixes: Path | None = None
    """The table that says which network an address belongs to; without one the team's word for it counts."""
    key_file: Path | None = None
    """The key that plans and receipts are signed with; by default `collector.key` in the data folder."""
    certificate: Path | None = None
    certificate_key: Path | None = None
    """Chain and key for TLS (PEM); without them a web server in front has to speak it."""
    rate: int = 120
    """Requests a minute of one key …"""
    address_rate: int = 600
    """… and of one address, under which many keys may stand."""
    waiting: int = 8
    """Batches that wait to be stored; beyond, agents are asked to come later."""
    canaries: Mapping[str, str] = field(default_factory=dict)
    """Targets whose true state we know (`up` or `down`), by which liars are measured."""
