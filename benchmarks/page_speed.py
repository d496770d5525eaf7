"""Pages and API beside the store's own time for the same data, and whether either grows with the history behind it.

    python -m benchmarks.page_speed [--rows 1_000_000 10_000_000] [--events 10_000] [--rounds 7]

200 targets x 50 vantage points over a year (25 networks in 5 countries), evenly, as `store_speed` makes them, and
events of which a tenth go on. A page is asked for as a browser would, without the network in between: store opened,
read, rendered, closed. Beside it stand the questions whose answers are on the page, put to a store that is open
already. Both take turns; the table says medians, the spread, and the ratio within a round.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.store_speed import END, PAIRS, TARGETS, VANTAGES, fill
from monitor.model import BlockingEvent, Health, Locus, NetworkSpan, Tier, VantageStatus
from monitor.store import Store, open_folder, open_store
from monitor.web import PageSettings, create_app
from monitor.web.status import KEPT
from probes.model import Role, Target, VantagePoint

NOW = datetime.fromtimestamp(END / 1e6, UTC)
YEAR = timedelta(days=365)
ONE = "target-077"
GOAL = 5.0
"""Server time at most so many times the store's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An address, and what the store is asked for the same data."""

    name: str
    path: str
    needs: Callable[[Store], Any]
    later: timedelta = timedelta(0)
    """How much time passes before it is asked."""


@dataclass(slots=True, kw_only=True)
class Times:
    """Seconds of each round."""

    page: list[float] = field(default_factory=list)
    store: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Page over store, round by round."""
        return [page / store for page, store in zip(self.page, self.store, strict=True)]


def _front(store: Store) -> Any:
    return store.latest(), store.events(), store.health(), store.simulated


def _year(store: Store) -> Any:
    """A year of one target by day, its events, and its newest results: what the page's table, speeds and certificate
    are made of. Here most of those are sealed already, which they are not in a store that measures."""
    first, last = (NOW - YEAR).date(), NOW.date() + timedelta(days=1)
    return (
        store.days(since=first, until=last, target=ONE),
        store.cells(since=NOW - YEAR, until=NOW, target=ONE),
        store.events(target=ONE),
        store.outcomes(target=ONE, newest_first=True, limit=400),
        store.simulated,
    )


def _events(store: Store) -> Any:
    return store.events(), store.simulated


def _status(store: Store) -> Any:
    return store.days(since=(NOW - timedelta(days=89)).date()), *_front(store)


def _newest(store: Store) -> Any:
    return store.outcomes(target=ONE, newest_first=True, limit=101), store.simulated


def _series(store: Store) -> Any:
    return store.days(since=(NOW - YEAR).date(), until=NOW.date(), target=ONE), store.simulated


QUESTIONS = (
    Question(name="home", path="/", needs=_front),
    Question(name="target, one year", path=f"/targets/{ONE}?range=1y", needs=_year),
    Question(name="events, first 100 of all", path="/api/v1/events?limit=100", needs=_events),
    Question(name="events, 1000 as CSV", path="/api/v1/events?limit=1000&format=csv", needs=_events),
    Question(name="status page, taken anew", path="/status", needs=_status, later=KEPT),
    Question(name="status page, held", path="/status", needs=_status),
    Question(name="measurements, newest 100", path=f"/api/v1/measurements?target={ONE}", needs=_newest),
    Question(
        name="series, a year, 1000 rows",
        path=f"/api/v1/series?target={ONE}&since={(NOW - YEAR).date()}&limit=1000",
        needs=_series,
    ),
)


def settings() -> PageSettings:
    """What the configuration of such a fleet says."""
    return PageSettings(
        targets=tuple(
            Target(id=f"target-{number:03d}", urls=(f"https://target-{number}.example/",)) for number in range(TARGETS)
        ),
        vantage_points=tuple(
            VantagePoint(id=f"vantage-{number:02d}", country=f"C{number // 10}", network=f"AS{8000 + number // 2}")
            for number in range(VANTAGES)
        ),
        fresh=timedelta(days=8),
        rate=1_000_000,
        simulated=True,
    )


def events(count: int) -> Iterator[BlockingEvent]:
    """So many events over the year, spread over the targets; each tenth goes on."""
    for number in range(count):
        onset = NOW - YEAR + (YEAR - timedelta(days=2)) * number / count
        interval = (onset, onset + timedelta(minutes=10))
        end = None if number % 10 == 0 else (onset + timedelta(days=1), onset + timedelta(days=1, minutes=10))
        networks = tuple(f"AS{8000 + (number + more) % 25}" for more in range(3))
        spans = tuple(
            NetworkSpan(
                network=network,
                onset=interval,
                end=end,
                alarm=interval[1],
                technique="tls.reset.sni",
                vantage_points=2,
                score=9.0,
                witnesses=tuple(f"{number:032x}" for _ in range(5)),
            )
            for network in networks
        )
        yield BlockingEvent(
            id=f"event-{number:05d}",
            target=f"target-{number % TARGETS:03d}",
            country=f"C{number % 5}",
            networks=networks,
            onset=interval,
            end=end,
            tier=(Tier.SUSPECTED, Tier.LIKELY, Tier.CONFIRMED)[number % 3],
            technique="tls.reset.sni",
            locus=Locus.NETWORK,
            alarm=interval[1],
            score=9.0,
            counts={"vantage_points": 6, "networks": 3, "blocked": 300, "ok": 1, "controls_agree": 3},
            witnesses=tuple(f"{number:032x}" for _ in range(15)),
            spans=spans,
            simulated=True,
        )


def health() -> tuple[VantageStatus, ...]:
    """Every vantage point healthy."""
    return tuple(
        VantageStatus(
            vantage=point.id,
            country=point.country,
            network=point.network,
            role=Role.VANTAGE,
            health=Health.HEALTHY,
            why="",
            last_seen=NOW,
            simulated=True,
        )
        for point in settings().vantage_points
    )


def make(folder: Path, rows: int, count: int) -> None:
    """A store of so many measurements and events."""
    with open_folder(folder) as store:
        fill(store, rows // PAIRS)
        store.save_events(list(events(count)))
        store.save_health(health())


async def measure(folder: Path, rounds: int) -> dict[str, Times]:
    """Every question so many times, page and store in turn, after one round that does not count."""
    fixed, moment = settings(), [NOW]
    app = create_app(lambda: open_store(folder, read_only=True), settings=lambda: fixed, clock=lambda: moment[0])
    times = {question.name: Times() for question in QUESTIONS}
    transport = httpx.ASGITransport(app=app)
    with open_store(folder, read_only=True) as store:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=None) as browser:
            for turn in range(rounds + 1):
                for question in QUESTIONS:
                    moment[0] += question.later
                    page = await _asked(browser, question.path)
                    began = time.perf_counter()
                    question.needs(store)
                    took = time.perf_counter() - began
                    if turn:
                        times[question.name].page.append(page)
                        times[question.name].store.append(took)
    return times


async def _asked(browser: httpx.AsyncClient, path: str) -> float:
    began = time.perf_counter()
    answer = await browser.get(path)
    took = time.perf_counter() - began
    assert answer.status_code == 200, (path, answer.status_code)
    return took


def row(rows: int, name: str, times: Times) -> str:
    """A line of the table."""
    ratio = statistics.median(times.ratios)
    return (
        f"| {rows:,} | {name} | {_said(times.page)} | {_said(times.store)} "
        f"| {ratio:.1f} ({min(times.ratios):.1f}–{max(times.ratios):.1f}) | {'yes' if ratio <= GOAL else 'no'} |"
    )


def _said(seconds: Sequence[float]) -> str:
    least, middle, most = (1000 * each for each in (min(seconds), statistics.median(seconds), max(seconds)))
    return f"{middle:.0f} ms ({least:.0f}–{most:.0f})"


def main() -> None:
    """Make each store, measure, print, throw it away."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    print(
        "| measurements | page | server | store | server ÷ store | at most 5 |\n|---|---|---|---|---|---|", flush=True
    )
    for rows in asked.rows:
        home = Path(tempfile.mkdtemp(prefix="page-speed-"))
        try:
            make(home / "data", rows, asked.events)
            for name, times in asyncio.run(measure(home / "data", asked.rounds)).items():
                print(row(rows, name, times), flush=True)
        finally:
            shutil.rmtree(home)


if __name__ == "__main__":
    main()
