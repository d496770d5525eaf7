"""Fills the small disk of a collector with what an agent delivers, makes room, and goes on.

`filler.py FOLDER BALLAST` prints what it saw as JSON. BALLAST is a file on the same disk whose removal makes room.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

from monitor.store import open_store
from probes.document import measurement_id
from probes.model import Body
from tests.monitor.collector.house import Agent, House, house


def batch(agent: Agent, number: int):
    """Two measurements whose pages do not compress."""
    dice = random.Random(number)
    made = []
    for row in range(2):
        one = agent.measured(100 + 2 * number + row)
        kept = Body(length=20_000, kept=dice.randbytes(20_000))
        made.append(replace(one, steps=(*one.steps[:-1], replace(one.steps[-1], body=kept))))
    return made


def fill(agent: Agent, delivered: list[str]):
    """Deliver until the collector asks to wait: what it answered, and the batch that it did not take."""
    while True:
        sent = batch(agent, len(delivered))
        header, content = agent.sealed(sent)
        answer = agent.post(content)
        if answer.status_code != 200:
            return answer, content, header, sent
        agent.advance(header)
        delivered += map(measurement_id, sent)


def stored(home: House) -> list[str]:
    """The ids of all that is stored."""
    with open_store(home.folder / "data", read_only=True) as store:
        return sorted(outcome.measurement for outcome in store.outcomes())


def main(folder: str, ballast: str) -> None:
    """Fill, look, review, make room, send the same again, look."""
    with house(Path(folder)) as home:
        agent, delivered = home.agent(), []
        answer, content, header, sent = fill(agent, delivered)
        asyncio.run(home.made.desk.review())
        whole = set(delivered) <= set(stored(home))
        seen = {
            "answer": [
                answer.status_code,
                answer.json()["code"],
                answer.json()["detail"],
                answer.headers["Retry-After"],
            ],
            "delivered before": len(delivered) > 4,
            "all that was acknowledged is there": whole,
            "health": home.ask("GET", "/healthz").status_code,
            "it goes on saying so": agent.post(content).status_code,
        }
        Path(ballast).unlink()
        seen["with room"] = agent.post(content).status_code
        agent.advance(header)
        delivered += map(measurement_id, sent)
        seen["and after it"] = agent.send(batch(agent, len(delivered))).status_code
        asyncio.run(home.made.desk.review())
        seen["health with room"] = home.ask("GET", "/healthz").status_code
        seen["nothing twice"] = len(stored(home)) == len(set(stored(home))) == len(delivered) + 2
    print(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
