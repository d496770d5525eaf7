"""Simulated worlds: repeatable, and with the troubles that were asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from monitor.detect import DetectorSettings
from monitor.evaluate.line import measure
from monitor.evaluate.ours import ours
from monitor.evaluate.play import play
from monitor.evaluate.script import Episode
from monitor.evaluate.world import DAY, Cause, Kind, World
from monitor.model import Evidence, Tier
from probes.model import Role

HOUR = timedelta(hours=1)
QUIET = {
    "site_outages": 0, "cdn_trouble": 0, "peering_losses": 0, "refusals": 0, "vantage_outages": 0, "network_outages": 0,
    "portals": 0, "lies": 0, "loss": (0, 0), "flaky": 0, "bad_spells": (0.0001, 0.0001), "control_loss": 0,
    "missing": 0, "skewed": 0, "cut_off": 0,
}  # fmt: skip


def world(**more):
    """Only what is asked for happens."""
    return World(**{"days": 10, "targets": 2, "vantages": (1, 2), "blocks": 0, **QUIET, **more})


def test_the_same_seed_gives_the_same_world(small):
    """A table can be made again; another seed is another world."""
    assert play(small, 5) == play(small, 5)
    assert play(small, 5).cells != play(small, 6).cells


def test_a_quiet_world_has_only_successes():
    """Where nothing happens, every measurement of everybody is there and ok."""
    played = play(world(), 1)
    rounds = 10 * 144
    assert played.truth == ()
    assert len(played.cells) == rounds * (3 * (2 + 2) + 4 * 2)
    assert all(cell.ok and cell.simulated for cell in played.cells)
    assert list(played.cells) == sorted(played.cells, key=lambda cell: cell.start)


def test_blocks_are_what_the_truth_says():
    """Without other trouble every blocked cell lies in a true block of its unit, and full blocks fail throughout."""
    played = play(world(days=40, blocks=60, kinds={Kind.FULL: 1}, silent=0), 3)
    blocked = [cell for cell in played.cells if cell.blocked]
    assert played.truth
    for true in played.truth:
        inside = [
            cell for cell in played.cells
            if (cell.target, cell.network) == (true.target, true.network) and true.start <= cell.start < true.end
        ]  # fmt: skip
        assert sum(cell.blocked for cell in inside) >= 0.85 * len(inside)
        blocked = [cell for cell in blocked if cell not in inside]
    assert blocked == []


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_drawn(kind):
    """Each kind alone gives blocks of that kind, with an end inside the world."""
    played = play(world(days=40, blocks=60, kinds={kind: 1}), 2)
    assert {true.kind for true in played.truth} == {kind}
    assert all(true.start < true.end <= played.until for true in played.truth)


def test_a_site_that_is_down_for_all_is_down_and_not_blocked():
    """The controls fail as well, so the pipeline would not call it blocked, but for the edges of the outage."""
    played = play(world(site_outages=100), 1)
    theirs = Counter((cell.blocked, cell.down) for cell in played.cells if cell.role is Role.VANTAGE and not cell.ok)
    assert theirs[0, 1] > 10 * theirs[1, 0]


def test_a_sick_vantage_point_says_nothing():
    """While everything fails, its innocuous targets fail as well: insufficient."""
    played = play(world(vantage_outages=60, days=30), 1)
    failed = [cell for cell in played.cells if not cell.ok]
    assert failed
    assert sum(cell.insufficient for cell in failed) > 0.95 * len(failed)


def test_a_silent_network_has_no_cells():
    """An outage that silences leaves a hole and no failures."""
    played = play(world(network_outages=100, days=30), 4)
    full = play(world(days=30), 4)
    assert len(played.cells) < len(full.cells)


def test_a_liar_leaves_artefacts_at_one_place():
    """A liar accuses one target, alone."""
    played = play(world(lies=100, days=20), 1)
    blocked = [cell for cell in played.cells if cell.blocked]
    assert blocked
    assert Counter(cell.evidence for cell in blocked).most_common(1)[0][0] is Evidence.ARTEFACT


def test_liars_who_agree_accuse_one_target_at_once():
    """Three of seven tell the same lies, and the other four see the target work."""
    played = play(world(lies=40, liars=3, days=20, vantages=(4, 3), targets=1), 1)
    blocked = [cell for cell in played.cells if cell.blocked]
    assert blocked
    by_hour = Counter((cell.start.date(), cell.start.hour) for cell in blocked)
    at_peak = by_hour.most_common(1)[0][0]
    peak = [cell for cell in blocked if (cell.start.date(), cell.start.hour) == at_peak]
    assert len({cell.vantage for cell in peak}) >= 3


def test_one_liar_among_others_is_never_believed():
    """Where others of its network see the target work, one voice alone stays suspected."""
    played = play(world(lies=90, liars=1, days=5, vantages=(4,), targets=1), 3)
    found = ours(played.cells, DetectorSettings(), played.until)
    assert found[Tier.SUSPECTED]
    assert found[Tier.LIKELY] == found[Tier.CONFIRMED] == []


def test_bursts_tell_a_block_from_broken_paths():
    """With experiments, path trouble mostly says nothing, and a silent block shows what it is."""
    paths = play(world(cdn_trouble=60, days=20, bursts=True), 1)
    told = Counter(cell.evidence for cell in paths.cells if cell.blocked)
    plain = play(world(cdn_trouble=60, days=20), 1)
    assert sum(told.values()) < 0.4 * sum(cell.blocked for cell in plain.cells)
    blocks = play(world(blocks=60, days=20, silent=1, kinds={Kind.FULL: 1}, bursts=True), 2)
    seen = Counter(cell.evidence for cell in blocks.cells if cell.blocked)
    assert seen[Evidence.ARTEFACT] > seen[Evidence.AMBIGUOUS]


def test_experiments_are_weighed_as_where_verdicts_become_cells(small):
    """What the simulator says of failures beside experiments is what `fold` says of the same outcomes and findings."""
    played = play(replace(small, days=4, cdn_trouble=200, peering_losses=100, bursts=True, mistaken=0.2), 7)
    seen = [cell for cell in played.cells if cell.decisive or cell.exonerating]
    assert {(cell.decisive, cell.exonerating) for cell in seen} == {(0, 1), (1, 0)}
    for cell in played.cells:
        if cell.role is Role.CONTROL or cell.innocuous or cell.ok or cell.down:
            continue
        near = [
            one for one in seen
            if (one.vantage, one.target) == (cell.vantage, cell.target)
            and abs(one.start - cell.start) <= timedelta(minutes=10)
        ]  # fmt: skip
        decisive, exonerating = sum(one.decisive for one in near), sum(one.exonerating for one in near)
        excused = exonerating >= 2 and exonerating > decisive
        assert not (cell.blocked and excused)
        if cell.blocked and decisive >= 2:
            assert cell.evidence is Evidence.ARTEFACT


def test_a_page_rests_after_a_burst_that_proved_something():
    """Three decisive experiments are enough for an hour; until then each failure sets off a burst."""
    sure = world(days=10, blocks=60, kinds={Kind.FULL: 1}, force=(1, 1), bursts=True, tell_block=1.0, mistaken=0.0)
    vague = replace(sure, tell_block=0.0)
    for each, most in ((sure, 1), (vague, 0)):
        cells = [cell for cell in play(each, 3).cells if cell.blocked and cell.vantage == "vantage-0-0"]
        assert cells
        for cell in cells:
            hour = [one for one in cells if one.target == cell.target and cell.start <= one.start < cell.start + HOUR]
            assert sum(one.decisive for one in hour) <= 3 * most
    failures = [sum(cell.blocked for cell in play(each, 3).cells) for each in (sure, vague)]
    assert failures[1] > 2 * failures[0]


def test_the_controls_fresh_look_tells_a_site_outage_at_once():
    """With bursts, no failure that a site outage caused is called blocked for long: the controls see it too."""
    stale, fresh = (play(world(days=30, site_outages=200, bursts=each), 1).cells for each in (False, True))
    blocked = [sum(cell.blocked for cell in cells if cell.role is Role.VANTAGE) for cells in (stale, fresh)]
    assert blocked[1] < 0.5 * blocked[0]


def test_a_wrong_clock_moves_all_cells_of_a_vantage_point():
    """Skew moves times and nothing else; the truth keeps the right time."""
    right, wrong = play(world(), 1), play(world(skewed=1.0), 1)
    moved = Counter(
        after.start - before.start
        for before, after in zip(
            sorted(right.cells, key=lambda cell: (cell.vantage, cell.target, cell.start)),
            sorted(wrong.cells, key=lambda cell: (cell.vantage, cell.target, cell.start)),
            strict=True,
        )
    )
    assert timedelta(0) in moved  # the controls
    assert 1 < len(moved) <= 4
    assert all(abs(skew) <= timedelta(minutes=5) for skew in moved)


def test_a_series_fails_while_an_episode_lasts():
    """Before and after the stretch nothing fails."""
    episode = Episode(span=(DAY, 2 * DAY), force=1.0, cause=Cause.PATH)
    results = measure([episode], 0.0, world(days=3), 0, Random(1))
    assert {result.cause for result in results if DAY <= result.second < 2 * DAY} == {Cause.PATH}
    assert {result.cause for result in results if not DAY <= result.second < 2 * DAY} == {None}


def test_a_world_needs_somebody_to_measure():
    """Nonsense is refused."""
    with pytest.raises(ValueError, match="needs days"):
        World(vantages=())
    with pytest.raises(ValueError, match="needs days"):
        replace(World(), controls=0)
