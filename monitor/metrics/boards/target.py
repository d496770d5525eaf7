"""One target: its state everywhere, and its URLs under blackbox_exporter's names."""

from __future__ import annotations

from monitor.metrics.panels import (
    CHOOSE_TARGET,
    CHOOSE_URL,
    ONSETS,
    PROBES,
    STATES,
    TARGET,
    YES_NO,
    Board,
    Panel,
    state_of,
)

_WHERE = "target, vantage, family"

BOARD = Board(
    name="target",
    uid="presscanary-target",
    title="Press Canary / Target",
    description="One target: its state at every vantage point, and what a visit to its URLs looks like.",
    variables=(CHOOSE_TARGET, CHOOSE_URL),
    marks=ONSETS.format(where=TARGET),
    sections={
        "State": (
            Panel(
                title="State at each vantage point",
                description="State of the target at each vantage point; a gap is a time without data, never ok.",
                queries={
                    "{{target}} @ {{vantage}}": state_of(
                        "presscanary_target_state", "state", STATES, "target, vantage", TARGET
                    )
                },
                kind="state-timeline",
                width=24,
                words=STATES,
            ),
            Panel(
                title="Address families",
                description="State of the target's IPv4 and IPv6 addresses apart; no line where none was dialled.",
                queries={
                    "{{target}} {{family}} @ {{vantage}}": state_of(
                        "presscanary_address_family_state", "state", STATES, _WHERE, TARGET
                    )
                },
                kind="state-timeline",
                words=STATES,
            ),
            Panel(
                title="Time since the last measurement",
                description="How old the newest result at each vantage point is.",
                queries={
                    "{{target}} @ {{vantage}}": f"time() - presscanary_last_measurement_timestamp_seconds{{{TARGET}}}"
                },
                unit="s",
            ),
        ),
        "Visits (blackbox_exporter names, one vantage point)": (
            Panel(
                title="Probe success",
                description="Yes where the newest probe was judged ok; no also where results are insufficient.",
                queries={"{{instance}}": f"probe_success{{{PROBES}}}"},
                kind="state-timeline",
                words=YES_NO,
            ),
            Panel(
                title="Uptime over a day",
                description="Share of the last day in which a visit was ok, as seen by one vantage point.",
                queries={"{{instance}}": f"avg_over_time(probe_success{{{PROBES}}}[1d])"},
                kind="stat",
                unit="percentunit",
            ),
            Panel(
                title="Probe duration",
                description="How long the newest probe took, failures included.",
                queries={"{{instance}}": f"probe_duration_seconds{{{PROBES}}}"},
                unit="s",
            ),
            Panel(
                title="Probe phases",
                description="Duration of each phase of the deciding request, averaged over the chosen URLs.",
                queries={"{{phase}}": f"avg by (phase) (probe_http_duration_seconds{{{PROBES}}})"},
                unit="s",
            ),
            Panel(
                title="DNS lookup",
                description="How long the lookup of the host took.",
                queries={"{{instance}}": f"probe_dns_lookup_time_seconds{{{PROBES}}}"},
                unit="s",
                width=8,
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
                description="Bytes of the final body as read and as declared; many equal ones suggest a block page.",
                queries={
                    "{{instance}} read": f"probe_http_uncompressed_body_length{{{PROBES}}}",
                    "{{instance}} declared": f"probe_http_content_length{{{PROBES}}} >= 0",
                },
                unit="bytes",
                width=8,
            ),
            Panel(
                title="Address",
                description="IPv4 or IPv6 of the last connection, and how often its address changed in a day.",
                queries={
                    "{{instance}} IP version": f"probe_ip_protocol{{{PROBES}}}",
                    "{{instance}} changes": f"changes(probe_ip_addr_hash{{{PROBES}}}[1d])",
                },
                width=8,
            ),
            Panel(
                title="Certificate expires in",
                description="Time until the first certificate of the presented chain expires.",
                queries={"{{instance}}": f"probe_ssl_earliest_cert_expiry{{{PROBES}}} - time()"},
                kind="stat",
                unit="s",
            ),
            Panel(
                title="TLS versions",
                description="How many URLs are served with each TLS version.",
                queries={"{{version}}": f"count by (version) (probe_tls_version_info{{{PROBES}}})"},
                kind="stat",
            ),
        ),
    },
)
