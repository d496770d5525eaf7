"""Open events: since when, how sure, on how many networks, and what is measured of their targets meanwhile."""

from __future__ import annotations

from monitor.metrics.panels import (
    CHOOSE_COUNTRY,
    CHOOSE_TARGET,
    COUNTRY,
    ONSETS,
    OURS,
    STATES,
    TARGET,
    Board,
    Panel,
    state_of,
)

_EVENT = f'{COUNTRY}, target=~"$target"'

BOARD = Board(
    name="event",
    uid="presscanary-event",
    title="Press Canary / Event",
    description="Open blocking events of the chosen targets and countries, and what their targets' states were.",
    variables=(CHOOSE_COUNTRY, CHOOSE_TARGET),
    marks=ONSETS.format(where=_EVENT),
    sections={
        "Open events": (
            Panel(
                title="Events",
                description="One row per event that has not ended: tier and technique as far as evidence goes.",
                queries={"": f"presscanary_blocking_event_open{{{_EVENT}}}"},
                kind="table",
                width=24,
                height=6,
            ),
            Panel(
                title="First seen blocked",
                description="When each open event's target was first seen blocked, and when it was last seen ok.",
                queries={
                    "{{target}} {{bound}}": f"presscanary_blocking_event_onset_timestamp_seconds{{{_EVENT}}} * 1000"
                },
                kind="stat",
                unit="dateTimeAsIso",
                width=8,
            ),
            Panel(
                title="Networks affected",
                description="On how many networks each open event was seen.",
                queries={"{{target}} {{country}}": f"presscanary_blocking_event_networks{{{_EVENT}}}"},
                width=8,
            ),
            Panel(
                title="Log-likelihood ratio",
                description="How much better blocking explains the counts than bad luck does (natural logarithm).",
                queries={"{{target}} {{country}}": f"presscanary_blocking_event_log_likelihood{{{_EVENT}}}"},
                width=8,
            ),
        ),
        "What was measured": (
            Panel(
                title="States at vantage points and controls",
                description="An event stands on the difference: blocked at vantage points, ok at controls.",
                queries={
                    "{{target}} @ {{vantage}} ({{role}})": state_of(
                        "presscanary_target_state", "state", STATES, "target, vantage, role", TARGET
                    )
                },
                kind="state-timeline",
                width=24,
                height=12,
                words=STATES,
            ),
            Panel(
                title="Messages about events",
                description="Messages in the outbox by what became of them; those that wait have not left yet.",
                queries={"{{fate}}": f"sum by (fate) (presscanary_alert_deliveries{{{OURS}}})"},
                width=24,
            ),
        ),
    },
)
