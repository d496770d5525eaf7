"""From a failed visit to a proof, through the app and over real sockets on loopback."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.app import App
from monitor.config import BurstSettings, ExperimentSettings, ScheduleSettings, Settings, Station
from monitor.model import Bearing, Finding, Fingerprint, Outcome, Place, Scope, State
from monitor.store import StoreError
from monitor.store.fingerprints import save_fingerprints
from probes.model import Role, Target, VantagePoint
from probes.testing import SNIBlock
from tests.echo_lab import INNOCUOUS, LIMITS, TARGET, EchoLab, echo_lab

HERE = VantagePoint(id="here", country="KG", network="AS64500", simulated=True)
TARGETS = (
    Target(id="kloop", urls=(f"https://{TARGET}/",)),
    Target(id="library", urls=(f"https://{INNOCUOUS}/",), innocuous=True),
)
SOON = BurstSettings(
    after=(timedelta(milliseconds=10), timedelta(milliseconds=20)), hold_off=timedelta(milliseconds=10)
)


def settings(lab: EchoLab) -> Settings:
    """One vantage point, three controls, and a burst that begins at once."""
    controls = [
        VantagePoint(id=f"control-{number}", country="DE", network=f"AS{number}", role=Role.CONTROL, simulated=True)
        for number in (1, 2, 3)
    ]
    return Settings(
        path=Path("test"),
        targets=TARGETS,
        vantage_points=tuple(Station(point=point) for point in (HERE, *controls)),
        resolvers=lab.task.resolvers,
        schedule=ScheduleSettings(interval=timedelta(hours=1)),
        experiments=ExperimentSettings(echo=lab.task.echo, burst=SOON),
        limits=LIMITS,
        simulated=True,
    )


async def watched(lab: EchoLab, configured: Settings, folder: Path, *, enough: int) -> tuple[App, list[Finding]]:
    """Let the app watch until so many findings are stored, and three controls have been asked twice."""
    networks = {station.point.id: lab.lab.network(station.point.id) for station in configured.vantage_points}
    networks["here"].rules = (SNIBlock(names=(TARGET,), action="reset"),)
    with App(configured, folder, networks=networks) as app:
        watching = asyncio.create_task(app.watch())
        async with asyncio.timeout(60):
            while len(app.store.findings()) < enough or len(_controls(app)) < 2 * 3:  # noqa: ASYNC110 (a store)
                await asyncio.sleep(0.05)
        app.stop()
        await watching
        assert app.bursts.allowance.running == set()
        return app, list(app.store.findings())


def _controls(app: App) -> list[Outcome]:
    rows = app.store.outcomes(target="kloop", role=Role.CONTROL)
    return [row for row in rows if row.verdict.state is State.OK]


async def test_a_failed_visit_sets_off_experiments_that_prove_what_it_hangs_on(tmp_path: Path) -> None:
    """A reset on the name: the swap shows it at our own server too, and the controls are asked again at once."""
    async with echo_lab() as lab:
        _, found = await watched(lab, settings(lab), tmp_path, enough=5)

    proved = [one for one in found if one.kind == "sni_swap"]
    assert {(one.rule_id, one.bearing, one.technique) for one in proved} == {
        ("sni_swap.proven", Bearing.DECISIVE, "tls.reset.sni")
    }
    assert {one.vantage for one in found} == {"here"}
    assert {"sni_swap", "host_swap", "dns_consistency"} == {one.kind for one in found}


async def test_without_an_echo_host_the_burst_says_less_and_still_runs(tmp_path: Path) -> None:
    """What the target's own address tells is kept; nothing is called decisive."""
    async with echo_lab() as lab:
        bare = replace(settings(lab), experiments=ExperimentSettings(burst=SOON))
        assert "throttle" in bare.left_out()
        _, found = await watched(lab, bare, tmp_path, enough=5)

    assert "sni_swap.target_only" in {one.rule_id for one in found}
    assert not any(one.bearing is Bearing.DECISIVE for one in found)


async def test_a_mistake_of_ours_in_a_burst_is_counted_and_measuring_goes_on(tmp_path: Path, monkeypatch) -> None:
    """Reading an experiment breaks: visits are kept as before, and nobody hears of it from the garbage collector."""

    def broken(*_: object, **__: object) -> None:
        raise KeyError("192.0.2.77")

    told: list[Exception] = []
    monkeypatch.setattr("monitor.app.note", broken)
    async with echo_lab() as lab:
        configured = settings(lab)
        networks = {station.point.id: lab.lab.network(station.point.id) for station in configured.vantage_points}
        networks["here"].rules = (SNIBlock(names=(TARGET,), action="reset"),)
        with App(configured, tmp_path, networks=networks, on_mistake=told.append) as app:
            watching = asyncio.create_task(app.watch())
            async with asyncio.timeout(60):
                while not told or len(_controls(app)) < 2 * 3:  # noqa: ASYNC110 (a store)
                    await asyncio.sleep(0.05)
            app.stop()
            await watching

    assert {type(one) for one in told} == {KeyError}
    assert app.runtime.mistakes == len(told)
    assert app.fault is None


def test_a_reload_takes_new_fingerprints_in(tmp_path: Path) -> None:
    """What was read in while it ran counts from the next reload on; a damaged file changes nothing."""
    new = Fingerprint(
        id="kg.order", scope=Scope.NATIONAL, place=Place.BODY, pattern="closed by order", countries=("KG",), source="us"
    )
    configured = Settings(path=Path("test"), targets=TARGETS, vantage_points=(Station(point=HERE),))
    with App(configured, tmp_path) as app:
        save_fingerprints(tmp_path, [new])
        assert new not in app.pipeline.fingerprints.entries
        app.reload(configured)
        assert new in app.pipeline.fingerprints.entries

        (tmp_path / "fingerprints.jsonl").write_text("{", encoding="utf-8")
        with pytest.raises(StoreError, match=r"fingerprints\.jsonl:1"):
            app.reload(replace(configured, targets=()))
        assert new in app.pipeline.fingerprints.entries
        assert app.settings is configured
