"""A result as blackbox_exporter answers: metrics, or with `debug=true` the log, the metrics and the module as text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from monitor.blackbox.modules import Module
from monitor.blackbox.run import Result

_LONGEST = 1000
"""Characters of a label; a certificate's names may be many."""

HELP = {
    "probe_dns_additional_rrs": "Returns number of entries in the additional resource record list",
    "probe_dns_answer_rrs": "Returns number of entries in the answer resource record list",
    "probe_dns_authority_rrs": "Returns number of entries in the authority resource record list",
    "probe_dns_duration_seconds": "Duration of DNS request by phase",
    "probe_dns_lookup_time_seconds": "Returns the time taken for probe dns lookup in seconds",
    "probe_dns_query_succeeded": "Displays whether or not the query was executed successfully",
    "probe_dns_serial": "Returns the serial number of the zone",
    "probe_duration_seconds": "Returns how long the probe took to complete in seconds",
    "probe_failed_due_to_regex": "Indicates if probe failed due to regex",
    "probe_http_content_length": "Length of http content response",
    "probe_http_duration_seconds": "Duration of http request by phase, summed over all redirects",
    "probe_http_last_modified_timestamp_seconds": "Returns the Last-Modified HTTP response header in unixtime",
    "probe_http_redirects": "The number of redirects",
    "probe_http_ssl": "Indicates if SSL was used for the final redirect",
    "probe_http_status_code": "Response HTTP status code",
    "probe_http_uncompressed_body_length": "Length of uncompressed response body",
    "probe_http_version": "Returns the version of HTTP of the probe response",
    "probe_ip_addr_hash": "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
    "probe_ip_protocol": "Specifies whether probe ip protocol is IP4 or IP6",
    "probe_ssl_earliest_cert_expiry": "Returns last SSL chain expiry in unixtime",
    "probe_ssl_last_chain_expiry_timestamp_seconds": "Returns last SSL chain expiry in timestamp",
    "probe_ssl_last_chain_info": "Contains SSL leaf certificate information",
    "probe_success": "Displays whether or not the probe was a success",
    "probe_tls_cipher_info": "Returns the TLS cipher negotiated during handshake",
    "probe_tls_version_info": "Returns the TLS version used or NaN when unknown",
}
"""blackbox_exporter's own words, so that nobody sees a difference."""


class _Samples(Collector):
    def __init__(self, result: Result) -> None:
        self._result = result

    def collect(self) -> Iterator[Metric]:
        metrics: dict[str, GaugeMetricFamily] = {}
        for (name, labels), value in sorted(self._result.samples.items()):
            names = [label for label, _ in labels]
            metric = metrics.setdefault(name, GaugeMetricFamily(name, HELP[name], labels=names))
            metric.add_metric([_tame(value) for _, value in labels], value)
        yield from metrics.values()


def exposition(result: Result) -> bytes:
    """The samples in Prometheus' text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Samples(result))
    return generate_latest(registry)


def told(result: Result) -> str:
    """What `debug=true` shows."""
    metrics = exposition(result).decode()
    lines = "\n".join(_line(result, *each) for each in result.log)
    return (
        f"Logs for the probe:\n{lines}\n\n\n\nMetrics that would have been returned:\n{metrics}\n\n\n"
        f"Module configuration:\n{_configured(result.request.module)}"
    )


def _line(result: Result, after: float, level: str, text: str) -> str:
    moment = datetime.fromtimestamp(result.began + after, UTC).isoformat(timespec="microseconds")
    request = result.request
    shown = text.encode("ascii", errors="backslashreplace").decode().replace("\n", " ")
    return f"ts={moment} module={request.name} target={_tame(request.target)} level={level} msg={shown}"


def _configured(module: Module) -> str:
    """The module with its defaults filled in, and without what an operator may have put there as a secret."""
    facts: dict[str, Any] = module.model_dump(include={"prober", "timeout", module.prober})
    if module.prober == "http":
        facts["http"]["headers"] = dict.fromkeys(facts["http"]["headers"], "<secret>")
    return yaml.safe_dump(facts, sort_keys=False)


def _tame(label: str) -> str:
    return label[:_LONGEST].encode(errors="replace").decode()
