"""The exposition as Prometheus reads it: no stale series, nothing unreadable, whatever the store holds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.metrics import Collector, Glance, Runtime
from monitor.metrics.families import FAMILIES
from monitor.metrics.runtime import Spool
from monitor.model import BlockingEvent, Fate, Health, Latest, State, VantageStatus
from monitor.schedule import Tally
from probes.model import Role, Target
from tests.scenes import measured, visit


class Messages:
    """An outbox in which nothing is overdue."""

    def fates(self) -> dict[str, int]:
        """One of each."""
        return dict.fromkeys(Fate, 1)

    def overdue(self) -> float:
        """None."""
        return 0.0


@pytest.fixture
def full(entry: Callable[..., Latest], event: Callable[..., BlockingEvent], now: datetime) -> Glance:
    """A glance in which every family has something to say."""
    status = VantageStatus(
        vantage="here", country="KG", network="AS64500", role=Role.VANTAGE, health=Health.HEALTHY, why="", last_seen=now
    )
    both = replace(entry().outcome.verdict, ipv4=State.OK, ipv6=State.INSUFFICIENT)
    return Glance(latest=(entry(verdict=both),), events=(event(),), health=(status,), counts={"measurements": 3})


def _exposition(look: Callable[[], Glance | None], target: Target, now: datetime) -> str:
    runtime = Runtime(
        version="0.1.0",
        tally=Tally(),
        store_bytes=5_000,
        store_limit=4_000,
        outbox=Messages(),
        spools=lambda: [Spool(vantage="kg-1", waiting=3, dropped=1, seen=5.0)],
    )
    runtime.saw(measured(*visit(), vantage="here"), "m1", State.OK)
    return Collector(look, clock=lambda: now, runtime=runtime, watched=lambda: (target,)).exposition().decode()


def test_every_family_is_exported_and_nothing_else(full: Glance, target: Target, now: datetime) -> None:
    """A full store gives exactly the families of the table, with their types, labels and help."""
    found = list(text_string_to_metric_families(_exposition(lambda: full, target, now)))

    names = {metric.name + ("_total" if metric.type == "counter" else ""): metric for metric in found}
    assert list(names) == list(FAMILIES)
    for name, metric in names.items():
        assert metric.documentation == FAMILIES[name].help
        labels = {frozenset(set(sample.labels) - {"le"}) for sample in metric.samples}
        assert labels == {frozenset(FAMILIES[name].labels)}


def test_promtool_finds_nothing_to_complain_about(full: Glance, target: Target, now: datetime) -> None:
    """`promtool check metrics` accepts the exposition without a word."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    text = _exposition(lambda: full, target, now)
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_series_ends_with_what_it_was_about(full: Glance, target: Target, now: datetime) -> None:
    """The same collector forgets everything that the store no longer says."""
    said = iter([full, Glance()])
    collector = Collector(lambda: next(said), clock=lambda: now, runtime=Runtime(), watched=lambda: (target,))

    assert "probe_success" in collector.exposition().decode()
    after = collector.exposition().decode()
    assert "probe_success" not in after
    assert "presscanary_blocking_event_open" not in after


def test_a_store_that_cannot_be_read_is_said_so(target: Target, now: datetime) -> None:
    """Without a readable store the scrape still works: what the process knows, and that the store is unreadable."""
    text = _exposition(lambda: None, target, now)

    assert "presscanary_store_readable 0.0" in text
    assert "presscanary_build_info" in text
    assert "presscanary_target_state" not in text


def test_hostile_labels_cannot_break_the_exposition(
    entry: Callable[..., Latest], target: Target, now: datetime
) -> None:
    """Quotes, newlines, half characters and endless text in a label stay inside that label."""
    hostile = 'x"} 1\nprobe_success{instance="fake"} 1\n\ud800' + "y" * 10_000
    seen = Glance(latest=(entry(State.OK, vantage=hostile),))
    families = {
        metric.name: metric for metric in text_string_to_metric_families(_exposition(lambda: seen, target, now))
    }

    assert [sample.labels["instance"] for sample in families["probe_success"].samples] == ["https://kloop.kg/"]
    states = families["presscanary_target_state"].samples
    assert {len(sample.labels["vantage"]) for sample in states} == {200}


def test_two_events_of_one_target_are_one_series(
    event: Callable[..., BlockingEvent], target: Target, now: datetime
) -> None:
    """The same labels twice would make Prometheus refuse the whole scrape."""
    seen = Glance(events=(event(id="e1"), event(id="e2")))
    text = _exposition(lambda: seen, target, now)

    assert text.count("presscanary_blocking_event_open{") == 1


def test_registering_reads_no_store() -> None:
    """A collector can be registered before there is a store: describing itself looks at nothing."""

    def look() -> Glance:
        raise AssertionError("the store was read")

    described = Collector(look, clock=datetime.now, runtime=Runtime()).describe()

    assert [metric.name for metric in described] == [name.removesuffix("_total") for name in FAMILIES]


def test_a_histogram_counts_upwards(target: Target, now: datetime) -> None:
    """Each bucket holds what the smaller ones hold, the last all of them, as `histogram_quantile` needs it."""
    text = _exposition(lambda: None, target, now)
    series = 'presscanary_step_duration_seconds_bucket{layer="tls",le="'
    counts = [float(line.split()[-1]) for line in text.splitlines() if line.startswith(series) and '"ok"' in line]

    assert len(counts) == 12
    assert counts == sorted(counts)
    assert f'presscanary_step_duration_seconds_count{{layer="tls",result="ok"}} {counts[-1]}' in text
    assert counts[-1] == 1.0


def test_the_number_of_series_does_not_grow_with_what_is_measured(target: Target, now: datetime) -> None:
    """However many measurements come, of whatever content, the exposition has the same series."""
    runtime = Runtime()
    collector = Collector(Glance, clock=lambda: now, runtime=runtime, watched=lambda: (target,))
    before = collector.exposition().count(b"\n")
    for number in range(50):
        runtime.saw(measured(*visit(), url=f"https://kloop.kg/{number}"), f"m{number}", State.OK)

    assert collector.exposition().count(b"\n") == before
