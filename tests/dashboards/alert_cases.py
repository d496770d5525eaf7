"""One story per alert: what is measured, when one looks, what fires. And one in which all is well."""

from __future__ import annotations

PLACE = 'vantage="here",country="KG",network="AS1",role="vantage"'
EVENT = 'target="kloop",country="KG",tier="{}",technique="tls.reset"'
BLOCKING = (
    "Measurements of kloop in KG are consistent with blocking ({})."
    " Read the event's evidence before you say so in public."
)

CASES: dict[str, tuple[dict[str, str], str, dict[str, str], str]] = {
    "PressCanaryBlockingConfirmed": (
        {f"presscanary_blocking_event_open{{{EVENT.format('confirmed')}}}": "1x90"},
        "40m",
        {"target": "kloop", "country": "KG", "tier": "confirmed", "technique": "tls.reset"},
        BLOCKING.format("tls.reset"),
    ),
    "PressCanaryBlockingLikely": (
        {f"presscanary_blocking_event_open{{{EVENT.format('likely')}}}": "1x90"},
        "40m",
        {"target": "kloop", "country": "KG", "tier": "likely", "technique": "tls.reset"},
        BLOCKING.format("tls.reset"),
    ),
    "PressCanaryBlockingSuspected": (
        {'presscanary_blocking_event_open{target="kloop",country="KG",tier="suspected",technique=""}': "1x90"},
        "40m",
        {"target": "kloop", "country": "KG", "tier": "suspected"},
        BLOCKING.format("technique unknown"),
    ),
    "PressCanaryTargetDown": (
        {f'presscanary_target_state{{target="kloop",{PLACE},state="down"}}': "1x90"},
        "40m",
        {"target": "kloop"},
        "kloop fails at the controls too, so this is not blocking.",
    ),
    "PressCanaryVantageUnwell": (
        {
            f'presscanary_vantage_health{{{PLACE},health="sick"}}': "1x90",
            f'presscanary_vantage_health{{{PLACE},health="healthy"}}': "0x90",
        },
        "40m",
        {"vantage": "here", "health": "sick"},
        "here is sick: its results are insufficient until it recovers.",
    ),
    "PressCanaryNetworkUnwatched": (
        {
            'presscanary_network_vantage_points{country="KG",network="AS1",health="healthy"}': "0x90",
            'presscanary_network_vantage_points{country="KG",network="AS2",health="healthy"}': "1x90",
        },
        "40m",
        {"country": "KG", "network": "AS1"},
        "Nothing is known about AS1 in KG until one recovers.",
    ),
    "PressCanaryControlsFew": (
        {
            'presscanary_vantage_health{vantage="c1",role="control",health="healthy"}': "1x90",
            'presscanary_vantage_health{vantage="c2",role="control",health="healthy"}': "1x90",
            'presscanary_vantage_health{vantage="c3",role="control",health="healthy"}': "0x90",
        },
        "40m",
        {},
        "2 healthy controls are too few for a claim: results become insufficient.",
    ),
    "PressCanaryMeasurementsMissing": (
        {f'presscanary_last_measurement_timestamp_seconds{{target="kloop",{PLACE}}}': "-14400x90"},
        "80m",
        {"target": "kloop"},
        "kloop was last measured 5h 20m 0s ago.",
    ),
    "PressCanaryNeverMeasured": (
        {
            'presscanary_target_info{target="kloop",category="media"}': "1x90",
            'presscanary_target_info{target="azattyk",category="media"}': "1x90",
            f'presscanary_last_measurement_timestamp_seconds{{target="kloop",{PLACE}}}': "0x90",
        },
        "80m",
        {"target": "azattyk"},
        "There is no result for azattyk from any vantage point.",
    ),
    "PressCanaryScheduleBehind": (
        {
            'presscanary_schedule_missed_total{instance="a"}': "0+1x90",
            'presscanary_schedule_overlapped_total{instance="a"}': "0x90",
            'presscanary_schedule_lag_seconds{instance="a"}': "0x90",
        },
        "40m",
        {"instance": "a"},
        "a cannot keep its schedule: measure less often or more at once.",
    ),
    "PressCanaryStoreUnreadable": (
        {'presscanary_store_readable{instance="a"}': "0x90", 'presscanary_store_readable{instance="b"}': "1x90"},
        "40m",
        {"instance": "a"},
        "a cannot read its store; new measurements may not be kept.",
    ),
    "PressCanaryStoreOverLimit": (
        {'presscanary_store_over_limit{instance="a"}': "1x90", 'presscanary_store_over_limit{instance="b"}': "0x90"},
        "40m",
        {"instance": "a"},
        "a goes on measuring: make room, raise store.limit, or prune.",
    ),
    "PressCanaryMistakes": (
        {
            'presscanary_burst_mistakes_total{instance="a"}': "0x20 1x70",
            'presscanary_burst_mistakes_total{instance="b"}': "3x90",
        },
        "40m",
        {"instance": "a"},
        "a goes on measuring; its log says what happened.",
    ),
    "PressCanaryAlertsUndelivered": (
        {
            'presscanary_alert_overdue_seconds{instance="a"}': "0+60x90",
            'presscanary_alert_overdue_seconds{instance="b"}': "0x90",
            'presscanary_alert_deliveries{instance="b",fate="waiting"}': "5x90",
            'presscanary_alert_deliveries{instance="b",fate="dead"}': "2x90",
        },
        "80m",
        {"instance": "a"},
        "a has given up on messages, or one has been due for an hour.",
    ),
    "PressCanaryAgentSilent": (
        {'presscanary_agent_contact_timestamp_seconds{vantage="kg-1"}': "-86400x90"},
        "80m",
        {"vantage": "kg-1"},
        "kg-1 was last heard of 1d 1h 20m 0s ago.",
    ),
    "PressCanaryAbsent": (
        {},
        "40m",
        {},
        "No series of Press Canary has arrived: nothing is being watched, or Prometheus cannot reach it.",
    ),
    "PressCanaryCertificateExpiresSoon": (
        {
            'probe_ssl_earliest_cert_expiry{instance="https://a/"}': "604800x90",
            'probe_ssl_earliest_cert_expiry{instance="https://b/"}': "6048000x90",
            'probe_ssl_earliest_cert_expiry{instance="https://c/"}': "-1x90",
        },
        "80m",
        {"instance": "https://a/"},
        "It expires in 6d 22h 40m 0s; then every visitor is warned off.",
    ),
}
"""Alert -> what is measured, when one looks, what the alert is about, and what it says."""

HEALTHY = {
    'presscanary_build_info{version="1"}': "1x90",
    'presscanary_target_info{target="kloop",category="media"}': "1x90",
    f'presscanary_target_state{{target="kloop",{PLACE},state="ok"}}': "1x90",
    f'presscanary_target_state{{target="kloop",{PLACE},state="down"}}': "0x90",
    f'presscanary_target_state{{target="kloop",{PLACE},state="blocked"}}': "0x90",
    f'presscanary_target_state{{target="kloop",{PLACE},state="insufficient"}}': "0x90",
    f'presscanary_last_measurement_timestamp_seconds{{target="kloop",{PLACE}}}': "0+60x90",
    f'presscanary_vantage_health{{{PLACE},health="healthy"}}': "1x90",
    f'presscanary_vantage_health{{{PLACE},health="sick"}}': "0x90",
    'presscanary_network_vantage_points{country="KG",network="AS1",health="healthy"}': "1x90",
    **{f'presscanary_vantage_health{{vantage="c{n}",role="control",health="healthy"}}': "1x90" for n in range(3)},
    'presscanary_store_readable{instance="a"}': "1x90",
    'presscanary_store_over_limit{instance="a"}': "0x90",
    'presscanary_schedule_missed_total{instance="a"}': "3x90",
    'presscanary_schedule_overlapped_total{instance="a"}': "3x90",
    'presscanary_schedule_lag_seconds{instance="a"}': "1x90",
    'presscanary_burst_mistakes_total{instance="a"}': "0x90",
    'presscanary_alert_deliveries{instance="a",fate="dead"}': "1x90",
    'presscanary_alert_deliveries{instance="a",fate="waiting"}': "1x90",
    'presscanary_alert_overdue_seconds{instance="a"}': "30x90",
    'presscanary_agent_contact_timestamp_seconds{vantage="kg-1"}': "0+60x90",
    'probe_ssl_earliest_cert_expiry{instance="https://a/"}': "6048000x90",
}
"""A monitor of one target that is ok, with three healthy controls."""
