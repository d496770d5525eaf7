"""Outcomes folded into cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cells import EXCUSED, excuse, fold
from monitor.model import Bearing, Evidence, Finding, Layer, Locus, Outcome, State, Verdict
from probes.model import Role

START = datetime(2024, 1, 1, tzinfo=UTC)
TEN = timedelta(minutes=10)


def outcome(
    minute,
    state=State.OK,
    *,
    name="",
    evidence=Evidence.NONE,
    technique=None,
    vantage="bishkek-1",
    kind="local",
    **rest,
):
    measurement = name or f"{vantage}-{minute}-{state}"
    return Outcome(
        measurement=measurement,
        time=START + timedelta(minutes=minute),
        target="kloop",
        url="https://kloop.kg/",
        vantage=vantage,
        country="KG",
        network="AS8511",
        role=rest.get("role", Role.VANTAGE),
        innocuous=rest.get("innocuous", False),
        verdict=Verdict(
            measurement=measurement,
            state=state,
            rule_id="test",
            layer=Layer.TLS if technique else None,
            technique=technique,
            evidence=evidence,
            locus=Locus.NETWORK if technique else Locus.UNKNOWN,
            controls_agree=3 if technique else 0,
            controls_total=3 if technique else 0,
        ),
        simulated=rest.get("simulated", False),
        vantage_kind=kind,
    )


def test_counts_and_exact_times():
    """A cell counts every state, and its edges are those of the measurements, not of the bucket."""
    states = [State.OK, State.DOWN, State.BLOCKED, State.INSUFFICIENT, State.OK]
    (cell,) = fold([outcome(minute, state) for minute, state in enumerate(states, 2)], width=TEN)
    assert (cell.ok, cell.down, cell.blocked, cell.insufficient) == (2, 1, 1, 1)
    assert (cell.start, cell.end) == (START + timedelta(minutes=2), START + timedelta(minutes=6))


def test_the_strongest_evidence_speaks_for_the_cell():
    """Technique, locus and votes are those of the blocked outcome that proves most; witnesses are all blocked ones."""
    rows = [
        outcome(0, State.BLOCKED, name="a", evidence=Evidence.AMBIGUOUS, technique="tls.timeout"),
        outcome(1, State.BLOCKED, name="b", evidence=Evidence.ARTEFACT, technique="tls.mitm"),
        outcome(2, State.BLOCKED, name="c", evidence=Evidence.SERVER_ANSWER, technique="http.blockpage.fake"),
    ]
    (cell,) = fold(rows, width=TEN)
    assert (cell.technique, cell.evidence, cell.layer) == ("tls.mitm", Evidence.ARTEFACT, Layer.TLS)
    assert (cell.locus, cell.controls_agree) == (Locus.NETWORK, 3)
    assert cell.witnesses == ("a", "b", "c")


def test_a_cell_without_a_block_names_no_technique():
    """What is ok or down has nothing to show."""
    (cell,) = fold([outcome(0), outcome(1, State.DOWN)], width=TEN)
    assert (cell.layer, cell.technique, cell.evidence, cell.witnesses) == (None, None, Evidence.NONE, ())


def test_series_are_kept_apart():
    """Another vantage point, network, role or bucket is another cell; crowd-sourced rows are marked as pooled."""
    rows = [
        outcome(0),
        outcome(0, vantage="osh-1"),
        replace(outcome(0, name="roamed"), network="AS12997"),
        outcome(0, name="control", role=Role.CONTROL),
        outcome(10),
        outcome(0, vantage="ooni:AS8511", kind="ooni"),
    ]
    cells = fold(rows, width=TEN)
    assert len(cells) == len(rows)
    assert [cell.vantage for cell in cells if cell.pooled] == ["ooni:AS8511"]


def test_nothing_folds_to_nothing_and_a_width_is_needed():
    """No outcome, no cell; a width of zero is a mistake of the caller."""
    assert fold([], width=TEN) == ()
    with pytest.raises(ValueError):
        fold([outcome(0)], width=timedelta(0))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from(State),
            st.sampled_from(Evidence),
            st.sampled_from(["bishkek-1", "osh-1"]),
            st.sampled_from([None, "tls.reset", "tls.reset.sni", "dns.nxdomain"]),
        ),
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=80, deadline=None)
def test_permuting_the_outcomes_changes_nothing(rows, random):
    """Cells depend on the set of outcomes, not on their order."""
    made = [
        outcome(minute, state, name=f"m{number}", evidence=evidence, vantage=vantage, technique=technique)
        for number, (minute, state, evidence, vantage, technique) in enumerate(rows)
    ]
    cells = fold(made, width=TEN)
    random.shuffle(made)
    assert fold(made, width=TEN) == cells
    assert sum(cell.ok + cell.down + cell.blocked + cell.insufficient for cell in cells) == len(made)


def shown(minute, bearing=Bearing.DECISIVE, *, layer=Layer.TLS, **rest):
    """An experiment beside the outcomes of `outcome`."""
    return Finding(
        measurement=f"{bearing}-{minute}-{layer}",
        kind="sni_swap",
        time=START + timedelta(minutes=minute),
        target="kloop",
        url=rest.get("url", "https://kloop.kg/"),
        vantage=rest.get("vantage", "bishkek-1"),
        country="KG",
        network="AS8511",
        role=Role.VANTAGE,
        rule_id="test",
        why="",
        bearing=bearing,
        technique="tls.reset.sni" if bearing is Bearing.DECISIVE else None,
        layer=layer,
    )


def blocked(minute, **rest):
    given = {"evidence": Evidence.AMBIGUOUS, "technique": "tls.reset"}
    return outcome(minute, State.BLOCKED, **(given | rest))


def folded(outcomes, findings):
    return fold(outcomes, width=timedelta(minutes=1), findings=findings)


def test_two_decisive_experiments_make_a_failure_an_artefact_with_the_technique_that_they_show():
    """What a visit alone cannot tell from bad luck, a comparison can; one comparison may be mistaken."""
    (once,) = folded([blocked(0)], [shown(1)])
    (twice,) = folded([blocked(0)], [shown(1), shown(2)])

    assert (once.evidence, once.technique, once.decisive) == (Evidence.AMBIGUOUS, "tls.reset.sni", 1)
    assert (twice.evidence, twice.technique, twice.decisive) == (Evidence.ARTEFACT, "tls.reset.sni", 2)
    assert twice.locus is Locus.NETWORK


def test_a_failure_that_what_nobody_blocks_shares_accuses_nobody():
    """Two experiments that show trouble on the way make the failure insufficient, and no witness."""
    (cell,) = folded([blocked(0)], [shown(1, Bearing.EXONERATING), shown(2, Bearing.EXONERATING)])

    assert (cell.blocked, cell.insufficient, cell.exonerating, cell.witnesses) == (0, 1, 2, ())


def test_an_excuse_at_another_layer_or_against_more_accusations_is_none():
    """A resolver that fails for everybody does not explain a reset; as many comparisons that accuse outweigh it."""
    dns = [shown(1, Bearing.EXONERATING, layer=Layer.DNS), shown(2, Bearing.EXONERATING, layer=Layer.DNS)]
    both = [shown(minute, bearing) for minute in (1, 2) for bearing in (Bearing.EXONERATING, Bearing.DECISIVE)]

    assert folded([blocked(0)], dns)[0].blocked == 1
    assert folded([blocked(0)], both)[0].evidence is Evidence.ARTEFACT


def test_experiments_speak_of_their_own_page_and_place_and_of_failures_near_them_only():
    """Another page, another vantage point, or half an hour later: nothing is added."""
    for far in ([shown(1, url="http://kloop.kg/")] * 2, [shown(1, vantage="osh-1")] * 2, [shown(30), shown(31)]):
        (cell,) = folded([blocked(0)], far)
        assert (cell.evidence, cell.decisive) == (Evidence.AMBIGUOUS, 0)


def test_each_experiment_is_counted_once_at_the_failure_that_is_nearest():
    """Two failures around one experiment do not make two of it."""
    cells = folded([blocked(0), blocked(4), outcome(2)], [shown(1), shown(3), shown(4)])

    assert [(cell.blocked, cell.decisive) for cell in cells] == [(1, 1), (0, 0), (1, 2)]


def test_experiments_beside_a_page_that_works_change_nothing():
    """They say what a failure hangs on, never that there is one."""
    (cell,) = folded([outcome(0)], [shown(0), shown(1)])

    assert (cell.ok, cell.blocked, cell.decisive) == (1, 0, 0)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True),
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(Bearing)), max_size=8, unique=True),
)
def test_a_cell_is_the_same_whether_what_is_excused_was_judged_again_before_or_not(minutes, told):
    """A stored excuse and one that is found while folding are the same excuse, counted once."""
    findings = [shown(minute, bearing) for minute, bearing in told]
    rows = [blocked(minute) for minute in minutes]

    again = [excuse(row, findings) for row in rows]

    assert folded(again, findings) == folded(rows, findings)
    assert all(
        (row.verdict.state, row.verdict.rule_id) == (State.INSUFFICIENT, EXCUSED) or row in rows for row in again
    )
