"""One network: what it does to every target, and whether its vantage points can be believed."""

from __future__ import annotations

from monitor.metrics.panels import (
    CHOOSE_COUNTRY,
    CHOOSE_NETWORK,
    HEALTH,
    NETWORK,
    ONSETS,
    OURS,
    STATES,
    Board,
    Panel,
    state_of,
)

_MEASURED = f'{NETWORK}, role="vantage"'

BOARD = Board(
    name="network",
    uid="presscanary-network",
    title="Press Canary / Network",
    description="One network: which targets it lets through, and how well it is watched.",
    variables=(CHOOSE_COUNTRY, CHOOSE_NETWORK),
    marks=ONSETS.format(where=f'{OURS}, country=~"$country"'),
    sections={
        "Targets": (
            Panel(
                title="Target states in the network",
                description="State of each target at each of the network's vantage points; a gap is a time without"
                " data.",
                queries={
                    "{{target}} @ {{vantage}}": state_of(
                        "presscanary_target_state", "state", STATES, "target, vantage", _MEASURED
                    )
                },
                kind="state-timeline",
                width=24,
                height=12,
                words=STATES,
            ),
            Panel(
                title="Share of vantage points that see a target blocked",
                description="Per target and network; where one of two sees it, that is consistent with blocking on a"
                " part of the network.",
                queries={
                    "{{target}} {{network}}": "avg by (target, network) "
                    f'(presscanary_target_state{{{_MEASURED}, state="blocked"}})'
                },
                unit="percentunit",
            ),
            Panel(
                title="Targets by state",
                description="How many pairs of target and vantage point of the network are in each state.",
                queries={"{{network}} {{state}}": f"sum by (network, state) (presscanary_target_state{{{_MEASURED}}})"},
            ),
        ),
        "How well it is watched": (
            Panel(
                title="Vantage points by health",
                description="Without a healthy vantage point nothing is known about the network.",
                queries={"{{network}} {{health}}": f"presscanary_network_vantage_points{{{NETWORK}}}"},
            ),
            Panel(
                title="Health of each vantage point",
                description="Whether each of the network's vantage points can be believed.",
                queries={"{{vantage}}": state_of("presscanary_vantage_health", "health", HEALTH, "vantage", NETWORK)},
                kind="state-timeline",
                words=HEALTH,
            ),
        ),
    },
)
