"""A monitor that is killed again and again while it plans and sends: `killed.py FOLDER KILLS SEED` prints the outcome.

Each round is a forked child that works on the same folder until SIGKILL comes: before a step that its number chose, or
at a moment that its parent chose. The last child is left alone and finishes.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.alert import channels, desk
from monitor.alert.channels import Delivered, Later
from monitor.alert.outside import Outside
from monitor.alert.settings import Address, AlertSettings, Recipient, Wants
from monitor.alert.watching import Seen
from monitor.model import BlockingEvent, Fate, Locus, Tier
from monitor.store import open_store

START = datetime(2026, 3, 2, tzinfo=UTC)
EVENTS = 100
"""Stories that begin one after the other, each on a network of its own."""
RECIPIENTS = ("desk", "editor")


class Steps:
    """Counts the steps of one life, and ends it before the one that was chosen."""

    def __init__(self, last: int) -> None:
        self.left = last

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Forgetful:
    """A channel without keys: whatever comes is appended; every seventh attempt fails before."""

    name: str = "forgetful"
    once: bool = False

    def mistake(self, _):
        """Nothing is wrong."""

    async def send(self, letter, outside):
        """Append the key."""
        step()
        if random.random() < 1 / 7:
            return Later(why="not now")
        with outside.path(letter.address.to).open("ab") as file:
            file.write(letter.key.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        step()
        return Delivered(receipt="x")


step = Steps(0)


def event(number: int) -> BlockingEvent:
    """A confirmed block."""
    at = START + timedelta(minutes=20 * number)
    network = f"AS{number + 1}"
    return BlockingEvent(
        id=f"ev-{number:03}", target=f"t{number}", country="KG", networks=(network,), onset=(at, at), end=None,
        tier=Tier.CONFIRMED, technique="tls.reset.sni", locus=Locus.NETWORK, alarm=at, score=9.0,
        counts={"vantage_points": 2, "controls_agree": 3, "controls_total": 3}, witnesses=(),
    )  # fmt: skip


def settings() -> AlertSettings:
    """Two recipients with two addresses each: one channel that takes keys, one that does not."""
    return AlertSettings(
        recipients=tuple(
            Recipient(
                name=name,
                addresses=(
                    Address(name="file", channel="file", to=f"{name}.jsonl"),
                    Address(name="forgetful", channel="forgetful", to=f"{name}.keys"),
                ),
                wants=(Wants(from_networks=1),),
                cap=None,
            )
            for name in RECIPIENTS
        ),
        attempts=1000,
        fresh=timedelta(days=365),
    )


async def live(folder: Path) -> None:
    """Go on where the last life ended, until every story was told."""
    with open_store(folder / "data") as store:
        now = START

        async def do(work):
            step()
            done = work()
            step()
            return done

        made = desk.Desk(
            store,
            settings=settings,
            view=lambda: desk.View(seen=Seen(now=now, newest=now, events=store.events())),
            do=do,
            outside=lambda: Outside(folder=folder),
            clock=lambda: now,
        )
        while len(store.events()) < EVENTS or any(one.fate is Fate.WAITING for one in store.deliveries()):
            number = len(store.events())
            if number < EVENTS:
                step()
                store.save_events([event(number)])
            now = max(now, START + timedelta(minutes=20 * number + 10)) + timedelta(minutes=61 * (number >= EVENTS))
            await made.turn()
            await made.stop()


def child(folder: Path, last: int) -> int:
    """Fork a life that ends before its step `last` (0: none); its process id."""
    number = os.fork()
    if number == 0:
        step.left = last
        random.seed(last + os.getpid())
        asyncio.run(live(folder))
        os._exit(0)
    return number


def main(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill so many lives, let one end, and count."""
    dice, killed = random.Random(seed), 0
    while killed < kills:
        by_step = dice.random() < 0.7
        number = child(folder, dice.randrange(1, 45) if by_step else 0)
        if not by_step:
            time.sleep(dice.random() * 0.06)
            os.kill(number, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(number, 0)[1])
    status = os.waitpid(child(folder, 0), 0)[1]
    found: dict[str, object] = {"killed": killed, "ended": status, "stories": EVENTS * len(RECIPIENTS)}
    wanted = {f"ev-{number:03}" for number in range(EVENTS)}
    told, doubled, order = 0, 0, 0
    for name in RECIPIENTS:
        lines = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        stories = [alert["story"] for line in lines for alert in line["alerts"]]
        told += len(wanted & set(stories))
        doubled += len(stories) - len(set(stories))
        order += stories == sorted(stories)
    keys = [Counter((folder / f"{name}.keys").read_text().split()) for name in RECIPIENTS]
    found |= {"told": told, "doubled": doubled, "in order": order}
    found |= {
        "told without keys": sum(map(len, keys)),
        "again without keys": sum(sum(c.values()) - len(c) for c in keys),
    }
    return found


known = dict(channels.all_channels()) | {"forgetful": Forgetful()}
desk.all_channels = lambda: known

if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
