"""Would a block have been seen: the detector is asked, over what was really measured."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitor.check import check, folded, imagine
from monitor.check.power import Around
from monitor.detect import DetectorSettings, detect
from monitor.model import BlockingEvent, Cell, Claim, ClaimVerdict, Evidence, Power

DAY = datetime(2023, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def claimed(kind: str = "blocked", days: int = 2, **more: object) -> Claim:
    """A claim about `site` in the first days after 12 September 2023."""
    made = {"id": "c", "target": "site", "country": "KG", "kind": kind, "date": "2023-09-12", "precision": "day"}
    return Claim(**{**made, "interval": (DAY, DAY + timedelta(days=days)), **more})  # type: ignore[arg-type]


def series(step: timedelta, *, network: str = "AS1", vantage: str = "v", blocked: bool = False) -> list[Cell]:
    """One measurement per step, from three days before to ten days after, all with the same outcome."""
    count = timedelta(days=13) // step
    return [
        Cell(
            target="site", country="KG", network=network, vantage=vantage, start=time, end=time, ok=int(not blocked),
            blocked=int(blocked), evidence=Evidence.ARTEFACT if blocked else Evidence.NONE,
        )
        for time in (DAY - timedelta(days=3) + number * step for number in range(count))
    ]  # fmt: skip


def of(cells: Sequence[Cell]) -> Around:
    """The cells of a window."""
    return lambda _claim, since, until: [cell for cell in cells if since <= cell.start < until]


def found(cells: Sequence[Cell], now: datetime) -> Sequence[BlockingEvent]:
    """What the detector with its default settings finds."""
    return detect(cells, settings=DetectorSettings(), now=now)


def power(claim: Claim, cells: Sequence[Cell]) -> Power | None:
    """The power of cells for a claim, ten days later."""
    return imagine(claim, around=of(cells), detect=found, now=DAY + timedelta(days=10))


def test_hourly_measurements_see_every_full_block_within_a_day() -> None:
    """A lone vantage point needs a row of failures: hours, but not days."""
    seen = power(claimed(), series(HOUR))
    assert seen is not None
    assert (seen.imagined, seen.full) == (5, 1.0)
    assert seen.full_hours is not None
    assert 2 < seen.full_hours < 24


def test_a_row_a_day_sees_no_block_before_the_claim_is_over() -> None:
    """Four or five failures by the deadline are no alarm: the data have no power, whatever they say."""
    seen = power(claimed(), series(timedelta(days=1)))
    assert seen == Power(imagined=5, full=0.0, leaky=0.0)


def test_a_leaky_block_is_seen_later_than_a_full_one() -> None:
    """What leaks through takes evidence away."""
    seen = power(claimed(), series(HOUR))
    assert seen is not None
    assert seen.full_hours is not None
    assert seen.leaky_hours is None or seen.leaky_hours > seen.full_hours


def test_a_second_vantage_point_shortens_the_wait() -> None:
    """The replay keeps vantage points apart, as the detector does."""
    alone, both = power(claimed(), series(HOUR)), power(claimed(), series(HOUR) + series(HOUR, vantage="w"))
    assert alone is not None
    assert both is not None
    assert alone.full_hours is not None
    assert both.full_hours is not None
    assert both.full_hours < alone.full_hours


def test_a_block_that_was_really_there_lends_no_power() -> None:
    """Its failures before an imagined onset are wiped out, so that rare measurements stay weak."""
    seen = power(claimed(), series(timedelta(days=1), blocked=True))
    assert seen is not None
    assert seen.full == 0.0


def test_a_claim_about_one_network_asks_for_that_network() -> None:
    """Plenty of data elsewhere see nothing there."""
    cells = series(HOUR) + series(timedelta(days=1), network="AS2", vantage="w")
    seen = [power(claimed(networks=(network,)), cells) for network in ("AS1", "AS2")]
    assert [each.full for each in seen if each] == [1.0, 0.0]


@pytest.mark.parametrize("kind", ["ordered", "threatened", "court_upheld", "court_annulled"])
def test_paper_has_no_power(kind: str) -> None:
    """There is nothing to see, so nothing is imagined."""
    assert power(claimed(kind), series(HOUR)) is None


def test_the_same_data_give_the_same_power() -> None:
    """The dice of the leaky block are repeatable."""
    assert power(claimed(), series(HOUR)) == power(claimed(), series(HOUR))


def test_without_power_a_reachable_site_contradicts_nothing() -> None:
    """Enough rows on enough days pass the count; that no detector would have seen a block decides."""
    cells = [cell for cell in series(timedelta(hours=7)) if DAY <= cell.start < DAY + timedelta(days=2)]
    days = folded(cells)
    now = DAY + timedelta(days=10)

    def weak(claim: Claim) -> Power | None:
        return imagine(claim, around=of(cells), detect=found, now=now)

    counted, asked = check([], [claimed()], days, now=now), check([], [claimed()], days, now=now, power=weak)
    assert [each.verdict for each in counted.checks] == [ClaimVerdict.CONTRADICTED]
    [each] = asked.checks
    assert (each.verdict, each.power and each.power.full < 0.9) == (ClaimVerdict.NOT_TESTABLE, True)


def test_where_nothing_was_measured_nothing_is_replayed() -> None:
    """The detector is not even asked."""

    def never(claim: Claim) -> Power | None:
        raise AssertionError(claim.id)

    [each] = check([], [claimed()], (), now=DAY + timedelta(days=10), power=never).checks
    assert each.power == Power(imagined=0, full=0.0, leaky=0.0)
