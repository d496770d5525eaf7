"""What happens to known events when detection runs again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.detect import DetectorSettings, detect, reconcile
from monitor.detect.reconcile import unaccounted
from monitor.model import BlockingEvent, Evidence, Tier
from probes.document import document, record_from
from probes.model import Role


@pytest.fixture
def block(series, controls):
    """A block on one network that two vantage points see, of any length, and its end."""

    def made(before=30, length=30, after=0):
        line = "o" * before + "a" * length + "o" * after
        return series(line) + series(line, vantage="osh-1", offset=60) + controls("o" * len(line))

    return made


def test_a_new_event_is_its_first_revision(block, find):
    """What nobody knew comes back as it was found."""
    found = find(block())
    assert reconcile((), found) == found
    assert found[0].revision == 1


def test_the_same_data_gives_nothing_to_append(block, find):
    """Detection runs every few minutes; the record grows only when there is something to tell."""
    found = find(block())
    assert reconcile(found, found) == ()


def test_an_end_is_a_revision_under_the_same_id(block, find):
    """The id stays, the revision counts up, the end appears."""
    known = find(block())
    (ended,) = reconcile(known, find(block(after=20)))
    assert ended.id == known[0].id
    assert ended.revision == 2
    assert ended.end is not None


def test_growing_counts_are_told_when_they_have_doubled(block, find):
    """An open block is not revised for every further failure."""
    known = find(block(length=30))
    assert reconcile(known, find(block(length=40))) == ()
    (grown,) = reconcile(known, find(block(length=70)))
    assert grown.counts["blocked"] == 140


def test_late_data_moves_the_onset_and_keeps_the_id(series, block, find):
    """A vantage point delivers its queue late: the event changes, its name does not."""
    known = find(block())
    late = series("o" * 26 + "a" * 34, vantage="naryn-1", offset=30)
    (revised,) = reconcile(known, find(block() + late))
    assert revised.id == known[0].id
    assert revised.onset[1] < known[0].onset[1]
    assert revised.counts["vantage_points"] == 3


def test_a_window_that_begins_inside_an_event_forgets_nothing(block, at):
    """When the window has moved past the onset, onset, alarm, tier and witnesses stay what they were."""
    cells = block(length=200, after=20)
    settings = DetectorSettings()
    known = detect(cells, settings=settings, now=at(100))
    window = [cell for cell in cells if cell.start >= at(90)]
    found = detect(window, settings=settings, now=at(500))
    assert found[0].onset[0] is None
    (revised,) = reconcile(known, found, since=at(90))
    assert revised.id == known[0].id
    assert revised.onset == known[0].onset
    assert revised.end == found[0].end
    assert (revised.alarm, revised.witnesses) == (known[0].alarm, known[0].witnesses)
    assert reconcile((revised,), found, since=at(90)) == ()


def test_an_event_that_later_data_refutes_is_retracted(block, controls, find, at):
    """The controls' late results say that the site was down for everybody: the event is taken back, visibly."""
    cells = [replace(cell, evidence=Evidence.AMBIGUOUS) for cell in block() if cell.role is Role.VANTAGE]
    known = find(cells + controls("o" * 30))
    found = find(cells + controls("o" * 30 + "d" * 30))
    assert found == ()
    assert reconcile(known, found) == ()
    (gone,) = reconcile(known, found, since=at(0))
    assert gone.retracted
    assert gone.tier is Tier.SUSPECTED
    assert gone.end is not None
    assert (gone.id, gone.revision) == (known[0].id, 2)
    assert reconcile((gone,), found, since=at(0)) == ()
    (back,) = reconcile((gone,), known, since=at(0))
    assert not back.retracted
    assert back.revision == 3


def test_an_event_older_than_the_window_is_left_alone(block, find, at):
    """What lies before the data that was looked at cannot be refuted by it."""
    known = find(block(after=20))
    assert reconcile(known, (), since=at(40)) == ()


def test_two_events_that_turn_out_to_be_one(series, controls, block, find):
    """Late data fills the pause between two events: the first one grows, the second one is retracted."""
    pause = "o" * 20 + "a" * 20 + "." * 60 + "a" * 20 + "o" * 20
    open_pause = "." * 40 + "o" * 60 + "." * 40
    shared = series(pause) + series(pause, vantage="osh-1", offset=60) + controls("o" * 140)
    known = find(shared + series(open_pause, offset=1) + series(open_pause, vantage="osh-1", offset=61))
    assert len(known) == 2
    changed = reconcile(known, find(shared))
    assert [(event.id, event.retracted) for event in changed] == [(known[0].id, False), (known[1].id, True)]


def test_events_of_other_targets_are_not_touched(block, find):
    """Target and country tell events apart, whatever their time."""
    known = tuple(replace(event, target="azattyk", id="azattyk") for event in find(block()))
    found = find(block())
    assert reconcile(known, found) == found


def test_open_networks_without_data_are_pointed_out(block, find):
    """An open event on which detection finds nothing needs a look at all data since its onset."""
    known = find(block())
    assert unaccounted(known, ()) == known
    assert unaccounted(known, known) == ()
    assert unaccounted(find(block(after=20)), ()) == ()


def test_a_network_that_ended_before_the_window_stays_in_the_event(series, controls, at):
    """Of two networks one let go long ago: the window shows only the other, the record keeps both."""
    early, late = "o" * 20 + "a" * 30 + "o" * 200, "o" * 20 + "a" * 200 + "o" * 30
    cells = [*controls("o" * 250)]
    for vantage in ("a", "b"):
        cells += series(early, vantage=vantage, network="AS1")
        cells += series(late, vantage=f"{vantage}2", network="AS2")
    settings = DetectorSettings()
    known = detect(cells, settings=settings, now=at(150))
    window = [cell for cell in cells if cell.start >= at(100)]
    (revised,) = reconcile(known, detect(window, settings=settings, now=at(400)), since=at(100))
    assert revised.networks == ("AS1", "AS2")
    assert [span.network for span in revised.spans] == ["AS1", "AS2"]
    assert revised.spans[0] == known[0].spans[0]
    assert revised.end is not None
    assert revised.end[1] == at(220)


def test_what_was_stored_when_retracted_was_called_withdrawn_is_still_read(block, find):
    """A record never loses its past: the old word means the new one."""
    (event,) = find(block())
    old = document(event)
    old["withdrawn"] = True
    del old["retracted"]
    assert record_from(BlockingEvent, old) == replace(event, retracted=True)


def test_targets_that_were_pushed_together_stay_so_where_only_one_is_looked_at(block, find):
    """A look at one target alone does not know of the others, and changes nothing of what was said."""
    known = tuple(replace(event, pushed_with=("azattyk",)) for event in find(block()))
    assert reconcile(known, find(block())) == ()


def test_settings_with_bursts_raise_all_three_thresholds():
    """Where failures are measured again within minutes, more of them are needed."""
    usual, bursting = DetectorSettings(), DetectorSettings().bursting()
    assert bursting.alarm > usual.alarm
    assert bursting.quorum_cap > usual.quorum_cap
    assert bursting.lone_alarm > usual.lone_alarm
