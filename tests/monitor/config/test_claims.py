"""Claims as they are written: terms, providers, sources with dates of their own, and local days as UTC."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent, indent

import pytest

from monitor.config import ConfigError, load
from monitor.config.dates import span, window, zone
from monitor.model import Claim

CLAIM = """
    - id: c
      target: news
      country: KG
      kind: blocked
      date: 2023-09-12
      weight: strong
"""


@pytest.fixture
def claims(tmp_path):
    """The claims of a file whose one claim has these further lines."""

    def read(more: str, head: str = CLAIM) -> tuple[Claim, ...]:
        file = tmp_path / "targets.yaml"
        body = dedent(head).strip("\n") + "\n" + indent(dedent(more).strip("\n"), "  ")
        file.write_text(
            f"targets:\n- {{id: news, urls: ['https://a.example/']}}\n- {{id: b, urls: ['https://b.example/']}}\ndocumented:\n{body}\n"
        )
        return load(Path(file)).documented

    return read


def test_a_term_ends_with_its_last_local_day(claims):
    """Until 12 November means until the midnight after it, in Bishkek."""
    [claim] = claims("term: 2023-11-12\nsources: [{url: 'doc:x'}]")
    assert claim.term == datetime(2023, 11, 12, 18, tzinfo=UTC)


def test_a_term_that_ends_before_the_claim_begins_is_a_mistake(claims):
    """It is told with the line."""
    with pytest.raises(ConfigError, match=r"the term ends on 2023-09-01, before the claim begins"):
        claims("term: 2023-09-01\nsources: [{url: 'doc:x'}]")


def test_a_source_keeps_a_date_of_its_own(claims):
    """A month where the claim says a day, as an interval in UTC."""
    [claim] = claims("sources: [{url: 'doc:x', date: 2023-09}, {url: 'doc:y'}]")
    own, other = claim.sources
    assert own.interval == (datetime(2023, 8, 31, 18, tzinfo=UTC), datetime(2023, 9, 30, 18, tzinfo=UTC))
    assert (other.date, other.interval) == ("", None)


def test_a_provider_with_a_network_becomes_a_claim_of_its_own(claims):
    """One that is said to block does, one that is not is an order not carried out; without a network, neither."""
    whole, one, two = claims(
        """
        providers:
        - {name: "O!", networks: [AS47237], date: 2023-09-13}
        - {name: Other, networks: [AS1], state: not_blocked, date: 2023-09-20}
        - {name: Homeline}
        sources: [{url: 'doc:x'}]
        """
    )
    assert [each.name for each in whole.providers] == ["O!", "Other", "Homeline"]
    assert (one.id, one.kind, one.networks, one.date, one.weight) == (
        "c:o",
        "blocked",
        ("AS47237",),
        "2023-09-13",
        "weak",
    )
    assert (two.id, two.kind, two.networks, two.weight) == ("c:other", "not_enforced", ("AS1",), "none")
    assert (whole.interval[0], two.interval[1]) == (two.interval[0], datetime(2023, 9, 20, 18, tzinfo=UTC))


def test_providers_of_a_claim_about_several_targets_are_claims_for_each(claims):
    """`id:provider@target`."""
    found = claims(
        "providers: [{name: Telecom, networks: [AS1]}]\nsources: [{url: 'doc:x'}]",
        CLAIM.replace("target: news", "target: [news, b]"),
    )
    assert [claim.id for claim in found] == ["c@news", "c:telecom@news", "c@b", "c:telecom@b"]


@pytest.mark.parametrize(
    ("day", "first", "hours"),
    [
        ("2023-09-12", "2023-09-11T18:00", 24),  # UTC+6, as since 2005
        ("2005-08-12", "2005-08-11T18:00", 24),  # the law of that day made summer time the standard: no clock moved
        ("2004-03-28", "2004-03-27T19:00", 23),  # clocks went forward
        ("2004-10-31", "2004-10-30T18:00", 25),  # … and back
        ("2004-12-31", "2004-12-30T19:00", 24),  # winter was UTC+5
        ("1991-08-31", "1991-08-30T18:00", 25),  # independence: summer time ended with that day
    ],
)
def test_a_day_in_bishkek_is_the_right_stretch_of_utc(day, first, hours):
    """Changes of the zone's offset included: a day is as long as the clocks there said."""
    start, end = span(day, zone("Asia/Bishkek"))
    assert start == datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert end - start == timedelta(hours=hours)


def test_an_interval_over_a_change_of_offset_joins_its_days():
    """From the beginning of the first day to the end of the last, without a gap or an overlap."""
    bishkek = zone("Asia/Bishkek")
    whole = window("2004-10-30", "2004-11-01", bishkek)
    days = [span(day, bishkek) for day in ("2004-10-30", "2004-10-31", "2004-11-01")]
    assert [days[0][1], days[1][1]] == [days[1][0], days[2][0]]
    assert whole == (days[0][0], days[2][1])
    assert whole[1] - whole[0] == timedelta(hours=73)
