"""What is compared is what the table says, and what is served is what was promised."""

from __future__ import annotations

from benchmarks.probe_speed import OURS, PEER, TARGETS, duels, report
from benchmarks.rounds import Sample
from benchmarks.stage import PAGE_SIZE, page
from probes.steps.body import summarise


def test_the_page_is_as_long_as_the_reference_and_nobodys() -> None:
    """60,000 bytes of valid UTF-8 with a title, in which the scrubber finds nothing to take away."""
    raw = page()
    assert len(raw) == PAGE_SIZE == 60_000
    assert raw.decode().count("<article") > 50
    summary = summarise(raw, truncated=False, suspicious=True)
    assert (summary.title, summary.kept) == ("Жаңылыктар — бүгүн", raw)


def test_all_works_at_all_concurrencies() -> None:
    """The full comparison has each work at 1, 16 and 64 at once with both engines; the quick one leaves out 64."""
    full = {(duel.work, duel.concurrency) for duel in duels(quick=False, uvloop=False) if duel.engines == (PEER, OURS)}
    assert {(work, at_once) for work in TARGETS for at_once in (1, 16, 64)} <= full
    assert {duel.concurrency for duel in duels(quick=True, uvloop=False)} == {1, 16}


def test_the_report_says_what_was_reached_and_what_was_not() -> None:
    """A ratio at its target is reached, one above is missed."""
    chosen = [duel for duel in duels(quick=True, uvloop=False) if duel.concurrency == 1]
    ours = {"http": 0.5, "https": 0.9, "dns": 0.2}
    done = [
        {
            (duel, engine): Sample(probes=1000, errors=0, cpu=1.0 if engine == PEER else ours[duel.work], wall=1.0)
            for duel in chosen
            for engine in duel.engines
        }
    ]
    text = report(chosen, done, {PEER: 20_000_000, OURS: 60_000_000}, 1.0)
    assert "http, 1 at once: 0.50 (0.50–0.50), target 0.5: reached" in text
    assert "https, 1 at once: 0.90 (0.90–0.90), target 0.8: missed" in text
    assert "blackbox 20 MB; press canary 60 MB" in text
