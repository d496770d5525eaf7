"""Every case is played on loopback, and every stage of it is what its folder says."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from monitor.verdict import RULES
from tests.gallery.form import SECTIONS, difference, folders, read_case, read_expected
from tests.gallery.page import PAGE, page
from tests.gallery.play import Played

FOLDERS = folders()
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "website-qa.json"

NOT_PLAYED = {
    "vantage.late": "a network cannot make a prober busy; tests/monitor/observe/test_late.py does",
    "vantage.nothing_measured": "every probe of ours begins with a lookup or a connection; imported documents may not",
}
"""Rules that no case can exercise, and why."""

SEEN_ONCE: dict[str, str] = {}
"""Techniques that fewer than two cases show, and why."""


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_case_shows_what_is_expected(folder, played):
    """Steps, observations, health, verdict and the peer's words are those of `expected.yaml`."""
    shown = played[folder.name]
    if isinstance(shown, Exception):
        raise shown
    assert isinstance(shown, Played)
    expected = read_expected(folder)
    differences = {section: difference(expected, shown.found, section) for section in SECTIONS}
    told = "\n".join(f"{section}:\n{text}" for section, text in differences.items() if text)
    assert not told, f"{folder.name}: {read_case(folder).network.why}\n{told}"


def test_every_rule_is_exercised():
    """Each rule speaks in at least one case; an exception has a reason, and is none any more once a case shows it."""
    spoken = {read_expected(folder)["verdict"]["rule_id"] for folder in FOLDERS}
    assert {rule.id for rule in RULES} - spoken == set(NOT_PLAYED)
    assert spoken <= {rule.id for rule in RULES}


def test_every_technique_is_shown_twice():
    """Each technique that a rule can name is shown by at least two cases."""
    shown = Counter(read_expected(folder)["verdict"]["technique"] for folder in FOLDERS)
    named = {rule.technique for rule in RULES if rule.technique}
    assert {technique for technique in named if shown[technique] < 2} == set(SEEN_ONCE)


def test_every_case_says_why_in_words_of_its_own():
    """No two cases are there for the same reason."""
    why = Counter(read_case(folder).network.why for folder in FOLDERS)
    assert [text for text, count in why.items() if count > 1] == []


def test_there_are_enough_cases_of_our_own():
    """Beside the peer's 28 cases there are at least 40 of our own."""
    peers = [folder for folder in FOLDERS if read_case(folder).network.peer is not None]
    assert len(peers) == 28
    assert len(FOLDERS) - len(peers) >= 40


def test_the_peers_words_are_the_peers():
    """For each of the peer's cases the export gives the words that the peer gives."""
    for folder in FOLDERS:
        peer = read_case(folder).network.peer
        if peer is not None:
            ours = read_expected(folder)["peer"]
            assert (ours["blocking"], ours["accessible"]) == (peer.blocking, peer.accessible), folder.name


def test_the_peers_cases_are_all_there():
    """Every case of the peer's file is in the gallery, with the words and the URL of that file."""
    if not SHARED.exists():
        pytest.skip(f"{SHARED.name} is not beside the repository")
    theirs = {case["name"]: case for case in json.loads(SHARED.read_text())["cases"]}
    ours = {network.peer.case: network for folder in FOLDERS if (network := read_case(folder).network).peer is not None}
    assert set(ours) == set(theirs)
    for name, network in ours.items():
        expected = theirs[name]["expected"]
        assert (network.peer.blocking, network.peer.accessible) == (expected["blocking"], expected["accessible"]), name


def test_what_is_mislabelled_is_never_an_accusation_of_a_site_that_works():
    """Where we know that we are wrong, we are wrong on the careful side: no verdict of ours calls it proof."""
    wrong = {folder.name: read_expected(folder) for folder in FOLDERS if read_case(folder).network.mislabelled}
    accusing = {
        name
        for name, expected in wrong.items()
        if expected["verdict"]["state"] == "blocked" and expected["verdict"]["evidence"] == "artefact"
    }
    assert accusing == set()


def test_the_page_is_made_from_the_cases():
    """docs/reference/gallery.md lists every case with its verdict; REGENERATE=1 renews it."""
    if os.environ.get("REGENERATE") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
