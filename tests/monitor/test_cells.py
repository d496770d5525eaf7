"""Outcomes folded into cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cells import fold
from monitor.model import Evidence, Layer, Locus, Outcome, State, Verdict
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
