"""How many messages one recipient gets per edge of an event: `python -m benchmarks.alert_counts`.

Simulated worlds (monitor.evaluate) are reviewed as `presscanary run` does it, only every `--every` minutes, and each
review is planned for three recipients as the desk plans it. An edge is the beginning of an event that the recipient was
told of, its end, or its retraction. Then one block of one site on fifty networks, which follow each other within hours.
"""

from __future__ import annotations

import argparse
import itertools
import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alert.letter import compose
from monitor.alert.plan import Moment, plan
from monitor.alert.settings import Address, AlertSettings, Recipient, Wants
from monitor.alert.story import Knowledge, alert_of
from monitor.detect import DetectorSettings, detect
from monitor.detect.null import Null
from monitor.detect.reconcile import reconcile
from monitor.evaluate.play import play
from monitor.evaluate.world import START, World
from monitor.model import BlockingEvent, Cell, Delivery, Evidence, Fate, Stage, Tier
from probes.model import Role

LOOKBACK = timedelta(days=3)
WHO = (Address(name="x", channel="file", to="x"),)
RECIPIENTS = (
    Recipient(name="default", addresses=WHO),
    Recipient(name="confirmed only", addresses=WHO, wants=(Wants(tier=Tier.CONFIRMED),), cap=None),
    Recipient(name="everything", addresses=WHO, wants=(Wants(tier=Tier.SUSPECTED, from_networks=1),), cap=None),
)
SETTINGS = AlertSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one recipient heard of one world."""

    messages: int
    ringing: int
    edges: int
    stories: int
    retracted: int
    stages: Counter[str]


def reviewed(cells: Sequence[Cell], until: datetime, every: timedelta, begins: datetime) -> dict[str, list[Delivery]]:
    """Each recipient's deliveries after all reviews."""
    settings = DetectorSettings()
    null = Null.of(cells, settings)
    starts = [cell.start for cell in cells]
    known: dict[str, BlockingEvent] = {}
    sent: dict[str, list[Delivery]] = {who.name: [] for who in RECIPIENTS}
    now = begins
    while now < until:
        now += every
        seen = cells[bisect_left(starts, now - LOOKBACK) : bisect_right(starts, now)]
        found = detect(seen, settings=settings, now=now, null=null)
        for event in reconcile(tuple(known.values()), found, since=now - LOOKBACK):
            known[event.id] = event
        for who in RECIPIENTS:
            sent[who.name] = planned(who, known.values(), sent[who.name], now)
    return sent


def planned(who: Recipient, events: Iterable[BlockingEvent], before: list[Delivery], now: datetime) -> list[Delivery]:
    """The deliveries after one more plan; whatever is due leaves at once."""
    alerts = tuple(alert_of(event, now, SETTINGS.settle, Knowledge()) for event in events)
    made = plan(who, Moment(now=now, alerts=alerts), before, SETTINGS)
    changed = {one.key: one for one in made.changed}
    after = [changed.get(one.key, one) for one in before] + list(made.new)
    return [
        replace(one, fate=Fate.SENT, attempts=1, changed=now) if one.fate is Fate.WAITING and one.due <= now else one
        for one in after
    ]


def heard(deliveries: Iterable[Delivery]) -> Heard:
    """Messages, and the edges of the stories that they told of."""
    messages = [one for one in deliveries if one.fate is Fate.SENT]
    stages: dict[str, list[Stage]] = {}
    for one in messages:
        for alert in one.alerts:
            stages.setdefault(alert.story, []).append(alert.stage)
    over = [any(stage in (Stage.ENDED, Stage.RETRACTED) for stage in told) for told in stages.values()]
    return Heard(
        messages=len(messages),
        ringing=sum(not one.quiet for one in messages),
        edges=len(stages) + sum(over),
        stories=len(stages),
        retracted=sum(Stage.RETRACTED in told for told in stages.values()),
        stages=Counter(stage.value for told in stages.values() for stage in told),
    )


def national(networks: int, seed: int) -> tuple[Cell, ...]:
    """One site that all networks begin to block within three hours, and stop within one, twelve hours later; three
    sites beside it stay open. Two vantage points per network, every ten minutes."""
    dice = random.Random(seed)
    cells = []
    for network in range(networks):
        begins, ends = 6 * 60 + dice.expovariate(1 / 45) % 180, 18 * 60 + dice.random() * 60
        for number in range(2):
            phase = dice.random() * 10
            for minute in range(0, 24 * 60, 10):
                at = minute + phase
                for site in range(4):
                    fails = (site == 0 and begins <= at < ends and dice.random() < 0.98) or dice.random() < 0.004
                    cells.append(_cell(f"site-{site}", f"AS{64496 + network}", f"v{network}-{number}", at, fails=fails))
    for control in range(4):
        for minute, site in itertools.product(range(0, 24 * 60, 10), range(4)):
            cells.append(
                _cell(f"site-{site}", f"AS{65536 + control % 3}", f"c{control}", minute + 1.0, role=Role.CONTROL)
            )
    return tuple(sorted(cells, key=lambda cell: (cell.start, cell.vantage, cell.target)))


def _cell(
    target: str, network: str, vantage: str, minute: float, *, fails: bool = False, role: Role = Role.VANTAGE
) -> Cell:
    at = START + timedelta(minutes=minute)
    return Cell(
        target=target,
        country="XX",
        network=network,
        vantage=vantage,
        start=at,
        end=at,
        ok=int(not fails),
        blocked=int(fails),
        role=role,
        layer=None,
        technique="tls.reset.sni" if fails else None,
        evidence=Evidence.ARTEFACT if fails else Evidence.NONE,
        controls_agree=4,
        controls_total=4,
        simulated=True,
    )


def told(name: str, found: Heard) -> str:
    """A row of the table."""
    per = f"{found.messages / found.edges:.2f} | {found.ringing / found.edges:.2f}" if found.edges else "– | –"
    stages = ", ".join(f"{count} {stage}" for stage, count in sorted(found.stages.items()))
    return f"| {name} | {found.stories} | {found.retracted} | {found.edges} | {found.messages} | {per} | {stages} |"


def main() -> None:
    """Print both tables, and the messages of the national block."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--every", type=int, default=20, help="minutes between reviews")
    parser.add_argument("--networks", type=int, default=50)
    given = parser.parse_args()
    print("| recipient | events told | retracted | edges | messages | per edge | ringing per edge | stages |")
    print("|---|---|---|---|---|---|---|---|")
    world = replace(World(), days=given.days, blocks=90.0)
    every = timedelta(minutes=given.every)
    runs = [
        reviewed(played.cells, played.until, every, START) for played in (play(world, seed) for seed in given.seeds)
    ]
    for who in RECIPIENTS:
        found = [heard(run[who.name]) for run in runs]
        print(
            told(
                who.name,
                Heard(
                    messages=sum(each.messages for each in found),
                    ringing=sum(each.ringing for each in found),
                    edges=sum(each.edges for each in found),
                    stories=sum(each.stories for each in found),
                    retracted=sum(each.retracted for each in found),
                    stages=sum((each.stages for each in found), Counter()),
                ),
            )
        )
    cells = national(given.networks, 1)
    sent = reviewed(cells, START + timedelta(hours=24), timedelta(minutes=5), START + timedelta(hours=5, minutes=50))
    print(f"\nOne block on {given.networks} networks:\n")
    for who in RECIPIENTS:
        print(told(who.name, heard(sent[who.name])))
    for one in sent["default"]:
        print(f"\n{one.created:%H:%M} {one.fate}: {compose(one, RECIPIENTS[0], WHO[0]).short}")


if __name__ == "__main__":
    main()
