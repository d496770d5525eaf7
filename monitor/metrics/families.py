"""Every metric that Press Canary exports: name, type, help and labels, once, as data.

Names and labels are public: a change needs an ADR and a changelog line. The `probe_*` families carry the names, labels
and meanings of Prometheus' blackbox_exporter (0.23 to 0.28), because existing dashboards read exactly those; their
`instance` is the URL, and no label is added that would double their series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric family as it stands in the exposition."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter", "histogram"] = "gauge"


_URL = ("instance",)
_PLACE = ("vantage", "country", "network", "role")

PROBE: tuple[Family, ...] = (
    Family(
        name="probe_success",
        help="1 where the newest probe of the URL was judged ok; 0 for down, blocked and insufficient.",
        labels=_URL,
    ),
    Family(
        name="probe_duration_seconds", help="How long the newest probe of the URL took, failures included.", labels=_URL
    ),
    Family(
        name="probe_dns_lookup_time_seconds",
        help="How long the lookup of the host took, failures included; 0 where none was needed.",
        labels=_URL,
    ),
    Family(
        name="probe_http_duration_seconds",
        help="Duration of the deciding request by phase (resolve to transfer, the last where known); 0 if unfinished.",
        labels=(*_URL, "phase"),
    ),
    Family(
        name="probe_ip_protocol",
        help="4 or 6, by the address of the last connection; 0 where none was dialled.",
        labels=_URL,
    ),
    Family(
        name="probe_ip_addr_hash",
        help="Hash of the address of the last connection (FNV-1a, 32 bits): it changes when the address does.",
        labels=_URL,
    ),
    Family(
        name="probe_http_content_length",
        help="Length of the final body as its server declares it; -1 where it does not, 0 without a response.",
        labels=_URL,
    ),
    Family(
        name="probe_http_status_code",
        help="HTTP status code of the final response; 0 where there was none.",
        labels=_URL,
    ),
    Family(name="probe_http_version", help="HTTP version of the final response; 0 where there was none.", labels=_URL),
    Family(name="probe_http_ssl", help="1 where the final response came over TLS.", labels=_URL),
    Family(name="probe_http_redirects", help="How many redirects were followed.", labels=_URL),
    Family(
        name="probe_http_uncompressed_body_length",
        help="Bytes of the final response's body after decompression, as far as read; 0 where there was none.",
        labels=_URL,
    ),
    Family(
        name="probe_ssl_earliest_cert_expiry",
        help="When the first certificate of the presented chain expires, as Unix time; absent without a handshake.",
        labels=_URL,
    ),
    Family(
        name="probe_tls_version_info", help="1 for the TLS version of the final connection.", labels=(*_URL, "version")
    ),
)
"""Fed by one vantage point (see `readings.feeding`), so that there is one series per URL."""

OWN: tuple[Family, ...] = (
    Family(name="presscanary_build_info", help="1, with the version that runs.", labels=("version",)),
    Family(
        name="presscanary_simulated",
        help="1 where everything here is simulated and says nothing about any real network.",
    ),
    Family(
        name="presscanary_store_readable",
        help="1 where the data folder could be read (an empty one counts), 0 where it could not.",
    ),
    Family(name="presscanary_store_bytes", help="Size of the data folder, as of the last time it was looked after."),
    Family(
        name="presscanary_store_over_limit",
        help="1 where the data folder is larger than the configuration's limit; it goes on storing.",
    ),
    Family(name="presscanary_stored_records", help="How many records the store holds.", labels=("record",)),
    Family(name="presscanary_target_info", help="1 for each target that is watched.", labels=("target", "category")),
    Family(
        name="presscanary_target_url_info",
        help="1 for each URL of a watched target: it says which target the instance of a probe family belongs to.",
        labels=("target", "url"),
    ),
    Family(
        name="presscanary_target_state",
        help="1 for the present state of a target at a vantage point, 0 for the other states.",
        labels=("target", *_PLACE, "state"),
    ),
    Family(
        name="presscanary_address_family_state",
        help="1 for the present state of a target's addresses of one family at a vantage point, 0 for the others.",
        labels=("target", *_PLACE, "family", "state"),
    ),
    Family(
        name="presscanary_last_measurement_timestamp_seconds",
        help="When a target was last measured from a vantage point, as Unix time.",
        labels=("target", *_PLACE),
    ),
    Family(
        name="presscanary_vantage_health",
        help="1 for the present health of a vantage point, 0 for the other values.",
        labels=(*_PLACE, "health"),
    ),
    Family(
        name="presscanary_network_vantage_points",
        help="How many vantage points a network has in each health; a network without a healthy one tells nothing.",
        labels=("country", "network", "health"),
    ),
    Family(
        name="presscanary_blocking_event_open",
        help="1 for each blocking event that has not ended.",
        labels=("target", "country", "tier", "technique"),
    ),
    Family(
        name="presscanary_blocking_event_networks",
        help="On how many networks an open blocking event was seen.",
        labels=("target", "country"),
    ),
    Family(
        name="presscanary_blocking_event_log_likelihood",
        help="The detector's log-likelihood ratio for an open event: how much better blocking explains the counts.",
        labels=("target", "country"),
    ),
    Family(
        name="presscanary_blocking_event_onset_timestamp_seconds",
        help="Bounds of an open event's onset as Unix time: last seen ok (earliest), first seen blocked (latest).",
        labels=("target", "country", "bound"),
    ),
    Family(
        name="presscanary_measurements_total",
        help="Measurements since the process started, by the state they were judged to be.",
        labels=("state",),
        kind="counter",
    ),
    Family(
        name="presscanary_step_duration_seconds",
        help="How long steps took since the process started, by layer (dns, tcp, tls, http, quic) and result.",
        labels=("layer", "result"),
        kind="histogram",
    ),
    Family(
        name="presscanary_alert_deliveries",
        help="Messages in the outbox of alerts, by what became of them (waiting, sent, dead ...).",
        labels=("fate",),
    ),
    Family(
        name="presscanary_alert_overdue_seconds",
        help="How long the message that has been due longest waits to leave; 0 where none is due.",
    ),
    Family(
        name="presscanary_spool_waiting_measurements",
        help="Measurements that a vantage point of others still kept behind the newest batch that it delivered.",
        labels=("vantage",),
    ),
    Family(
        name="presscanary_spool_dropped_total",
        help="Measurements that a vantage point of others made and lost before they could be delivered.",
        labels=("vantage",),
        kind="counter",
    ),
    Family(
        name="presscanary_agent_contact_timestamp_seconds",
        help="When a vantage point of others asked or delivered last, as Unix time.",
        labels=("vantage",),
    ),
    Family(
        name="presscanary_burst_mistakes_total",
        help="Bursts of experiments that a mistake in the program cut short since the process started.",
        kind="counter",
    ),
    Family(
        name="presscanary_schedule_started_total",
        help="Scheduled measurements that began since the process started.",
        kind="counter",
    ),
    Family(
        name="presscanary_schedule_missed_total",
        help="Scheduled measurements that were never begun since the process started.",
        kind="counter",
    ),
    Family(
        name="presscanary_schedule_overlapped_total",
        help="Scheduled measurements that were left out because the one before still ran.",
        kind="counter",
    ),
    Family(name="presscanary_schedule_running", help="Measurements that run now."),
    Family(name="presscanary_schedule_lag_seconds", help="How long the newest measurement waited for a free place."),
)

FAMILIES: Mapping[str, Family] = {family.name: family for family in (*PROBE, *OWN)}
"""By name, in the order of the exposition."""
