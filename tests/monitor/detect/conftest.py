"""Series with a known truth, built from one line of text per vantage point."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.detect import DetectorSettings, detect
from monitor.model import BlockingEvent, Cell, Evidence
from probes.model import Role

START = datetime(2024, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)


def series(
    letters: str,
    *,
    vantage: str = "bishkek-1",
    network: str = "AS8511",
    target: str = "kloop",
    country: str = "KG",
    role: Role = Role.VANTAGE,
    innocuous: bool = False,
    pooled: bool = False,
    offset: int = 0,
    step: timedelta = STEP,
) -> list[Cell]:
    """One cell per letter, every ten minutes.

    o ok, x an ambiguous failure, a one with an artefact, s the server's own answer, d down, i insufficient, . nothing.
    """
    evidence = {"x": Evidence.AMBIGUOUS, "a": Evidence.ARTEFACT, "s": Evidence.SERVER_ANSWER}
    cells = []
    for index, letter in enumerate(letters):
        time = START + index * step + timedelta(seconds=offset)
        if letter == ".":
            continue
        cells.append(
            Cell(
                target=target,
                country=country,
                network=network,
                vantage=vantage,
                start=time,
                end=time,
                ok=int(letter == "o"),
                down=int(letter == "d"),
                blocked=int(letter in evidence),
                insufficient=int(letter == "i"),
                role=role,
                innocuous=innocuous,
                pooled=pooled,
                technique="tls.reset.sni" if letter in evidence else None,
                evidence=evidence.get(letter, Evidence.NONE),
                witnesses=(f"{vantage}-{index}",) if letter in evidence else (),
            )
        )
    return cells


def controls(letters: str, count: int = 3, target: str = "kloop") -> list[Cell]:
    """The same series at `count` control vantage points."""
    return [
        cell
        for number in range(count)
        for cell in series(
            letters, vantage=f"control-{number}", network=f"AS90{number}", country="ZZ", role=Role.CONTROL,
            target=target, offset=number,
        )
    ]  # fmt: skip


def at(index: int, offset: int = 0) -> datetime:
    """The time of the letter with this index."""
    return START + index * STEP + timedelta(seconds=offset)


def find(cells: list[Cell], settings: DetectorSettings | None = None) -> tuple[BlockingEvent, ...]:
    """What the detector sees a year later."""
    return detect(cells, settings=settings or DetectorSettings(), now=START + timedelta(days=365))


@pytest.fixture(scope="session", name="series")
def series_fixture() -> Callable[..., list[Cell]]:
    return series


@pytest.fixture(scope="session", name="controls")
def controls_fixture() -> Callable[..., list[Cell]]:
    return controls


@pytest.fixture(scope="session", name="at")
def at_fixture() -> Callable[..., datetime]:
    return at


@pytest.fixture(scope="session", name="find")
def find_fixture() -> Callable[..., tuple[BlockingEvent, ...]]:
    return find
