"""The first look: what is blocked now, where, and whether what is shown can be believed."""

from __future__ import annotations

from monitor.metrics.panels import HEALTH, ONSETS, OURS, SIMULATED, STATES, YES_NO, Board, Panel, state_of

BOARD = Board(
    name="overview",
    uid="presscanary",
    title="Press Canary",
    description="Whether independent media can be reached: open events first, then every target at every place.",
    marks=ONSETS.format(where=OURS),
    sections={
        "Now": (
            Panel(
                title="Open blocking events",
                description="Targets that are blocked now in some country, of any tier.",
                queries={"open": f"count(presscanary_blocking_event_open{{{OURS}}}) or vector(0)"},
                kind="stat",
                width=4,
                height=4,
            ),
            Panel(
                title="Watched targets",
                description="How many targets the configuration names.",
                queries={"targets": f"count(presscanary_target_info{{{OURS}}})"},
                kind="stat",
                width=4,
                height=4,
            ),
            Panel(
                title="Healthy vantage points",
                description="Vantage points whose innocuous targets work; results from all others are insufficient.",
                queries={"healthy": f'sum(presscanary_vantage_health{{{OURS}, health="healthy"}})'},
                kind="stat",
                width=4,
                height=4,
            ),
            Panel(
                title="Data",
                description="Whether everything shown comes from a simulated network.",
                queries={"data": f"max(presscanary_simulated{{{OURS}}})"},
                kind="stat",
                width=4,
                height=4,
                words=SIMULATED,
            ),
            Panel(
                title="Store readable",
                description="Whether the data folder could be read at the last scrape.",
                queries={"readable": f"min(presscanary_store_readable{{{OURS}}})"},
                kind="stat",
                width=4,
                height=4,
                words=YES_NO,
            ),
            Panel(
                title="Newest measurement",
                description="How long ago anything was measured; what is old is no statement about now.",
                queries={"age": f"time() - max(presscanary_last_measurement_timestamp_seconds{{{OURS}}})"},
                kind="stat",
                unit="s",
                width=4,
                height=4,
            ),
            Panel(
                title="Open events",
                description="One row per event that has not ended, and how sure it is.",
                queries={"": f"presscanary_blocking_event_open{{{OURS}}}"},
                kind="table",
            ),
            Panel(
                title="Open for",
                description="Time since a target was first seen blocked and, where known, since it was last seen ok.",
                queries={
                    "{{target}} {{bound}}": f"time() - presscanary_blocking_event_onset_timestamp_seconds{{{OURS}}}"
                },
                kind="stat",
                unit="s",
            ),
        ),
        "Targets and places": (
            Panel(
                title="Target states",
                description="State of each target at each vantage point; a gap is a time without data, never ok.",
                queries={
                    "{{target}} @ {{vantage}}": state_of("presscanary_target_state", "state", STATES, "target, vantage")
                },
                kind="state-timeline",
                width=24,
                height=12,
                words=STATES,
            ),
            Panel(
                title="Targets by state",
                description="How many pairs of target and vantage point are in each state, controls left out.",
                queries={"{{state}}": f'sum by (state) (presscanary_target_state{{{OURS}, role="vantage"}})'},
            ),
            Panel(
                title="Vantage points",
                description="Whether each vantage point can be believed.",
                queries={"{{vantage}}": state_of("presscanary_vantage_health", "health", HEALTH, "vantage")},
                kind="state-timeline",
                words=HEALTH,
            ),
        ),
    },
)
