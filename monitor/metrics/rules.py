"""Prometheus alert and recording rules, as data: when somebody should look, how soon, and in which words.

Names share their first word, `severity` is critical, warning or info, `summary` is one fixed sentence and `description`
names what fired. Targets are named by their id: an alert travels, and a live link to a banned site can harm who passes
it on. `runbook` is a place in docs/how-to/runbooks.md, without an address: a page may be kept anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert."""

    name: str
    expression: str
    wait: str
    """How long the expression must hold, in Prometheus' duration syntax."""
    severity: Literal["critical", "warning", "info"]
    summary: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A query that is worth its own series: what it is called (level:metric:operation) and what it is."""

    name: str
    expression: str


RECORDINGS: tuple[Recording, ...] = (
    Recording(
        name="target_network:presscanary_target_state:avg",
        expression='avg by (target, country, network, state) (presscanary_target_state{role="vantage"})',
    ),
    Recording(
        name="instance:probe_success:avg_over_time1d",
        expression="avg_over_time(probe_success[1d])",
    ),
    Recording(
        name="layer:presscanary_step_failures:ratio_rate5m",
        expression=(
            'sum by (layer) (rate(presscanary_step_duration_seconds_count{result="failed"}[5m]))'
            " / sum by (layer) (rate(presscanary_step_duration_seconds_count[5m]))"
        ),
    ),
    Recording(
        name="layer:presscanary_step_duration_seconds:p95_rate5m",
        expression="histogram_quantile(0.95, sum by (layer, le) (rate(presscanary_step_duration_seconds_bucket[5m])))",
    ),
)


def _blocking(tier: str, name: str, severity: Literal["critical", "warning", "info"]) -> Rule:
    return Rule(
        name=name,
        expression=f'presscanary_blocking_event_open{{tier="{tier}"}} == 1',
        wait="0m",
        severity=severity,
        summary=f"Blocking of a watched site is {tier}.",
        description=(
            "Measurements of {{ $labels.target }} in {{ $labels.country }} are consistent with blocking"
            " ({{ with $labels.technique }}{{ . }}{{ else }}technique unknown{{ end }})."
            " Read the event's evidence before you say so in public."
        ),
    )


RULES: tuple[Rule, ...] = (
    _blocking("confirmed", "PressCanaryBlockingConfirmed", "critical"),
    _blocking("likely", "PressCanaryBlockingLikely", "warning"),
    _blocking("suspected", "PressCanaryBlockingSuspected", "info"),
    Rule(
        name="PressCanaryTargetDown",
        expression='max by (target) (presscanary_target_state{state="down", role="vantage"}) == 1',
        wait="15m",
        severity="info",
        summary="A watched site is down for everybody.",
        description="{{ $labels.target }} fails at the controls too, so this is not blocking.",
    ),
    Rule(
        name="PressCanaryVantageUnwell",
        expression='sum by (vantage, health) (presscanary_vantage_health{health=~"sick|offline"}) == 1',
        wait="15m",
        severity="warning",
        summary="A vantage point cannot be believed.",
        description="{{ $labels.vantage }} is {{ $labels.health }}: its results are insufficient until it recovers.",
    ),
    Rule(
        name="PressCanaryNetworkUnwatched",
        expression='sum by (country, network) (presscanary_network_vantage_points{health="healthy"}) == 0',
        wait="30m",
        severity="warning",
        summary="A network has no healthy vantage point.",
        description="Nothing is known about {{ $labels.network }} in {{ $labels.country }} until one recovers.",
    ),
    Rule(
        name="PressCanaryControlsFew",
        expression='sum(presscanary_vantage_health{role="control", health="healthy"}) < 3',
        wait="30m",
        severity="warning",
        summary="Fewer than three controls are healthy.",
        description="{{ $value }} healthy controls are too few for a claim: results become insufficient.",
    ),
    Rule(
        name="PressCanaryMeasurementsMissing",
        expression="time() - max by (target) (presscanary_last_measurement_timestamp_seconds) > 3 * 3600",
        wait="5m",
        severity="warning",
        summary="A target has not been measured for more than three hours.",
        description="{{ $labels.target }} was last measured {{ $value | humanizeDuration }} ago.",
    ),
    Rule(
        name="PressCanaryNeverMeasured",
        expression=(
            "sum by (target) (presscanary_target_info)"
            " unless on (target) sum by (target) (presscanary_last_measurement_timestamp_seconds)"
        ),
        wait="1h",
        severity="warning",
        summary="A target of the configuration has never been measured.",
        description="There is no result for {{ $labels.target }} from any vantage point.",
    ),
    Rule(
        name="PressCanaryScheduleBehind",
        expression=(
            "increase(presscanary_schedule_missed_total[1h]) + increase(presscanary_schedule_overlapped_total[1h]) > 5"
            " or presscanary_schedule_lag_seconds > 300"
        ),
        wait="10m",
        severity="warning",
        summary="Measurements are late or left out.",
        description="{{ $labels.instance }} cannot keep its schedule: measure less often or more at once.",
    ),
    Rule(
        name="PressCanaryStoreUnreadable",
        expression="presscanary_store_readable == 0",
        wait="5m",
        severity="critical",
        summary="The data folder cannot be read.",
        description="{{ $labels.instance }} cannot read its store; new measurements may not be kept.",
    ),
    Rule(
        name="PressCanaryStoreOverLimit",
        expression="presscanary_store_over_limit == 1",
        wait="10m",
        severity="warning",
        summary="The data folder is larger than it may be.",
        description="{{ $labels.instance }} goes on measuring: make room, raise store.limit, or prune.",
    ),
    Rule(
        name="PressCanaryMistakes",
        expression="increase(presscanary_burst_mistakes_total[1h]) > 0",
        wait="0m",
        severity="warning",
        summary="A mistake in the program cut experiments short.",
        description="{{ $labels.instance }} goes on measuring; its log says what happened.",
    ),
    Rule(
        name="PressCanaryAlertsUndelivered",
        expression=(
            'delta(presscanary_alert_deliveries{fate="dead"}[1h]) > 0 or presscanary_alert_overdue_seconds > 3600'
        ),
        wait="5m",
        severity="warning",
        summary="Messages to recipients do not leave.",
        description="{{ $labels.instance }} has given up on messages, or one has been due for an hour.",
    ),
    Rule(
        name="PressCanaryAgentSilent",
        expression="time() - presscanary_agent_contact_timestamp_seconds > 24 * 3600",
        wait="1h",
        severity="warning",
        summary="An agent has not been heard of for a day.",
        description="{{ $labels.vantage }} was last heard of {{ $value | humanizeDuration }} ago.",
    ),
    Rule(
        name="PressCanaryAbsent",
        expression="absent(presscanary_build_info)",
        wait="10m",
        severity="critical",
        summary="Press Canary is not being scraped.",
        description="No series of Press Canary has arrived: nothing is being watched, or Prometheus cannot reach it.",
    ),
    Rule(
        name="PressCanaryCertificateExpiresSoon",
        expression="0 < probe_ssl_earliest_cert_expiry - time() < 14 * 86400",
        wait="1h",
        severity="info",
        summary="A watched site's certificate expires within two weeks.",
        description="It expires in {{ $value | humanizeDuration }}; then every visitor is warned off.",
    ),
)


def rules() -> dict[str, Any]:
    """The rule file's content."""
    recorded = [{"record": each.name, "expr": each.expression} for each in RECORDINGS]
    return {
        "groups": [
            {"name": "presscanary-recordings", "interval": "1m", "rules": recorded},
            {"name": "presscanary", "interval": "1m", "rules": [_rule(rule) for rule in RULES]},
        ]
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "alert": rule.name,
        "expr": rule.expression,
        "for": rule.wait,
        "labels": {"severity": rule.severity},
        "annotations": {
            "summary": rule.summary,
            "description": rule.description,
            "runbook": f"runbooks.md#{rule.name.lower()}",
        },
    }
