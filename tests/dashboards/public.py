"""Queries of public dashboards made for blackbox_exporter, as their panels ask them; `$` is for what one chooses."""

from __future__ import annotations

from collections.abc import Mapping

_HERE = '{job=~"$job", instance=~"$instance"}'

PUBLIC: Mapping[str, Mapping[str, str]] = {
    "grafana.com 7587": {
        "Global Probe Duration": 'probe_duration_seconds{instance=~"$target"}',
        "Status": 'probe_success{instance=~"$target"}',
        "HTTP Duration": 'probe_http_duration_seconds{instance=~"$target"}',
        "HTTP Status Code": 'probe_http_status_code{instance=~"$target"}',
        "HTTP Version": 'probe_http_version{instance=~"$target"}',
        "SSL": 'probe_http_ssl{instance=~"$target"}',
        "SSL Expiry": 'probe_ssl_earliest_cert_expiry{instance=~"$target"} - time()',
        "Average Probe Duration": 'avg(probe_duration_seconds{instance=~"$target"})',
        "Average DNS Lookup": 'avg(probe_dns_lookup_time_seconds{instance=~"$target"})',
    },
    "grafana.com 13659": {
        "Overview: status": f"probe_success{_HERE}",
        "Overview: SSL": f"probe_http_ssl{_HERE} > 0",
        "Overview: SSL expiry": f"(probe_ssl_earliest_cert_expiry{_HERE} - time()) / 3600 / 24",
        "Overview: code": f"probe_http_status_code{_HERE} > 0",
        "Overview: duration": f"avg_over_time(probe_duration_seconds{_HERE}[1m])",
        "Overview: TLS": f"probe_tls_version_info{_HERE}",
        "Overview: DNS": f"avg_over_time(probe_dns_lookup_time_seconds{_HERE}[1m])",
        "HTTP Probe Duration": f"sum(probe_http_duration_seconds{_HERE}) by (instance)",
        "HTTP Probe Phases Duration": f"avg(probe_http_duration_seconds{_HERE}) by (phase)",
    },
    "blackbox mixin": {
        "Status Map": 'max by (instance) (probe_success{job=~"$job"})',
        "Probes": 'count(probe_success{job=~"$job"})',
        "Probes Success": '(count(probe_success{job=~"$job"} == 1) OR vector(0)) / count(probe_success{job=~"$job"})',
        "Probes SSL": 'count(probe_http_ssl{job=~"$job"} == 1) / count(probe_http_version{job=~"$job"})',
        "Average Duration": 'avg(probe_duration_seconds{job=~"$job"})',
        "Uptime": f"max by (instance) (probe_success{_HERE})",
        "Uptime 30d": f"avg_over_time(probe_success{_HERE}[30d])",
        "Latest Response Code": f"max by (instance) (probe_http_status_code{_HERE})",
        "SSL": f"max by (instance) (probe_http_ssl{_HERE})",
        "SSL Version": f"max by (instance, version) (probe_tls_version_info{_HERE})",
        "Redirects": f"max by (instance) (probe_http_redirects{_HERE})",
        "HTTP Version": f"max by (instance) (probe_http_version{_HERE})",
        "SSL Certificate Expiry": f"min by (instance) (probe_ssl_earliest_cert_expiry{_HERE} - time())",
        "Average Latency": f"avg by (instance) (probe_duration_seconds{_HERE})",
        "Average DNS Lookup": f"avg by (instance) (probe_dns_lookup_time_seconds{_HERE})",
        "Probe Duration": f"sum(probe_http_duration_seconds{_HERE}) by (instance)",
        "Probe Phases": f"avg(probe_http_duration_seconds{_HERE}) by (phase)",
    },
}
"""By dashboard and panel. The mixin's phases of ICMP are left out: no HTTP target has them, blackbox's neither."""
