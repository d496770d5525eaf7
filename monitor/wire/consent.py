"""What an operator agreed to, signed with the vantage point's key, and what was offered before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.model import Target

NAMESPACE = "consent@presscanary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a collector shows to whoever holds a token, before there is any agreement."""

    collector: str
    """Its public key, `ssh-ed25519 AAAA…`: from then on the only one whose plans count."""
    plan: Mapping[str, Any]
    """A letter (`Letter`): what the operator is asked to agree to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """An operator's agreement: to which risk text, to which categories, and what is excepted."""

    key: str
    """The vantage point's public key, `ssh-ed25519 AAAA…`, which signs this very letter."""
    time: str
    """RFC 3339, by the vantage point's clock."""
    risk: int
    language: str
    """In which the risk text was shown: en, ru or ky."""
    plan: str
    """SHA-256 (hex) of the plan's document that was shown."""
    categories: tuple[str, ...]
    """Those that were agreed to; targets of any other wait for another consent."""
    vetoed_categories: tuple[str, ...] = ()
    vetoed_targets: tuple[str, ...] = ()
    software: str = ""

    def allows(self, target: Target) -> bool:
        """Whether this target may be visited: its category was agreed to, and neither it nor that is vetoed.

        >>> consent = Consent(key="", time="", risk=1, language="en", plan="", categories=("media", "religion"),
        ...                   vetoed_categories=("religion",), vetoed_targets=("kloop",))
        >>> for name, category in (("kaktus", "media"), ("kloop", "media"), ("islam", "religion"), ("new", "lgbt")):
        ...     print(name, consent.allows(Target(id=name, urls=(), category=category)))
        kaktus True
        kloop False
        islam False
        new False
        """
        vetoed = target.id in self.vetoed_targets or target.category in self.vetoed_categories
        return target.category in self.categories and not vetoed
