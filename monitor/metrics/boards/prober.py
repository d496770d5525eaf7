"""The program itself: does it keep its schedule, how long do steps take, is the store well."""

from __future__ import annotations

from monitor.metrics.panels import OURS, YES_NO, Board, Panel

_RATE = f"{{{OURS}}}[$__rate_interval]"
_STEPS = f"sum by (layer, le) (rate(presscanary_step_duration_seconds_bucket{_RATE}))"

BOARD = Board(
    name="prober",
    uid="presscanary-prober",
    title="Press Canary / Prober internals",
    description="The program itself: schedule, steps on the wire, store, outbox.",
    sections={
        "Measuring": (
            Panel(
                title="Measurements",
                description="Measurements per second by the state they were judged to be.",
                queries={"{{state}}": f"sum by (state) (rate(presscanary_measurements_total{_RATE}))"},
                unit="ops",
            ),
            Panel(
                title="Schedule",
                description="Begun, missed and left-out runs per second; bursts that a mistake of ours cut short.",
                queries={
                    "begun": f"sum(rate(presscanary_schedule_started_total{_RATE}))",
                    "missed": f"sum(rate(presscanary_schedule_missed_total{_RATE}))",
                    "left out": f"sum(rate(presscanary_schedule_overlapped_total{_RATE}))",
                    "cut short": f"sum(rate(presscanary_burst_mistakes_total{_RATE}))",
                },
                unit="ops",
            ),
            Panel(
                title="Waiting for a free place",
                description="How long the newest measurement waited: the schedule's lag.",
                queries={"lag": f"max(presscanary_schedule_lag_seconds{{{OURS}}})"},
                unit="s",
            ),
            Panel(
                title="Running",
                description="Measurements that run now.",
                queries={"running": f"sum(presscanary_schedule_running{{{OURS}}})"},
            ),
        ),
        "Steps on the wire": (
            Panel(
                title="Steps per second",
                description="By layer and result.",
                queries={
                    "{{layer}} {{result}}": "sum by (layer, result) "
                    f"(rate(presscanary_step_duration_seconds_count{_RATE}))"
                },
                unit="ops",
                width=8,
            ),
            Panel(
                title="Half of the steps are faster than",
                description="Median duration of a step by layer, failures included.",
                queries={"{{layer}}": f"histogram_quantile(0.5, {_STEPS})"},
                unit="s",
                width=8,
            ),
            Panel(
                title="One step in twenty is slower than",
                description="95th percentile of the duration by layer, failures included.",
                queries={"{{layer}}": f"histogram_quantile(0.95, {_STEPS})"},
                unit="s",
                width=8,
            ),
        ),
        "Store and outbox": (
            Panel(
                title="Size of the data folder",
                description="Bytes on disk.",
                queries={"bytes": f"max(presscanary_store_bytes{{{OURS}}})"},
                unit="bytes",
                width=8,
            ),
            Panel(
                title="Over its limit",
                description="Whether the data folder is larger than the configuration wants; it goes on storing.",
                queries={"over": f"1 - max(presscanary_store_over_limit{{{OURS}}})"},
                kind="stat",
                width=4,
                words={0: ("over", YES_NO[0][1]), 1: ("within", YES_NO[1][1])},
            ),
            Panel(
                title="Version",
                description="The version that runs.",
                queries={"{{version}}": f"presscanary_build_info{{{OURS}}}"},
                kind="stat",
                width=4,
            ),
            Panel(
                title="Alerts by fate",
                description="Messages in the outbox by what became of them.",
                queries={"{{fate}}": f"sum by (fate) (presscanary_alert_deliveries{{{OURS}}})"},
                width=8,
            ),
            Panel(
                title="Alerts overdue",
                description="How long the message that has been due longest waits to leave.",
                queries={"overdue": f"max(presscanary_alert_overdue_seconds{{{OURS}}})"},
                kind="stat",
                unit="s",
                width=4,
            ),
            Panel(
                title="Stored records",
                description="How many records of each kind the store holds.",
                queries={"{{record}}": f"max by (record) (presscanary_stored_records{{{OURS}}})"},
                width=20,
            ),
        ),
    },
)
