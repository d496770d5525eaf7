"""Our detector in the harness."""

from __future__ import annotations

from monitor.detect import DetectorSettings, detect
from monitor.evaluate.bench import BURSTS, PLAIN, Case, Gate, cases, rows, run, ungated
from monitor.evaluate.ours import ours
from monitor.evaluate.play import play
from monitor.evaluate.score import score
from monitor.evaluate.world import World
from monitor.model import Evidence, Tier
from probes.model import Role


def test_tiers_are_nested_and_told_later(small):
    """What is likely was suspected before, and confirmed comes after likely."""
    played = play(small, 1)
    found = ours(played.cells, DetectorSettings(), played.until)
    alarms = {(each.network, each.target, each.onset): each.told for each in found[Tier.SUSPECTED]}
    for tier in (Tier.LIKELY, Tier.CONFIRMED):
        for each in found[tier]:
            assert each.told >= alarms[each.network, each.target, each.onset]
    assert len(found[Tier.CONFIRMED]) <= len(found[Tier.LIKELY]) <= len(found[Tier.SUSPECTED])


def test_without_hard_negatives_nothing_is_false(small):
    """In a country with blocks and site outages only, every event is a block, and nearly every block an event."""
    for seed in (1, 2):
        played = play(small, seed)
        found = ours(played.cells, DetectorSettings(), played.until)[Tier.LIKELY]
        got = score(found, played.truth, until=played.until, unit_years=small.unit_years)
        assert got.false == ()
        assert got.hit >= 0.9 * len(played.truth)


def test_an_excerpt_with_the_null_of_all_gives_the_same_events(small):
    """The second look at one target sees what the first look at everything saw."""
    played = play(small, 1)
    settings = DetectorSettings()
    whole = detect(played.cells, settings=settings, now=played.until)
    part = [cell for cell in played.cells if cell.target == "site-0" or cell.innocuous]
    found = detect(part, settings=settings, now=played.until)
    assert [event.id for event in found] == [event.id for event in whole if event.target == "site-0"]


def test_a_run_has_every_detector_once(small):
    """The plain case has the baselines beside our tiers; rows keep their names and order."""
    plain = run(Case(name=PLAIN, world=small), 1)
    assert list(plain)[:3] == ["suspected", "likely", "confirmed"]
    assert {
        "3 in a row",
        "3 in a row, gated",
        "IODA-like ratio",
        "OONI CUSUM, hourly",
        "OONI CUSUM, at cadence",
    } <= set(plain)
    table = rows([plain, plain])
    assert [each.detector for each in table] == list(plain)
    assert table[0].seeds == 2


def test_an_ablation_names_itself_and_takes_its_gate_away(small):
    """Without controls a site outage looks like a block; nothing of the kind is left in the cells."""
    cells = play(small, 1).cells
    bare = list(ungated(cells, Gate.CONTROLS))
    assert any(cell.down for cell in cells)
    assert not any(cell.down for cell in bare if cell.role is Role.VANTAGE)
    assert not any(cell.blocked or cell.down for cell in bare if cell.role is Role.CONTROL)
    assert not any(
        cell.innocuous or cell.insufficient for cell in ungated(cells, Gate.VANTAGE) if cell.role is Role.VANTAGE
    )
    classes = {cell.evidence for cell in ungated(cells, Gate.CLASSES) if cell.blocked}
    assert classes == {Evidence.AMBIGUOUS}
    case = Case(name="without controls", world=small, without=Gate.CONTROLS)
    assert list(run(case, 1)) == [
        "suspected, without controls",
        "likely, without controls",
        "confirmed, without controls",
    ]


def test_the_sweep_has_every_case():
    """Ablations, noise, cadences and vantage points, each once."""
    quick, full = cases(World(), DetectorSettings(), sweep=False), cases(World(), DetectorSettings(), sweep=True)
    assert [case.name for case in quick] == [PLAIN, BURSTS]
    assert len({case.name for case in full}) == len(full) == 13
