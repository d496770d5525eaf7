"""The vantage points: who can be believed, who is silent, where controls are thin."""

from __future__ import annotations

from monitor.metrics.panels import COUNTRY, HEALTH, OURS, Board, Panel, Variable, state_of

BOARD = Board(
    name="fleet",
    uid="presscanary-fleet",
    title="Press Canary / Fleet",
    description="Vantage points and controls: their health, how long they have been silent, and what they see.",
    variables=(
        Variable(
            name="country",
            label="Country",
            query='label_values(presscanary_vantage_health{job=~"$job", instance=~"$instance"}, country)',
        ),
    ),
    sections={
        "Health": (
            Panel(
                title="Health of vantage points",
                description="Whether each vantage point and control can be believed; a gap means that it was silent.",
                queries={
                    "{{vantage}} ({{role}})": state_of(
                        "presscanary_vantage_health", "health", HEALTH, "vantage, role", COUNTRY
                    )
                },
                kind="state-timeline",
                width=24,
                height=10,
                words=HEALTH,
            ),
            Panel(
                title="Healthy by role",
                description="Fewer than three healthy controls leave every accusation insufficient.",
                queries={"{{role}}": f'sum by (role) (presscanary_vantage_health{{{COUNTRY}, health="healthy"}})'},
                width=8,
            ),
            Panel(
                title="By health",
                description="How many vantage points and controls are in each health.",
                queries={"{{health}}": f"sum by (health) (presscanary_vantage_health{{{COUNTRY}}})"},
                width=8,
            ),
            Panel(
                title="Networks with nobody healthy",
                description="Networks about which nothing is known now.",
                queries={
                    "networks": "count(sum by (country, network) "
                    f'(presscanary_network_vantage_points{{{COUNTRY}, health="healthy"}}) == 0) or vector(0)'
                },
                kind="stat",
                width=8,
            ),
        ),
        "Work": (
            Panel(
                title="Silent for",
                description="How long ago each vantage point measured anything.",
                queries={
                    "{{vantage}}": "time() - max by (vantage) "
                    f"(presscanary_last_measurement_timestamp_seconds{{{COUNTRY}}})"
                },
                unit="s",
            ),
            Panel(
                title="Share of targets ok",
                description="Per vantage point; one that sees far less than its neighbours is sick or censored.",
                queries={"{{vantage}}": f'avg by (vantage) (presscanary_target_state{{{COUNTRY}, state="ok"}})'},
                unit="percentunit",
            ),
        ),
        "Vantage points of others": (
            Panel(
                title="Waiting in spools",
                description="Measurements that agents still keep; they arrive late, and nothing is lost yet.",
                queries={"{{vantage}}": f"presscanary_spool_waiting_measurements{{{OURS}}}"},
                width=8,
            ),
            Panel(
                title="Lost in spools",
                description="Measurements per second that agents made and dropped because their disk was full.",
                queries={"{{vantage}}": f"rate(presscanary_spool_dropped_total{{{OURS}}}[$__rate_interval])"},
                unit="ops",
                width=8,
            ),
            Panel(
                title="Last contact",
                description="How long ago each agent asked or delivered.",
                queries={"{{vantage}}": f"time() - presscanary_agent_contact_timestamp_seconds{{{OURS}}}"},
                unit="s",
                width=8,
            ),
        ),
    },
)
