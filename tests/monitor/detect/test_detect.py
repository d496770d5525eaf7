"""The detector on small series whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.detect import DetectorSettings, detect, series_of
from monitor.detect.tally import tallies
from monitor.detect.unit import Span, _united
from monitor.model import Cell, Locus, Tier
from probes.model import Role


def test_quiet_series_have_no_event(series, controls, find):
    """Where everything works, or nothing was measured, nothing is found."""
    assert find([]) == ()
    assert find(series("o" * 200) + controls("o" * 200)) == ()


def test_two_vantage_points_raise_an_alarm_and_date_it(series, controls, find, at):
    """A block that two vantage points see begins between the last success and the first failure, and ends likewise."""
    line = "o" * 30 + "a" * 20 + "o" * 30
    cells = series(line) + series(line, vantage="osh-1", offset=60) + controls("o" * 80)
    (event,) = find(cells)
    assert event.onset == (at(29), at(30))
    assert event.end == (at(49, 60), at(50, 60))
    assert event.tier is Tier.CONFIRMED
    assert event.networks == ("AS8511",)
    assert event.counts["vantage_points"] == 2
    assert (event.counts["controls_agree"], event.counts["controls_total"]) == (3, 3)
    assert event.technique == "tls.reset.sni"
    assert event.witnesses[0] == "bishkek-1-30"
    assert event.alarm < at(34)


def test_one_vantage_point_needs_longer(series, controls, find, at):
    """Alone, a vantage point raises the alarm later, and is believed (`likely`) only after an hour."""
    short, long = "o" * 30 + "x" * 8, "o" * 30 + "x" * 40
    (suspected,) = find(series("o" * 30 + "a" * 5) + controls("o" * 80))
    (likely,) = find(series(long) + controls("o" * 80))
    assert find(series(short[:36]) + controls("o" * 80)) == ()
    assert suspected.tier is Tier.SUSPECTED
    assert likely.tier is Tier.LIKELY
    assert likely.end is None
    assert likely.counts["vantage_points"] == 1


def test_a_block_that_was_always_there_has_no_earliest_onset(series, controls, find, at):
    """Where nothing was seen before, the block may have begun at any earlier time."""
    (event,) = find(series("x" * 30) + series("x" * 30, vantage="osh-1") + controls("o" * 30))
    assert event.onset == (None, at(0))


def test_down_and_insufficient_are_no_evidence(series, controls, find):
    """A site that is down, and a vantage point that cannot tell, never make an event, and never end one."""
    assert find(series("o" * 10 + "d" * 100) + series("o" * 10 + "i" * 100, vantage="osh-1")) == ()
    line = "o" * 10 + "x" * 20 + "d" * 50 + "i" * 50
    (event,) = find(series(line) + series(line, vantage="osh-1") + controls("o" * 130))
    assert event.end is None


def test_a_site_that_fails_for_the_controls_is_not_blocked(series, controls, find):
    """Failures count for nothing while the control vantage points fail on the same target."""
    line = "o" * 20 + "x" * 30 + "o" * 20
    assert find(series(line) + series(line, vantage="osh-1") + controls(line.replace("x", "d"))) == ()


def test_a_vantage_point_that_fails_on_innocuous_targets_accuses_nobody(series, controls, find):
    """Failures count for nothing while the vantage point fails on sites that nobody blocks."""
    line = "o" * 20 + "x" * 30
    innocuous = [cell for name in "uvw" for cell in series(line, target=f"innocuous-{name}", innocuous=True, offset=-1)]
    assert find(series(line) + innocuous + controls("o" * 50)) == ()


def test_controls_and_innocuous_targets_never_open_events(series, controls, find):
    """Whatever happens to them, they are only asked how far the others can be believed."""
    assert find(series("x" * 50, innocuous=True) + controls("x" * 50)) == ()
    assert find(series("x" * 50, role=Role.CONTROL)) == ()


def test_a_lone_accuser_among_mates_is_disputed(series, controls, find):
    """One liar never raises the tier: a network-mate that sees the target work makes the event disputed."""
    cells = series("o" * 20 + "a" * 60) + series("o" * 80, vantage="osh-1") + controls("o" * 80)
    (event,) = find(cells)
    assert event.disputed
    assert event.tier is Tier.SUSPECTED


def test_without_three_controls_an_event_stays_suspected(series, controls, find):
    """Too few controls, or three that all stand in one network, leave other causes open."""
    line = "o" * 20 + "a" * 40
    cells = series(line) + series(line, vantage="osh-1")
    assert [event.tier for event in find(cells)] == [Tier.SUSPECTED]
    assert [event.tier for event in find(cells + controls("o" * 60, count=2))] == [Tier.SUSPECTED]
    assert [event.tier for event in find(cells + controls("o" * 60, count=3))] == [Tier.CONFIRMED]
    neighbours = [replace(cell, network="AS900") for cell in controls("o" * 60, count=3)]
    assert [event.tier for event in find(cells + neighbours)] == [Tier.SUSPECTED]


def test_answers_of_the_server_are_not_called_blocking(series, controls, find):
    """Failures that look like the server's own answer count for little, and an event made of them stays suspected."""
    assert find(series("o" * 20 + "s" * 10 + "o" * 20) + controls("o" * 50)) == ()
    for line in ("o" * 20 + "s" * 100, "o" * 20 + "xxxxs" * 12):
        events = find(series(line) + series(line, vantage="osh-1") + controls("o" * 120))
        assert [event.tier for event in events] == [Tier.SUSPECTED]


def test_a_block_that_returns_soon_is_one_event(series, controls, find):
    """A pause of less than four hours is a flap; a longer one separates two events."""
    for pause, count, flaps in ((12, 1, 1), (40, 2, 0)):
        line = "o" * 20 + "a" * 20 + "o" * pause + "a" * 20 + "o" * 20
        events = find(series(line) + series(line, vantage="osh-1") + controls("o" * 120))
        assert len(events) == count
        assert events[0].counts["flaps"] == flaps


def test_networks_that_follow_within_three_hours_are_one_event(series, controls, find, at):
    """A block that reaches the second network two hours later is one event with two spans and the first one's onset."""
    first = "o" * 20 + "a" * 60
    second = "o" * 32 + "a" * 48
    cells = [*controls("o" * 80)]
    for vantage, network, line in (
        ("a", "AS1", first),
        ("b", "AS1", first),
        ("c", "AS2", second),
        ("d", "AS2", second),
    ):
        cells += series(line, vantage=vantage, network=network)
    (event,) = find(cells)
    assert event.networks == ("AS1", "AS2")
    assert event.onset == (at(19), at(20))
    assert [span.onset[1] for span in event.spans] == [at(20), at(32)]
    assert event.counts["networks"] == 2


def test_a_network_that_joins_a_running_block_does_not_blur_its_onset(series, controls, find, at):
    """A vantage point that starts to measure days later, in the middle of the block, tells nothing about the onset."""
    old = "o" * 20 + "a" * 200
    cells = series(old) + series(old, vantage="osh-1") + controls("o" * 220)
    new = "." * 150 + "a" * 70
    cells += series(new, vantage="naryn-1", network="AS2") + series(new, vantage="naryn-2", network="AS2")
    (event,) = find(cells)
    assert event.onset == (at(19), at(20))
    assert event.networks == ("AS2", "AS8511")


def test_countries_and_targets_never_mix(series, controls, find):
    """Events are of one target in one country."""
    line = "o" * 20 + "a" * 40
    cells = [*controls("o" * 60), *controls("o" * 60, target="azattyk")]
    for country, target in (("KG", "kloop"), ("KZ", "kloop"), ("KG", "azattyk")):
        for number in (1, 2):
            cells += series(line, vantage=f"{country}-{number}", country=country, target=target, network=f"AS{country}")
    assert {(event.country, event.target) for event in find(cells)} == {
        ("KG", "kloop"), ("KZ", "kloop"), ("KG", "azattyk"),
    }  # fmt: skip


def test_a_hole_in_the_data_widens_the_onset(series, controls, find, at):
    """Days without data before a block: it may have begun at any time in the hole, even if a few tries got through."""
    hole = "." * (3 * 144)
    line = "o" * 30 + hole + "oo" + "a" * 20
    (event,) = find(series(line) + controls("o" * len(line)))
    first_failure = 30 + len(hole) + 2
    assert event.onset == (at(29), at(first_failure))
    settled = "o" * 30 + hole + "o" * 20 + "a" * 20
    (event,) = find(series(settled) + controls("o" * len(settled)))
    assert event.onset == (at(first_failure + 17), at(first_failure + 18))


def test_a_hole_in_the_data_widens_the_end(series, controls, find, at):
    """Silence after the last failure: the end lies anywhere until the next success."""
    hole = "." * (5 * 144)
    line = "o" * 20 + "a" * 20 + hole + "o" * 20
    (event,) = find(series(line) + controls("o" * len(line)))
    assert event.end == (at(39), at(40 + len(hole)))


def test_old_failures_do_not_add_up_over_months(series, controls, find):
    """Two failures in January and two in March are no block."""
    line = "o" * 20 + "aaa" + "." * (60 * 144) + "aaa"
    assert find(series(line) + controls("o" * len(line))) == ()


def test_pooled_rows_raise_the_alarm_by_themselves_and_never_confirm(series, controls, find):
    """Crowd-sourced rows count as one vantage point, alarm at h, and are at most `likely`."""
    line = "o" * 20 + "a" * 30
    cells = series(line, vantage="ooni:AS8511", pooled=True)
    (alone,) = find(cells)
    (controlled,) = find(cells + controls("o" * 50))
    assert alone.tier is Tier.SUSPECTED
    assert controlled.tier is Tier.LIKELY
    assert controlled.counts["vantage_points"] == 1


def test_a_few_lucky_strangers_do_not_end_a_pooled_block(series, find):
    """Three successes among crowd-sourced rows (a VPN, perhaps) neither end nor cut an event."""
    line = "o" * 20 + "x" * 20 + "o" * 3 + "x" * 20 + "o" * 40
    (event,) = find(series(line, vantage="ooni:AS8511", pooled=True, step=timedelta(hours=1)))
    assert event.counts["flaps"] == 0


def test_cells_of_the_future_are_left_out(series, controls, at):
    """What is dated after `now` is a broken clock's, or not known yet."""
    line = "o" * 20 + "a" * 40
    cells = series(line) + series(line, vantage="osh-1") + controls("o" * 60)
    assert detect(cells, settings=DetectorSettings(), now=at(20)) == ()
    assert len(detect(cells, settings=DetectorSettings(), now=at(60))) == 1


def test_mixed_cells_make_the_interval_as_wide_as_it_can_have_been(series, controls, find, at):
    """A cell with successes and failures does not tell what came first."""
    cells = series("o" * 20 + "a" * 30) + controls("o" * 50)
    mixed = replace(cells[20], start=at(20), end=at(20, 300), ok=1, blocked=4)
    (event,) = find([*cells[:20], mixed, *cells[21:]])
    assert event.onset == (at(19), at(20, 300))


def test_locus_is_that_of_the_majority(series, controls, find):
    """Who made the difference is said only where most failures say the same."""
    cells = [replace(cell, locus=Locus.NETWORK if cell.blocked else cell.locus) for cell in series("o" * 20 + "a" * 30)]
    (event,) = find(cells + controls("o" * 50))
    assert event.locus is Locus.NETWORK


def test_simulated_data_makes_simulated_events(series, controls, find):
    """The label of the demo follows its data."""
    cells = [replace(cell, simulated=True) for cell in series("o" * 20 + "a" * 30)]
    assert [event.simulated for event in find(cells)] == [True]


def test_the_scaled_detector_does_the_same_on_a_faster_clock(series, controls):
    """A series that runs 200 times as fast gives the same events to settings that are scaled alike."""
    line = "o" * 20 + "a" * 20 + "o" * 12 + "a" * 20 + "o" * 40
    cells = series(line) + series(line, vantage="osh-1", offset=60) + controls("o" * 112)
    origin = min(cell.start for cell in cells)

    def fast(time):
        return origin + (time - origin) / 200

    quick = [replace(cell, start=fast(cell.start), end=fast(cell.end)) for cell in cells]
    now = origin + timedelta(days=30)
    slow_events = detect(cells, settings=DetectorSettings(), now=now)
    quick_events = detect(quick, settings=DetectorSettings().scaled(1 / 200), now=now)
    assert [event.onset[1] for event in quick_events] == [fast(event.onset[1]) for event in slow_events]
    assert [event.counts for event in quick_events] == [event.counts for event in slow_events]
    assert [event.tier for event in quick_events] == [event.tier for event in slow_events]


def test_many_vantage_points_with_little_each_raise_the_alarm_together(series, controls, find):
    """Seven vantage points that each failed once, ambiguously, are enough together, and all of them stand behind it."""
    cells = [*controls("o" * 40)]
    for number in range(7):
        cells += series("o" * 30 + "x", vantage=f"v{number}", offset=number)
    (event,) = find(cells)
    assert event.counts["vantage_points"] == 7
    assert event.counts["blocked"] == 7


def test_one_vantage_point_confirms_nothing(series, controls, find):
    """However many artefacts the only vantage point of a network brings, it may be lying: likely, no more."""
    (event,) = find(series("o" * 30 + "a" * 30) + controls("o" * 60))
    assert event.tier is Tier.LIKELY


def test_a_leaky_block_is_one_event(series, controls, find, at):
    """Where two of three measurements fail all day, a second watch holds the pieces together."""
    line = "o" * 30 + "xox" * 30 + "o" * 30
    cells = series(line) + series(line, vantage="osh-1", offset=60) + controls("o" * 150)
    (event,) = find(cells)
    assert len(event.spans) == 1
    assert event.onset == (at(29), at(30))
    assert event.end == (at(119, 60), at(120, 60))


def test_throttling_shows_where_half_of_the_measurements_fail(series, controls, find):
    """One success for each failure is nothing to the first watch, and an alarm for the second."""
    line = "o" * 30 + "xo" * 40
    assert len(find(series(line) + series(line, vantage="osh-1", offset=60) + controls("o" * 110))) == 1


def test_leaky_rows_of_strangers_are_no_event(series, find):
    """Pooled rows have no second watch: strangers differ too much to tell a leak."""
    assert find(series("o" * 30 + "xo" * 40, pooled=True)) == ()


def test_two_watches_that_end_apart_are_one_span_with_the_later_end(at):
    """Where the second watch ends later by its interval but earlier by its last failure, both ends are the later
    ones."""
    leaky = Span(onset=(at(0), at(1)), alarm=at(9), score=1.0, accusers=frozenset("a"), end=(at(10), at(30)))
    strict = Span(onset=(at(11), at(12)), alarm=at(8), score=2.0, accusers=frozenset("b"), end=(at(20), at(21)))
    (span,) = _united([strict, leaky])
    assert span.onset == strict.onset
    assert span.end == (at(20), at(30))
    assert span.accusers == frozenset("ab")


def test_a_span_whose_accusers_failed_before_its_onset_is_still_counted(series, at):
    """The onset says when most began; an accuser may have failed for the last time before that."""
    cells = series("xo") + series("ox", vantage="osh-1")
    span = Span(onset=(at(0), at(1)), alarm=at(1), score=9.0, accusers=frozenset({"bishkek-1"}), end=(at(0), at(2)))
    (counted,) = tallies([span], *series_of(cells), DetectorSettings())
    assert counted.blocked == 1


def test_a_liar_beside_broken_paths_is_not_confirmed(series, controls, find):
    """Artefacts from one vantage point prove nothing, even where another network has timeouts at the same time."""
    liar = series("o" * 30 + "a" * 60)
    path = series("o" * 30 + "x" * 12 + "o" * 48, vantage="osh-1", network="AS12997", offset=60)
    (event,) = find(liar + path + controls("o" * 90))
    assert event.networks == ("AS12997", "AS8511")
    assert event.tier is Tier.LIKELY


def beside(cells: list[Cell], decisive: int) -> list[Cell]:
    """The same cells, each failing one with so many decisive experiments beside it."""
    return [replace(cell, decisive=decisive if cell.blocked else 0) for cell in cells]


def test_decisive_experiments_at_two_vantage_points_confirm(series, controls, find):
    """A comparison that only the target's name loses proves what a reset alone does not."""
    here, there = series("oooxxxxxxxx"), series("oooxxxxxxxx", vantage="bishkek-2", offset=60)

    (without,) = find(here + there + controls("o" * 11))
    assert without.tier is Tier.LIKELY
    for each, tier in ((1, Tier.LIKELY), (2, Tier.CONFIRMED)):
        proven = beside(here[:4], each) + here[4:] + beside(there[:4], each) + there[4:]
        (event,) = find(proven + controls("o" * 11))
        assert event.tier is tier
        assert event.counts["decisive"] == 2 * each


def test_one_vantage_point_confirms_nothing_by_experiments_either(series, controls, find):
    """Whoever lies about visits can lie about experiments, as often as it likes: likely, no more."""
    cells = beside(series("ooo" + "x" * 12), 3)

    (event,) = find(cells + controls("o" * 15))

    assert event.tier is Tier.LIKELY


def test_three_decisive_experiments_are_the_second_opinion_of_a_lone_vantage_point(series, controls, find):
    """Within the first hour the only vantage point of a network is believed where its experiments were decisive."""
    cells = series("o" * 20 + "aaaaa", step=timedelta(minutes=1))
    tiers = {}
    for decisive in (0, 2, 3):
        proven = [replace(cell, decisive=int(20 <= index < 20 + decisive)) for index, cell in enumerate(cells)]
        tiers[decisive] = [event.tier for event in find(proven + controls("o" * 5))]

    assert tiers == {0: [Tier.SUSPECTED], 2: [Tier.SUSPECTED], 3: [Tier.LIKELY]}


def test_a_vantage_point_whose_mates_have_not_spoken_yet_waits_for_them(series, controls, find):
    """Before the others' next round nobody knows whether one liar accuses; while it lasts the event is suspected."""
    liar = beside(series("o" * 20 + "xxxxx", step=timedelta(minutes=1)), 1)
    mate = series("oo", vantage="bishkek-2", step=timedelta(minutes=10))

    (event,) = find(liar + mate + controls("o" * 5))

    assert event.tier is Tier.SUSPECTED


def test_an_experiment_weighs_as_much_as_several_failures(series, controls, find):
    """What only the target's name loses is worth more than one more timeout: the alarm comes sooner."""
    line = "o" * 20 + "x" * 20
    plain, proven = series(line), beside(series(line), 1)

    alarms = [find(cells + controls("o" * 40))[0].alarm for cells in (plain, proven)]

    assert alarms[1] < alarms[0] - timedelta(minutes=20)


def test_a_lone_accuser_with_decisive_experiments_stays_disputed_where_the_network_s_others_reach_the_target(
    series, controls, find
):
    """One liar can invent experiments as well as failures."""
    liar, mate = series("ooo" + "x" * 12), series("o" * 15, vantage="bishkek-2", offset=60)

    (event,) = find(beside(liar, 3) + mate + controls("o" * 15))

    assert (event.tier, event.disputed) == (Tier.SUSPECTED, True)


def test_an_event_is_called_what_its_decisive_experiments_show_below_what_its_failures_share(series, controls, find):
    """Few failures have an experiment beside them, and the others must not drown what those showed."""
    plain = [replace(cell, technique="tls.reset" if cell.blocked else None) for cell in series("ooo" + "x" * 12)]
    proven = [replace(cell, technique="tls.reset.sni", decisive=3) for cell in plain[3:4]]

    (event,) = find(plain[:3] + proven + plain[4:] + controls("o" * 15))

    assert event.technique == "tls.reset.sni"
    assert event.spans[0].technique == "tls.reset.sni"
