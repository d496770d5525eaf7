"""What a collector answers to a batch that is on its disk: signed, so that the agent can prove what it delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMESPACE = "receipt@presscanary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One measurement of an accepted batch that the collector did not take; sending it again is of no use."""

    index: int
    """Its place in the batch's measurements, from 0."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Says that a batch is durable; the same batch sent again has the same receipt."""

    key: str
    """Fingerprint of the vantage point's key."""
    sequence: int
    batch: str
    """SHA-256 (hex) of the batch's header (`Header.sha256`)."""
    received: str
    """RFC 3339, by the collector's clock."""
    accepted: int
    """Measurements that were taken, those included that were known before."""
    refused: tuple[Refused, ...] = ()
    log: Mapping[str, Any] | None = None
    """Where the batch stands in the transparency log; None where that is not known yet, or there is no log."""
