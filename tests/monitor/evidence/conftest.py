"""A store with a block that began, was tried by experiments and ended, its log, and the package of its event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.evidence import Package, Slice, build, cut
from monitor.evidence.build import Authority, Site
from monitor.evidence.proofs import Proofs, prove
from monitor.evidence.words import Language
from monitor.log import open_reading, open_writing
from monitor.model import BlockingEvent, Claim, Source
from monitor.pipeline import PipelineSettings, known_in, note, record, review
from monitor.pipeline.logged import enter, folder_of
from monitor.sshsig import SigningKey
from monitor.store import open_folder
from probes.model import Measurement, Purpose, Step
from tests.scenes import HTTP, NOON, connected, looked, measured, plain_visit, shook, three, visit

SITE = Site(name="kloop.kg", zone="Asia/Bishkek")
NOTICE = b"<html><script>alert('kloop')</script>Blocked by decision of the ministry</html>"
RESET: tuple[Step, ...] = (
    looked(["93.184.216.34"]),
    looked(["93.184.216.34"], engine="doh"),
    connected(),
    shook(failure="connection_reset"),
)
CLAIM = Claim(
    id="kloop-2023-block",
    target="kloop",
    country="KG",
    kind="blocked",
    date="2023-09-12",
    precision="day",
    interval=(NOON, NOON + timedelta(days=1)),
    sources=(Source(url="https://news.example/kloop"),),
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where everything is."""

    data: Path
    settings: PipelineSettings
    event: BlockingEvent
    facts: Slice
    proofs: Proofs
    key: SigningKey

    def build(
        self,
        folder: Path,
        *,
        language: Language = Language.EN,
        authority: Authority | None = None,
        facts: Slice | None = None,
    ) -> Package:
        """The package of the event in a new folder."""
        return build(
            facts or self.facts, self.proofs, self.key, folder, site=SITE, language=language, authority=authority
        )


def at(minutes: float, measurement: Measurement) -> Measurement:
    """The measurement, so many minutes after noon."""
    return replace(measurement, started=NOON + timedelta(minutes=minutes))


def swapped(minutes: float, place: str) -> Measurement:
    """A swap of names that shows what the failure hangs on."""
    steps = [
        replace(step, purpose=purpose)
        for purpose, failure in (
            (Purpose.TRIGGER_AT_TARGET, "connection_reset"),
            (Purpose.INNOCUOUS_AT_TARGET, None),
            (Purpose.TRIGGER_AT_ECHO, "connection_reset"),
            (Purpose.INNOCUOUS_AT_ECHO, None),
        )
        for step in (connected(), shook(failure=failure))
    ]
    return at(minutes, measured(*steps, vantage=place, kind="sni_swap"))


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Three rounds that are ok, eleven that are blocked, with experiments, and eleven ok ones."""
    data = tmp_path_factory.mktemp("evidence") / "data"
    with open_folder(data) as store:
        settings = PipelineSettings(fingerprints=known_in(data))
        for number in range(25):
            steps = RESET if 3 <= number < 14 else visit()
            for each in three(*visit()):
                record(at(10 * number, each), store, settings=settings)
            for place in ("kg-1", "kg-2"):
                record(at(10 * number + 1, measured(*steps, vantage=place)), store, settings=settings)
            if steps is RESET:
                for each in three(*plain_visit(), url=HTTP):
                    record(at(10 * number, each), store, settings=settings)
                notice = plain_visit(title="=cmd|' /C calc'!A0", kept=NOTICE, length=len(NOTICE))
                record(at(10 * number + 1, measured(*notice, url=HTTP)), store, settings=settings)
            if number == 4:
                for place in ("kg-1", "kg-2"):
                    for minute in (42, 44):
                        note(swapped(minute, place), store, settings=settings)
            review(store, now=NOON + timedelta(minutes=10 * number + 5), settings=settings)
        (event,) = store.events()
        with open_writing(folder_of(data)) as log:
            enter(store, log)
            log.sign(NOON + timedelta(hours=6))
            facts = cut(store, event, settings, claims=[CLAIM])
            proofs = prove(log, facts.documents)
    with open_reading(folder_of(data)):
        key = SigningKey.read((folder_of(data) / "key").read_bytes())
    return Scene(data=data, settings=settings, event=event, facts=facts, proofs=proofs, key=key)


@pytest.fixture(scope="session")
def package(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that nobody changes."""
    folder = tmp_path_factory.mktemp("package") / "kloop"
    scene.build(folder)
    return folder


@pytest.fixture
def copied(package: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the package, to be changed."""
    import shutil

    number = iter(range(1000))

    def made() -> Path:
        return Path(shutil.copytree(package, tmp_path / f"copy-{next(number)}"))

    return made
