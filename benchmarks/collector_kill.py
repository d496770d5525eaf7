"""Kills a collector with -9 in the middle of batches: nothing acknowledged may be lost, nothing doubled.

    python -m benchmarks.collector_kill [--batches 1000] [--kills 20] [--rows 3]

An agent sends its batches one after the other over HTTP to a collector in a process of its own, which dies by SIGKILL
at a random moment of a batch and is started again. The agent does what the protocol says: it sends the same batch until
it has a receipt. Afterwards store, daily counts, fleet and log are compared with what was sent. Exit code 1 where
anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from monitor.fleet import FolderDatabase, members
from monitor.log import open_reading
from monitor.pipeline.logged import folder_of
from monitor.store import open_folder
from monitor.wire import Receipt
from probes.document import measurement_id
from tests.monitor.collector.house import TARGETS, Agent, Remote
from tests.monitor.store.engines import free_port


@dataclass(slots=True)
class Run:
    """What was sent, what was acknowledged, and how often it had to be said again."""

    sent: dict[str, int] = field(default_factory=dict)
    """Measurement -> the number of its batch."""
    receipts: list[Receipt] = field(default_factory=list)
    kills: int = 0
    struck: int = 0
    """Kills that came before the receipt of the batch that was under way."""
    resent: int = 0
    seconds: float = 0.0


def play(home: Remote, *, batches: int, kills: int, rows: int, seed: int) -> Run:
    """Send all batches, with kills in between."""
    (home.folder / "targets.yaml").write_text(TARGETS)
    home.start()
    agent, run, dice = Agent(home), Run(), random.Random(seed)
    assert agent.enrol(home.token()).status_code == 200
    agent.fetch()
    fatal = set(dice.sample(range(batches), kills))
    began = time.monotonic()
    for number in range(batches):
        sent = [agent.measured(3600 + number * rows + row) for row in range(rows)]
        run.sent |= {measurement_id(each): number for each in sent}
        header, content = agent.sealed(sent)
        killer = _strike(home, dice.uniform(0, 0.06)) if number in fatal else None
        run.receipts.append(_until_acknowledged(home, agent, content, run, killer))
        agent.advance(header)
    run.seconds = time.monotonic() - began
    assert home.end(signal.SIGTERM) == 0
    return run


def _strike(home: Remote, delay: float) -> threading.Thread:
    def kill() -> None:
        time.sleep(delay)
        home.end(signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def _until_acknowledged(
    home: Remote, agent: Agent, content: bytes, run: Run, killer: threading.Thread | None
) -> Receipt:
    receipt = None
    while receipt is None:
        try:
            answer = agent.post(content)
            receipt = agent.receipt(answer) if answer.status_code == 200 else None
        except httpx.HTTPError:
            pass
        if killer is not None:
            killer.join()
            killer, run.kills, run.struck = None, run.kills + 1, run.struck + (receipt is None)
            home.start()
        run.resent += receipt is None
    return receipt


def faults(home: Remote, run: Run, rows: int) -> list[str]:
    """What is not as it should be; none is well."""
    found = []
    data = home.folder / "data"
    with open_folder(data) as store:
        kept = Counter(outcome.measurement for outcome in store.outcomes())
        daily = sum(day.ok + day.down + day.blocked + day.insufficient for day in store.days())
        unread = [each for each in run.sent if store.measurement(each) is None]
    with open_folder(data, read_only=True) as store, open_reading(folder_of(data)) as log:
        behind = len(store.arrivals(log.entries.position, 1))
        entries = [entry.hex()[:32] for entry in log.entries.between(0, log.size)]
    fleet = FolderDatabase(data)
    (member,) = members.every(fleet)
    fleet.close()
    told = {
        "lost": len(run.sent.keys() - kept.keys()),
        "unreadable": len(unread),
        "never sent": len(kept.keys() - run.sent.keys()),
        "doubled in the store": sum(kept.values()) - len(kept),
        "doubled in the log": len(entries) - len(set(entries)),
        "missing in the log": len(run.sent.keys() - set(entries)),
        "not entered yet": behind,
        "off in the daily counts": abs(daily - len(run.sent)),
        "off in the fleet's count": abs(member.accepted - len(run.sent)),
        "receipts that promise less": sum(receipt.accepted != rows for receipt in run.receipts),
        "wrong places in receipts": _misplaced(run, entries, rows),
        "wrong numbers": abs(member.sequence - len(run.receipts)),
    }
    found += [f"{count} {what}" for what, count in told.items() if count]
    return found


def _misplaced(run: Run, entries: list[str], rows: int) -> int:
    ids = list(run.sent)
    return sum(
        entries[place] != ids[number * rows + row]
        for number, receipt in enumerate(run.receipts)
        for row, place in enumerate((receipt.log or {}).get("indexes", ()))
    )


def main() -> int:
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pc-kill-") as folder:
        home = Remote(Path(folder), free_port())
        run = play(home, batches=given.batches, kills=given.kills, rows=given.rows, seed=given.seed)
        wrong = faults(home, run, given.rows)
    print(
        f"{len(run.receipts)} batches, {len(run.sent)} measurements, {run.kills} kills "
        f"({run.struck} before the receipt), {run.resent} sent again, {timedelta(seconds=round(run.seconds))}"
    )
    print("\n".join(wrong) or "nothing lost, nothing doubled")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
