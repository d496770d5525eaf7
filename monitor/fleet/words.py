"""The words of this room: tokens, members, batches that were kept, flags, and entries of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where a member stands; only one that is approved can deliver."""

    PENDING = "pending"
    """Enrolled, and nobody has approved of it yet."""
    APPROVED = "approved"
    REVOKED = "revoked"
    """We took its key away."""
    REPLACED = "replaced"
    """Its key was rotated: another one speaks for the vantage point."""
    GONE = "gone"
    """Its operator took leave."""


LIVE = (Status.PENDING, Status.APPROVED)
"""Those whose key still opens something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An invitation for one vantage point; what it is made of is told once, and only its hash is kept."""

    vantage: str
    country: str
    network: str
    """As the team believes, until an address was seen and looked up."""
    role: str
    approved: bool
    """Whether who enrols with it need not wait for approval."""
    made: datetime
    expires: datetime
    replaces: str = ""
    """Fingerprint of the key that this one takes the place of (rotation)."""
    used: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One key and the vantage point that it speaks for, with what it delivered so far."""

    key: str
    """Its fingerprint."""
    public: str
    """`ssh-ed25519 AAAA…`."""
    vantage: str
    country: str
    network: str
    """As seen last, else as the team believes."""
    role: str
    status: Status
    enrolled: datetime
    consent: str
    """The consent letter in force, as JSON: signed by the key."""
    risk: int
    consented: str
    """When its operator agreed last (RFC 3339, by the vantage point's clock)."""
    software: str = ""
    ended: datetime | None = None
    quarantined: datetime | None = None
    why: str = ""
    """Why it is quarantined or revoked, in words of the team."""
    sequence: int = 0
    """Of the newest batch that is durable …"""
    previous: str = ""
    """… and the hash of its header."""
    seen: datetime | None = None
    """When it asked or delivered last."""
    newest: datetime | None = None
    """When the newest of its measurements was made, by its clock less the offset."""
    waiting: int = 0
    """Measurements that it still kept behind its newest batch."""
    accepted: int = 0
    refused: int = 0
    dropped: int = 0
    """Measurements that were made there and will never come, by its own account."""
    offset: float | None = None
    """Seconds that its clock was ahead of ours in its newest batch; None where it does not know."""

    @property
    def live(self) -> bool:
        """Whether its key still opens something."""
        return self.status in LIVE

    @property
    def lost(self) -> float:
        """Share of what was made and never arrives: dropped there, or refused here; 0 before anything came."""
        made = self.accepted + self.refused + self.dropped
        return (self.refused + self.dropped) / made if made else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One batch of a key: begun with the network it came from, durable once it has a receipt."""

    key: str
    sequence: int
    sha256: str
    """Of its header."""
    network: str
    begun: datetime
    receipt: bytes | None = None
    """The letter that was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something about a member that somebody should look at; it takes nothing away by itself."""

    key: str
    kind: str
    """`two_networks`, `fork`, `clock`, `canary`."""
    first: datetime
    last: datetime
    count: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the record: what happened to whom; no address, no secret, no name of a person."""

    number: int
    time: datetime
    actor: str
    """`command`, `collector` or `agent`."""
    action: str
    vantage: str
    key: str
    said: str
    digest: str
    """SHA-256 (hex) over this line and the digest of the line before."""
