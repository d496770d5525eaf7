"""The shipped claims beside the compiled facts that they were written from, entry by entry."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import yaml

from monitor.config import Settings, load, shipped
from monitor.model import Claim

FACTS = Path(__file__).parents[4] / "shared" / "facts"
BISHKEK = ZoneInfo("Asia/Bishkek")

KINDS = {
    "court-annulled-order": "court_annulled",
    "court-upheld": "court_upheld",
    "ordered-then-withdrawn": "not_enforced",
    "ordered-not-enforced": "not_enforced",
    "office-sealed": "look_alike",
    "connectivity-disruption": "look_alike",
    "reported-blocked": "blocked",
    "note": "extended",
}
"""The compiled kinds that are called otherwise here."""
NAMES = {
    "archiveorg-2017-block": ("archive-2017-block",),
    "changeorg-2020-block": ("change-org-2020-block",),
    "kloop-ever-unblocked": ("kloop-2024-still-blocked",),
    "ru-blocks-of-kg-media": ("24kg-2023-ru-block", "azattyk-2024-ru-block"),
}
NO_CLAIM = {
    "kloop-uz-testlist": "on a test list: nobody says that it is blocked",
    "kloop-mirrors": "no host is named, and none belongs in a shared file",
    "azattyk-2022-10-31-bank": "a bank account: a milestone",
    "respublica-2022-block": "no source gives the domain",
    "april-tv-2025": "no source gives a domain",
    "court-blocks-bulk": "counts without domains",
    "porn-law-2025": "no list of sites: a milestone",
}
MENDED = {
    "kloop-ever-unblocked": "kept up to the last explicit statement instead of as an open question",
    "ru-blocks-of-kg-media": "two sites on two days, each under its own date",
    "24kg-2024-office": "kept over the whole time in which the office was sealed",
    "tiktok-still-blocked": "",
}
"""Entries whose dates differ on purpose."""


def entries() -> list[dict[str, Any]]:
    """The compiled events; skips where they are not at hand."""
    if not (FACTS / "kg-events.yaml").exists():
        pytest.skip("the compiled facts are not in this checkout: ../shared/facts is missing")
    found: list[dict[str, Any]] = yaml.safe_load((FACTS / "kg-events.yaml").read_text(encoding="utf-8"))["events"]
    return found


def claims(settings: Settings, entry: dict[str, Any]) -> list[Claim]:
    """The claims made from an entry, those about single providers left out."""
    names = NAMES.get(entry["id"], (entry["id"],))
    return [claim for claim in settings.documented if claim.id.partition("@")[0] in names]


def compared() -> Iterator[tuple[dict[str, Any], list[Claim]]]:
    """Every entry that became claims, with them."""
    settings = load(shipped())
    for entry in entries():
        if entry["id"] not in NO_CLAIM:
            yield entry, claims(settings, entry)


def first_and_last(entry: dict[str, Any]) -> tuple[datetime, datetime]:
    """The entry's calendar days as moments, the end excluded."""
    days = [day if isinstance(day, date) else date.fromisoformat(day) for day in entry["interval"]]
    return (
        datetime.combine(days[0], time(), BISHKEK),
        datetime.combine(days[1] + timedelta(days=1), time(), BISHKEK),
    )


def test_every_entry_is_a_claim_or_says_why_it_is_none() -> None:
    """Nothing that was compiled got lost on the way, and nothing without a domain slipped in."""
    settings = load(shipped())
    missing = [entry["id"] for entry in entries() if not claims(settings, entry)]
    assert sorted(missing) == sorted(NO_CLAIM)


def test_kinds_and_weights_are_those_of_the_facts() -> None:
    """Each claim is of the compiled kind, and is scored exactly where the facts allow it."""
    wrong = [
        (entry["id"], claim.kind, claim.weight)
        for entry, found in compared()
        for claim in found
        if entry["id"] not in ("kloop-ever-unblocked", "fergana-2013-unblock")
        and (claim.kind, claim.weight) != (KINDS.get(entry["kind"], entry["kind"]), entry["gt"])
    ]
    assert wrong == []


def test_dates_and_intervals_are_those_of_the_facts() -> None:
    """Date, precision and interval agree to the day, read in Bishkek."""
    wrong = []
    for entry, found in compared():
        if entry["id"] in MENDED and MENDED[entry["id"]]:
            continue
        said = entry["date"] and str(entry["date"])
        for claim in found:
            own = None if "/" in claim.date else claim.date
            if said and own != said:
                wrong.append((entry["id"], "date", said, own))
            if entry["precision"] != claim.precision and said:
                wrong.append((entry["id"], "precision", entry["precision"], claim.precision))
            if claim.interval != first_and_last(entry):
                wrong.append((entry["id"], "interval", entry["interval"], str(claim.interval)))
    assert wrong == []


def test_every_domain_of_an_entry_is_watched_by_its_claims() -> None:
    """The targets that a claim speaks of visit all domains that the facts name for it."""
    settings = load(shipped())
    hosts = {target.id: {urlsplit(url).hostname for url in target.urls} for target in settings.targets}
    wrong = []
    for entry, found in compared():
        visited = set().union(*(hosts[claim.target] for claim in found))
        lacking = {name.removeprefix("www.") for name in entry["domains"]} - {
            (name or "").removeprefix("www.") for name in visited
        }
        if lacking:
            wrong.append((entry["id"], sorted(lacking)))
    assert wrong == []


def test_every_source_of_an_entry_is_kept() -> None:
    """All compiled sources stand beside the claim; an outlet's own pages are named instead of linked."""
    wrong = []
    for entry, found in compared():
        cited = {source.url for claim in found for source in claim.sources}
        for source in entry["sources"]:
            url = source["url"]
            named = url.startswith(("http://", "https://", "git:")) and "kloop" not in (urlsplit(url).hostname or "")
            if named and url not in cited:
                wrong.append((entry["id"], url))
    assert wrong == []


def test_every_disagreement_of_an_entry_is_told() -> None:
    """Where the facts record that sources contradict each other, the claim does too."""
    wrong = [
        entry["id"]
        for entry, found in compared()
        if entry.get("disagreements") and not any(claim.disagreements for claim in found)
    ]
    assert wrong == []


def test_a_declared_duration_is_the_claims_term() -> None:
    """Two months of October 2022 end with 26 December, Bishkek time."""
    [term] = {claim.term for claim in load(shipped()).documented if claim.id.startswith("azattyk-2022-block@")}
    assert term == datetime(2022, 12, 27, tzinfo=BISHKEK)


def test_the_milestones_are_those_of_the_timeline() -> None:
    """Every compiled date of law and courts is there, of the same day and kind."""
    if not (FACTS / "kg-timeline.yaml").exists():
        pytest.skip("the compiled facts are not in this checkout: ../shared/facts is missing")
    compiled = yaml.safe_load((FACTS / "kg-timeline.yaml").read_text(encoding="utf-8"))["milestones"]
    shown = [(each.date, each.precision, each.kind) for each in load(shipped()).milestones]
    assert sorted(shown) == sorted((str(each["date"]), each["precision"], each["kind"]) for each in compiled)
    told = {(each.date, each.kind): each.disagreement for each in load(shipped()).milestones}
    assert [each for each in compiled if each.get("disagreement") and not told[str(each["date"]), each["kind"]]] == []
