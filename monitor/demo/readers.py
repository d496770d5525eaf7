"""Who would be told in Demoland: four recipients with a file each, so that nothing leaves this machine."""

from __future__ import annotations

from datetime import timedelta

from monitor.alert.settings import Address, AlertSettings, Recipient, Wants
from monitor.model import Tier, Topic


def _file(name: str) -> tuple[Address, ...]:
    return (Address(name="file", channel="file", to=f"alerts/{name}.jsonl"),)


RECIPIENTS: tuple[Recipient, ...] = (
    Recipient(name="desk", addresses=_file("desk"), cap=None),
    Recipient(
        name="redaktor",
        addresses=_file("redaktor"),
        language="ru",
        timezone="Asia/Bishkek",
        wants=(Wants(categories=frozenset({"media"}), tier=Tier.SUSPECTED, from_networks=1),),
    ),
    Recipient(
        name="okurman",
        addresses=_file("okurman"),
        language="ky",
        timezone="Asia/Bishkek",
        wants=(Wants(tier=Tier.CONFIRMED),),
        public=True,
    ),
    Recipient(name="lawyer", addresses=_file("lawyer"), wants=(Wants(topics=frozenset({Topic.CLAIM, Topic.TERM})),)),
)
"""The desk hears what the defaults give it, the editor everything about media, the public (in Kyrgyz) what is confirmed
and approved, the lawyer of documents that the measurements speak against."""


def alerts(factor: float) -> AlertSettings:
    """The usual section with these recipients, faster; nothing old is news in two minutes.

    >>> alerts(1 / 200).wait
    datetime.timedelta(microseconds=600000)
    """
    scaled = AlertSettings(recipients=RECIPIENTS).scaled(factor)
    return AlertSettings(
        recipients=RECIPIENTS,
        wait=scaled.wait,
        gap=scaled.gap,
        updates=scaled.updates,
        settle=scaled.settle,
        check=scaled.check,
        fresh=timedelta(hours=24),
        silence=timedelta(minutes=30),
    )
