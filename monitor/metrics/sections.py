"""What the Grafana dashboard shows, as data: its sections, their panels and queries, in their order."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.metrics.panels import HEALTH, OURS, PROBES, SIMULATED, STATES, YES_NO, Panel, state_of

SECTIONS: Mapping[str, tuple[Panel, ...]] = {
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
            title="Version",
            description="The version that runs.",
            queries={"{{version}}": f"presscanary_build_info{{{OURS}}}"},
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            title="Open events",
            description="One row per event that has not ended, and how sure it is.",
            queries={"": f"presscanary_blocking_event_open{{{OURS}}}"},
            kind="table",
            width=12,
        ),
        Panel(
            title="Open for",
            description="Time since a target was first seen blocked and, where known, since it was last seen ok.",
            queries={"{{target}} {{bound}}": f"time() - presscanary_blocking_event_onset_timestamp_seconds{{{OURS}}}"},
            kind="stat",
            unit="s",
            width=6,
        ),
        Panel(
            title="Networks affected",
            description="On how many networks each open event was seen.",
            queries={"{{target}} {{country}}": f"presscanary_blocking_event_networks{{{OURS}}}"},
            kind="stat",
            width=6,
        ),
    ),
    "Targets": (
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
            title="Address families",
            description="State of each target's IPv4 and IPv6 addresses apart; no line where none was dialled.",
            queries={
                "{{target}} {{family}} @ {{vantage}}": state_of(
                    "presscanary_address_family_state", "state", STATES, "target, vantage, family"
                )
            },
            kind="state-timeline",
            width=24,
            height=12,
            words=STATES,
        ),
        Panel(
            title="Time since the last measurement",
            description="How old the newest result of each target at each vantage point is.",
            queries={"{{target}} @ {{vantage}}": f"time() - presscanary_last_measurement_timestamp_seconds{{{OURS}}}"},
            unit="s",
        ),
        Panel(
            title="Vantage points",
            description="Whether each vantage point can be believed.",
            queries={"{{vantage}}": state_of("presscanary_vantage_health", "health", HEALTH, "vantage")},
            kind="state-timeline",
            words=HEALTH,
        ),
    ),
    "Probes (blackbox_exporter names, one vantage point)": (
        Panel(
            title="Probe success",
            description="Yes where the newest probe was judged ok; no also where results are insufficient.",
            queries={"{{instance}}": f"probe_success{{{PROBES}}}"},
            kind="state-timeline",
            words=YES_NO,
        ),
        Panel(
            title="Probe duration",
            description="How long the newest probe took, failures included.",
            queries={"{{instance}}": f"probe_duration_seconds{{{PROBES}}}"},
            unit="s",
        ),
        Panel(
            title="Probe phases",
            description="Average duration of each phase of the deciding request.",
            queries={"{{phase}}": f"avg by (phase) (probe_http_duration_seconds{{{PROBES}}})"},
            unit="s",
        ),
        Panel(
            title="DNS lookup",
            description="How long the lookup of the host took.",
            queries={"{{instance}}": f"probe_dns_lookup_time_seconds{{{PROBES}}}"},
            unit="s",
        ),
        Panel(
            title="HTTP status",
            description="Status code of the final response; 0 where there was none.",
            queries={"{{instance}}": f"probe_http_status_code{{{PROBES}}}"},
            width=8,
        ),
        Panel(
            title="HTTP version and TLS",
            description="Version of HTTP, and whether the final response came over TLS.",
            queries={
                "{{instance}} HTTP": f"probe_http_version{{{PROBES}}}",
                "{{instance}} TLS": f"probe_http_ssl{{{PROBES}}}",
            },
            width=8,
        ),
        Panel(
            title="Redirects",
            description="How many redirects were followed.",
            queries={"{{instance}}": f"probe_http_redirects{{{PROBES}}}"},
            width=8,
        ),
        Panel(
            title="Body length",
            description="Bytes of the final body after decompression; many equal ones at once suggest a block page.",
            queries={"{{instance}}": f"probe_http_uncompressed_body_length{{{PROBES}}}"},
            unit="bytes",
            width=8,
        ),
        Panel(
            title="Certificate expires in",
            description="Time until the first certificate of the presented chain expires.",
            queries={"{{instance}}": f"probe_ssl_earliest_cert_expiry{{{PROBES}}} - time()"},
            unit="s",
            width=8,
        ),
        Panel(
            title="TLS versions",
            description="How many URLs are served with each TLS version.",
            queries={"{{version}}": f"count by (version) (probe_tls_version_info{{{PROBES}}})"},
            width=8,
        ),
    ),
    "Press Canary itself": (
        Panel(
            title="Measurements",
            description="Measurements per second by the state they were judged to be.",
            queries={"{{state}}": f"sum by (state) (rate(presscanary_measurements_total{{{OURS}}}[$__rate_interval]))"},
            unit="ops",
        ),
        Panel(
            title="Schedule",
            description="Begun, missed and left-out runs per second; bursts that a mistake in the program cut short.",
            queries={
                "begun": f"sum(rate(presscanary_schedule_started_total{{{OURS}}}[$__rate_interval]))",
                "missed": f"sum(rate(presscanary_schedule_missed_total{{{OURS}}}[$__rate_interval]))",
                "left out": f"sum(rate(presscanary_schedule_overlapped_total{{{OURS}}}[$__rate_interval]))",
                "cut short": f"sum(rate(presscanary_burst_mistakes_total{{{OURS}}}[$__rate_interval]))",
            },
            unit="ops",
        ),
        Panel(
            title="Running and waiting",
            description="Measurements that run now, and seconds that the newest waited for a free place.",
            queries={
                "running": f"sum(presscanary_schedule_running{{{OURS}}})",
                "lag": f"max(presscanary_schedule_lag_seconds{{{OURS}}})",
            },
        ),
        Panel(
            title="Size of the data folder",
            description="Bytes on disk; a size limit, where one is set, is told of by an alert.",
            queries={"bytes": f"max(presscanary_store_bytes{{{OURS}}})"},
            unit="bytes",
        ),
        Panel(
            title="Stored records",
            description="How many records of each kind the store holds.",
            queries={"{{record}}": f"max by (record) (presscanary_stored_records{{{OURS}}})"},
        ),
    ),
}
