"""From records to samples: which number each family gets, and which series exist at all. Pure.

A series exists only while there is something to say: a target that left the configuration, a result that is too old and
an event that ended have no series, so nothing stale is ever scraped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from monitor.metrics.glance import Glance, is_fresh, is_heard, live, strongest
from monitor.metrics.histogram import Histogram
from monitor.metrics.runtime import Runtime
from monitor.metrics.wire import Wire, Wires, ip_hash, ip_protocol
from monitor.model import BlockingEvent, Health, Latest, Outcome, State, VantageStatus, Verdict
from probes.model import Role, Target

Sample: TypeAlias = tuple[str, tuple[str, ...], float | Histogram]
"""Name of the family, values of its labels, value."""
_FAMILIES: Mapping[str, Callable[[Verdict], State | None]] = {
    "ipv4": lambda verdict: verdict.ipv4,
    "ipv6": lambda verdict: verdict.ipv6,
}


def of_glance(
    seen: Glance, watched: Sequence[Target], *, now: datetime, fresh: timedelta, wires: Wires | None = None
) -> Iterator[Sample]:
    """All samples that a store gives, for the targets that are watched; `wires` is what this process remembers."""
    names = {target.id for target in watched}
    entries = [entry for entry in live(seen.latest) if entry.outcome.target in names]
    present = [entry for entry in entries if is_fresh(entry, now, fresh)]
    yield "presscanary_simulated", (), float(seen.simulated)
    yield from _stored(seen)
    yield from _targets(watched)
    yield from of_probes(present, wires or Wires())
    for entry in strongest(present).values():
        yield from _target_state(entry.outcome)
    yield from _address_families(present)
    for entry in sorted(entries, key=lambda entry: entry.outcome.time):
        yield "presscanary_last_measurement_timestamp_seconds", _place(entry.outcome), entry.outcome.time.timestamp()
    heard = [status for status in seen.health if is_heard(status, now, fresh)]
    for status in heard:
        yield from _health(status)
    yield from _networks(heard)
    yield from of_events(seen.events, names)


def of_probes(present: Sequence[Latest], wires: Wires) -> Iterator[Sample]:
    """The blackbox families: one series per URL, from the newest result of the feeding vantage point."""
    feed = feeding(present)
    mine = [entry.outcome for entry in present if entry.outcome.vantage == feed]
    newest = {outcome.url: outcome for outcome in sorted(mine, key=lambda outcome: outcome.time)}
    for outcome in newest.values():
        yield from of_probe(outcome)
        if (wire := wires.of(outcome.measurement, outcome.url, outcome.vantage)) is not None:
            yield from of_wire(outcome.url, wire)


def feeding(present: Iterable[Latest]) -> str | None:
    """The vantage point behind the blackbox families: of those that watch, a local one, else the first by id.

    Only vantage points with a fresh result come into question; None where there is none.
    """
    watching = [entry.outcome for entry in present if entry.outcome.role is Role.VANTAGE]
    first = min(watching, key=lambda outcome: (outcome.vantage_kind != "local", outcome.vantage), default=None)
    return None if first is None else first.vantage


def of_probe(outcome: Outcome) -> Iterator[Sample]:
    """One result as blackbox_exporter would have exported it.

    `probe_success` has two values and a result has four: it answers what blackbox's answers, "did this probe get its
    page from here?", so insufficient is 0 as blackbox's is when its own network is down, and why it is 0 stands in
    `presscanary_target_state`. Where nothing was measured there is no series.
    """
    url, took = outcome.url, outcome.timings
    yield "probe_success", (url,), float(outcome.verdict.state is State.OK)
    if took.total is not None:
        yield "probe_duration_seconds", (url,), took.total
    yield "probe_dns_lookup_time_seconds", (url,), took.dns or 0.0
    yield "probe_http_duration_seconds", (url, "resolve"), took.dns or 0.0
    yield "probe_http_duration_seconds", (url, "connect"), took.tcp or 0.0
    yield "probe_http_duration_seconds", (url, "tls"), took.tls or 0.0
    yield "probe_http_duration_seconds", (url, "processing"), took.first_byte or 0.0
    yield "probe_http_status_code", (url,), float(outcome.status or 0)
    yield "probe_http_version", (url,), http_version(outcome.protocol)
    yield "probe_http_ssl", (url,), float(outcome.status is not None and bool(outcome.tls_version))
    yield "probe_http_redirects", (url,), float(outcome.redirects)
    yield "probe_http_uncompressed_body_length", (url,), float(outcome.body_length or 0)
    if outcome.certificate_expiry is not None:
        yield "probe_ssl_earliest_cert_expiry", (url,), outcome.certificate_expiry.timestamp()
    if outcome.tls_version:
        yield "probe_tls_version_info", (url, tls_version(outcome.tls_version)), 1.0


def of_wire(url: str, wire: Wire) -> Iterator[Sample]:
    """What only the process that measured knows; a page beside it has no such series."""
    yield "probe_ip_protocol", (url,), ip_protocol(wire.address)
    yield "probe_ip_addr_hash", (url,), ip_hash(wire.address)
    yield "probe_http_content_length", (url,), float(wire.content_length)
    yield "probe_http_duration_seconds", (url, "transfer"), wire.transfer


def http_version(protocol: str) -> float:
    """HTTP's version as blackbox writes it; 0 where there was no response.

    >>> [http_version(name) for name in ("http/1.1", "h2", "HTTP/2.0", "h3", "")]
    [1.1, 2.0, 2.0, 3.0, 0.0]
    """
    found = re.search(r"\d(\.\d)?", protocol)
    return float(found.group()) if found else 0.0


def tls_version(name: str) -> str:
    """A TLS version as blackbox writes it, with a space.

    >>> tls_version("TLSv1.3"), tls_version("TLS 1.2"), tls_version("TLSv1")
    ('TLS 1.3', 'TLS 1.2', 'TLS 1.0')
    """
    number = name.upper().removeprefix("TLS").lstrip(" V") or "1.0"
    return f"TLS {number if '.' in number else number + '.0'}"


def of_events(events: Iterable[BlockingEvent], names: Collection[str]) -> Iterator[Sample]:
    """What is open now, per target and country; where two are open at once the later one in the list speaks."""
    for event in events:
        if event.end is not None or event.retracted or event.target not in names:
            continue
        scope = (event.target, event.country)
        yield "presscanary_blocking_event_open", (*scope, event.tier.value, event.technique or ""), 1.0
        yield "presscanary_blocking_event_networks", scope, float(len(event.networks))
        yield "presscanary_blocking_event_log_likelihood", scope, event.score
        earliest, latest = event.onset
        if earliest is not None:
            yield "presscanary_blocking_event_onset_timestamp_seconds", (*scope, "earliest"), earliest.timestamp()
        yield "presscanary_blocking_event_onset_timestamp_seconds", (*scope, "latest"), latest.timestamp()


def of_runtime(runtime: Runtime) -> Iterator[Sample]:
    """What the process counts; nothing of a schedule where nothing is scheduled."""
    yield "presscanary_build_info", (runtime.version,), 1.0
    for state, count in runtime.measured.items():
        yield "presscanary_measurements_total", (state.value,), float(count)
    for series, histogram in runtime.steps.items():
        yield "presscanary_step_duration_seconds", series, histogram
    if runtime.outbox is not None:
        for fate, count in runtime.outbox.fates().items():
            yield "presscanary_alert_deliveries", (fate,), float(count)
        yield "presscanary_alert_overdue_seconds", (), runtime.outbox.overdue()
    for spool in runtime.spools():
        yield "presscanary_spool_waiting_measurements", (spool.vantage,), float(spool.waiting)
        yield "presscanary_spool_dropped_total", (spool.vantage,), float(spool.dropped)
        if spool.seen is not None:
            yield "presscanary_agent_contact_timestamp_seconds", (spool.vantage,), spool.seen
    yield "presscanary_burst_mistakes_total", (), float(runtime.mistakes)
    if runtime.store_bytes is not None:
        yield "presscanary_store_bytes", (), float(runtime.store_bytes)
        yield "presscanary_store_over_limit", (), float(runtime.over_limit)
    if (tally := runtime.tally) is not None:
        yield "presscanary_schedule_started_total", (), float(tally.started)
        yield "presscanary_schedule_missed_total", (), float(tally.missed)
        yield "presscanary_schedule_overlapped_total", (), float(tally.overlapped)
        yield "presscanary_schedule_running", (), float(tally.running)
        yield "presscanary_schedule_lag_seconds", (), tally.lag


def _stored(seen: Glance) -> Iterator[Sample]:
    for record, count in seen.counts.items():
        yield "presscanary_stored_records", (record,), float(count)


def _targets(watched: Iterable[Target]) -> Iterator[Sample]:
    for target in watched:
        yield "presscanary_target_info", (target.id, target.category), 1.0
        for url in target.urls:
            yield "presscanary_target_url_info", (target.id, url), 1.0


def _target_state(outcome: Outcome) -> Iterator[Sample]:
    return _state_set("presscanary_target_state", _place(outcome), State, outcome.verdict.state)


def _address_families(present: Sequence[Latest]) -> Iterator[Sample]:
    """Of each target at each vantage point the strongest state per family; no series where none was dialled."""
    for name, read in _FAMILIES.items():
        for entry in strongest(present, of=read).values():
            if (state := read(entry.outcome.verdict)) is not None:
                labels = (*_place(entry.outcome), name)
                yield from _state_set("presscanary_address_family_state", labels, State, state)


def _health(status: VantageStatus) -> Iterator[Sample]:
    place = (status.vantage, status.country, status.network, status.role.value)
    return _state_set("presscanary_vantage_health", place, Health, status.health)


def _networks(heard: Iterable[VantageStatus]) -> Iterator[Sample]:
    """Of each network how many vantage points are in which health; controls are not of a watched network."""
    watching = [status for status in heard if status.role is Role.VANTAGE]
    counted = Counter((status.country, status.network, status.health) for status in watching)
    for country, network in sorted({(status.country, status.network) for status in watching}):
        for health in Health:
            labels = (country, network, health.value)
            yield "presscanary_network_vantage_points", labels, float(counted[country, network, health])


def _place(outcome: Outcome) -> tuple[str, ...]:
    return (outcome.target, outcome.vantage, outcome.country, outcome.network, outcome.role.value)


def _state_set(name: str, labels: tuple[str, ...], states: Iterable[Enum], present: Enum) -> Iterator[Sample]:
    for state in states:
        yield name, (*labels, str(state.value)), float(state is present)
