"""Real series beside documented dates."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.detect import DetectorSettings
from monitor.evaluate.history import OURS, THEIRS, Truth, backtest, excerpt, summary
from monitor.evaluate.world import START
from monitor.model import Cell, Evidence


def crowd(letters, *, target="site.example", network="AS1", country="KG", step=timedelta(minutes=30)):
    """One pooled row per letter: o ok, x blocked, i insufficient, . nothing."""
    return [
        Cell(
            target=target, country=country, network=network, vantage=f"ooni:{network}", start=START + index * step,
            end=START + index * step, ok=int(letter == "o"), blocked=int(letter == "x"),
            insufficient=int(letter == "i"), pooled=True,
            evidence=Evidence.AMBIGUOUS if letter == "x" else Evidence.NONE,
        )
        for index, letter in enumerate(letters)
        if letter != "."
    ]  # fmt: skip


def hours(first, last):
    return START + timedelta(hours=first), START + timedelta(hours=last)


def truth(**more):
    return Truth(**{"target": "site.example", "network": "AS1", "onset": hours(23, 26), "end": hours(48, 52), **more})


@pytest.fixture
def compared():
    def made(cells, *truths):
        return backtest(cells, truths, DetectorSettings())

    return made


def test_a_block_that_both_find(compared):
    """Ours lies within the documents' dates; the other rule announces it hours later."""
    ours, theirs = compared(crowd("o" * 50 + "x" * 50 + "o" * 60), truth())
    assert (ours.detector, theirs.detector) == (OURS, THEIRS)
    assert (ours.verdict, theirs.verdict) == ("found", "found")
    assert (ours.onset_error_hours, ours.onset_point_error_hours, ours.end_error_hours) == (0.0, 0.0, 0.0)
    assert theirs.onset_error_hours > 5
    assert ours.found.tier == "suspected"


def test_too_few_rows_are_insufficient_and_not_missed(compared):
    """Three failed rows cannot raise an alarm for anybody; twenty that work are a miss."""
    (thin, _) = compared(crowd("o" * 50 + "." * 20 + "xxx"), truth())
    assert thin.verdict == "insufficient"
    (missed, _) = compared(crowd("o" * 160), truth())
    assert missed.verdict == "missed"


def test_what_no_document_knows_is_a_false_alarm(compared):
    """A second block, far from the documented one, costs precision."""
    (ours, _) = compared(crowd("o" * 50 + "x" * 50 + "o" * 100 + "x" * 50 + "o" * 50), truth())
    assert (ours.verdict, len(ours.false)) == ("found", 1)
    assert summary(OURS, [ours]).precision == 0.5


def test_a_wide_interval_does_not_flatter_the_point(compared):
    """After a hole of a week the interval reaches back to the documents; the first row that failed is days late."""
    early = truth(onset=hours(30, 40), end=None)
    (ours, _) = compared(crowd("o" * 50 + "." * 336 + "x" * 40), early)
    assert (ours.onset_error_hours, ours.end_error_hours) == (0.0, None)
    assert ours.onset_point_error_hours > 100


def test_a_truth_about_a_country_takes_its_networks_together():
    """Names are patterns; networks stay vantage points; other countries and targets stay out."""
    cells = [
        *crowd("oo", target="en.site.example"), *crowd("oo", target="de.site.example", network="AS2"),
        *crowd("oo", target="other.example"), *crowd("oo", country="RU", network="AS3"),
    ]  # fmt: skip
    rows = excerpt(cells, truth(target="*.site.example", network="KG"))
    assert len(rows) == 4
    assert {(row.target, row.network) for row in rows} == {("*.site.example", "KG")}
    assert {row.vantage for row in rows} == {"ooni:AS1", "ooni:AS2"}


def test_a_file_about_one_thing_needs_no_name():
    """Where all rows are about one target, the truth's name for it is taken."""
    assert len(excerpt(crowd("oo", target="201906-jordan-facebook"), truth(target="facebook"))) == 2


def test_no_rows_at_all(compared):
    """A truth of which nobody measured anything is insufficient for everybody."""
    findings = compared(crowd("oo", network="AS9"), truth())
    assert [each.verdict for each in findings] == ["insufficient", "insufficient"]
    one = summary(OURS, findings)
    assert (one.precision, one.recall, one.insufficient) == (None, None, 1)


def test_a_block_that_could_hide_among_few_rows_is_insufficient(compared):
    """Nine rows would show a full block and hide most leaky ones: silence there proves nothing for anybody."""
    (ours, theirs) = compared(crowd("o" * 50 + "oxoxxoxox"), truth(onset=hours(24, 25), end=None))
    assert (ours.verdict, theirs.verdict) == ("insufficient", "insufficient")
    assert ours.sure.full == 1.0
    assert ours.sure.leaky < 0.5


def test_many_rows_leave_no_place_to_hide(compared):
    """Full or leaky, a block of two days in rows every half hour is found; the shares say so."""
    (ours, _) = compared(crowd("o" * 160), truth())
    assert (ours.sure.full, ours.sure.leaky >= 0.5, ours.verdict) == (1.0, True, "missed")


def test_no_rows_on_the_dates_make_nobody_sure(compared):
    """Nothing was measured while the block lasted."""
    (ours, _) = compared(crowd("o" * 40), truth())
    assert (ours.sure.full, ours.sure.leaky) == (0.0, 0.0)
