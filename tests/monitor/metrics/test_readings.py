"""Which number each record gives, and which series exist at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor.metrics.glance import Glance, strongest
from monitor.metrics.readings import Sample, feeding, of_events, of_glance, of_probe, of_runtime, tls_version
from monitor.metrics.runtime import Runtime
from monitor.model import BlockingEvent, Health, Latest, State, Timings, VantageStatus
from monitor.schedule import Tally
from probes.model import Role, Target
from tests.scenes import measured, visit

HOUR = timedelta(hours=1)
Entry = Callable[..., Latest]


def _named(samples: Iterable[Sample], name: str) -> dict[tuple[str, ...], float]:
    return {labels: value for found, labels, value in samples if found == name}


@pytest.mark.parametrize(
    ("state", "value"), [(State.OK, 1.0), (State.DOWN, 0.0), (State.BLOCKED, 0.0), (State.INSUFFICIENT, 0.0)]
)
def test_only_ok_is_success(entry: Entry, state: State, value: float) -> None:
    """probe_success is 1 for ok and for nothing else: what was not seen did not work."""
    samples = of_probe(entry(state).outcome)

    assert _named(samples, "probe_success") == {("https://kloop.kg/",): value}


def test_a_probe_without_response_has_blackbox_zeros(entry: Entry) -> None:
    """As in blackbox_exporter, no response is status 0, version 0, no TLS, and phases that never finished are 0."""
    took = Timings(dns=0.5, total=4.0)
    failed = entry(
        State.DOWN, timings=took, status=None, protocol="", tls_version="", certificate_expiry=None, body_length=None
    )
    samples = list(of_probe(failed.outcome))

    url = "https://kloop.kg/"
    for name in ("probe_http_status_code", "probe_http_version", "probe_http_ssl"):
        assert _named(samples, name) == {(url,): 0.0}
    assert _named(samples, "probe_duration_seconds") == {(url,): 4.0}
    assert _named(samples, "probe_http_duration_seconds") == {
        (url, "resolve"): 0.5,
        (url, "connect"): 0.0,
        (url, "tls"): 0.0,
        (url, "processing"): 0.0,
    }
    assert not _named(samples, "probe_ssl_earliest_cert_expiry")
    assert not _named(samples, "probe_tls_version_info")


def test_versions_are_written_as_blackbox_writes_them(entry: Entry) -> None:
    """Dashboards show `TLS 1.3` and 2, whatever the library calls them."""
    samples = list(of_probe(entry().outcome))

    assert _named(samples, "probe_tls_version_info") == {("https://kloop.kg/", "TLS 1.3"): 1.0}
    assert _named(samples, "probe_http_version") == {("https://kloop.kg/",): 2.0}
    assert tls_version("TLSv1.2") == "TLS 1.2"


def test_one_vantage_point_feeds_the_probe_families(entry: Entry) -> None:
    """A local vantage point goes before others, the first id before the rest, and a control never feeds them."""
    control = entry(vantage="a-control", role=Role.CONTROL)
    others = [entry(vantage=name, vantage_kind="simulated") for name in ("c", "b")]

    assert feeding([control, *others]) == "b"
    assert feeding([control, *others, entry(vantage="z")]) == "z"
    assert feeding([control]) is None


def test_there_is_one_series_per_url(entry: Entry, target: Target, now: datetime) -> None:
    """Two vantage points that measured the same URL still give one probe_success."""
    seen = Glance(latest=(entry(), entry(State.BLOCKED, vantage="second")))
    samples = list(of_glance(seen, [target], now=now, fresh=HOUR))

    assert len([name for name, _, _ in samples if name == "probe_success"]) == 1


def test_a_target_that_left_the_configuration_has_no_series(
    entry: Entry, event: Callable[..., BlockingEvent], now: datetime
) -> None:
    """What nobody watches any more is not exported, however fresh its last result is."""
    seen = Glance(latest=(entry(),), events=(event(),))
    names = {name for name, _, _ in of_glance(seen, [], now=now, fresh=HOUR)}

    assert names == {"presscanary_simulated"}


def test_an_old_result_is_no_state(entry: Entry, target: Target, now: datetime) -> None:
    """A result older than `fresh` gives the time it was seen and neither a state nor a success."""
    seen = Glance(latest=(entry(time=now - 2 * HOUR),))
    names = {name for name, _, _ in of_glance(seen, [target], now=now, fresh=HOUR)}

    assert "presscanary_last_measurement_timestamp_seconds" in names
    assert not names & {"presscanary_target_state", "probe_success"}


def test_imported_history_is_never_the_present(entry: Entry, target: Target, now: datetime) -> None:
    """The newest imported result is old news: it gives no state even on the day it was measured."""
    seen = Glance(latest=(entry(vantage_kind="ooni"),))
    names = {name for name, _, _ in of_glance(seen, [target], now=now, fresh=HOUR)}

    assert names == {"presscanary_simulated", "presscanary_target_info", "presscanary_target_url_info"}


def test_a_state_set_has_one_one(entry: Entry, target: Target, now: datetime) -> None:
    """Exactly one of the four states is 1, the others are 0 and there."""
    seen = Glance(latest=(entry(State.INSUFFICIENT),))
    found = _named(of_glance(seen, [target], now=now, fresh=HOUR), "presscanary_target_state")

    assert {labels[-1]: value for labels, value in found.items()} == {
        "ok": 0.0,
        "down": 0.0,
        "blocked": 0.0,
        "insufficient": 1.0,
    }


def test_the_strongest_of_a_targets_urls_speaks_for_it(entry: Entry) -> None:
    """A target with one blocked and one working URL is blocked, whichever was measured last."""
    blocked = entry(State.BLOCKED, url="http://kloop.kg/")

    assert strongest([blocked, entry()]) == {("kloop", "here"): blocked}
    assert strongest([entry(), blocked]) == {("kloop", "here"): blocked}
    assert strongest([entry(), entry(State.INSUFFICIENT)])["kloop", "here"].outcome.verdict.state is State.INSUFFICIENT


def test_each_address_family_has_a_series_of_its_own(entry: Entry, target: Target, now: datetime) -> None:
    """The strongest state of a target's URLs per family; a family of which nothing was dialled has no series."""
    plain = entry().outcome.verdict
    blocked = entry(verdict=replace(plain, ipv4=State.OK, ipv6=State.BLOCKED))
    other = entry(verdict=replace(plain, ipv4=State.OK), url="http://kloop.kg/")

    for latest in ((blocked, other), (other, blocked)):
        found = _named(
            of_glance(Glance(latest=latest), [target], now=now, fresh=HOUR), "presscanary_address_family_state"
        )
        assert {labels[-2:] for labels, value in found.items() if value} == {("ipv4", "ok"), ("ipv6", "blocked")}
        assert len(found) == 8
    alone = of_glance(Glance(latest=(other,)), [target], now=now, fresh=HOUR)
    assert {labels[-2] for labels in _named(alone, "presscanary_address_family_state")} == {"ipv4"}


def test_health_is_exported_while_the_vantage_point_measures(target: Target, now: datetime) -> None:
    """A vantage point that is no longer heard of has no health, rather than its last one for ever."""

    def seen(last: datetime | None) -> Glance:
        status = VantageStatus(
            vantage="here",
            country="KG",
            network="AS1",
            role=Role.VANTAGE,
            health=Health.SICK,
            why="",
            last_seen=last,
        )
        return Glance(health=(status,))

    def health(last: datetime | None) -> dict[str, float]:
        found = _named(of_glance(seen(last), [target], now=now, fresh=HOUR), "presscanary_vantage_health")
        return {labels[-1]: value for labels, value in found.items()}

    assert health(now) == {"healthy": 0.0, "sick": 1.0, "offline": 0.0, "unknown": 0.0}
    assert health(now - 2 * HOUR) == {}
    assert health(None) == {}


def test_an_open_event_gives_its_onset_interval(event: Callable[..., BlockingEvent]) -> None:
    """Both bounds of the onset are exported; the first is absent where nothing was seen before."""
    bounds = _named(of_events([event()], {"kloop"}), "presscanary_blocking_event_onset_timestamp_seconds")
    unknown = _named(
        of_events([event(onset=(None, event().onset[1]))], {"kloop"}),
        "presscanary_blocking_event_onset_timestamp_seconds",
    )

    assert set(bounds) == {("kloop", "KG", "earliest"), ("kloop", "KG", "latest")}
    assert bounds["kloop", "KG", "latest"] - bounds["kloop", "KG", "earliest"] == 3600
    assert set(unknown) == {("kloop", "KG", "latest")}


def test_an_ended_event_has_no_series(event: Callable[..., BlockingEvent], now: datetime) -> None:
    """When an event ends its series end with it, so that the alert resolves."""
    assert not list(of_events([event(end=(now, now))], {"kloop"}))


def test_an_event_that_was_taken_back_has_no_series(event: Callable[..., BlockingEvent]) -> None:
    """Nobody is told by a metric of an event that later data took back, though it never ended."""
    assert not list(of_events([event(retracted=True)], {"kloop"}))


def test_what_the_wire_showed_stands_beside_its_own_measurement(entry: Entry, target: Target, now: datetime) -> None:
    """The address's family is exported with the result that it belongs to, and not with a newer one of the URL."""
    runtime = Runtime()
    runtime.saw(measured(*visit(), vantage="here"), "m1", State.OK)
    same, newer = Glance(latest=(entry(),)), Glance(latest=(entry(measurement="m2"),))
    found = list(of_glance(same, [target], now=now, fresh=HOUR, wires=runtime.wires))
    without = {name for name, _, _ in of_glance(newer, [target], now=now, fresh=HOUR, wires=runtime.wires)}

    assert _named(found, "probe_ip_protocol") == {("https://kloop.kg/",): 4.0}
    assert ("https://kloop.kg/", "transfer") in _named(found, "probe_http_duration_seconds")
    assert "probe_success" in without
    assert "probe_ip_protocol" not in without


def test_a_network_counts_its_watching_vantage_points(target: Target, now: datetime) -> None:
    """Per network how many are in which health; controls, which watch nothing, are not counted."""

    def status(name: str, health: Health, role: Role = Role.VANTAGE) -> VantageStatus:
        return VantageStatus(vantage=name, country="KG", network="AS1", role=role, health=health, why="", last_seen=now)

    seen = Glance(
        health=(status("a", Health.HEALTHY), status("b", Health.SICK), status("c", Health.HEALTHY, Role.CONTROL))
    )
    found = _named(of_glance(seen, [target], now=now, fresh=HOUR), "presscanary_network_vantage_points")

    assert {labels[-1]: value for labels, value in found.items()} == {
        "healthy": 1.0,
        "sick": 1.0,
        "offline": 0.0,
        "unknown": 0.0,
    }


def test_the_schedule_is_counted_only_where_there_is_one() -> None:
    """A process that only shows pages has no schedule to speak of; one that measures exports what its tally says."""
    silent = {name for name, _, _ in of_runtime(Runtime(version="1"))}
    running = list(of_runtime(Runtime(tally=Tally(missed=2, lag=0.5))))

    assert not any("schedule" in name for name in silent)
    assert _named(running, "presscanary_schedule_missed_total") == {(): 2.0}
    assert _named(running, "presscanary_schedule_lag_seconds") == {(): 0.5}
