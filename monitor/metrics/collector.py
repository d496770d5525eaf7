"""The custom collector: at each scrape it reads the store anew and writes out what is true now.

`Gauge.labels()` keeps a series until the process ends, so that a target nobody watches any more goes on as if it were
measured; a collector that owns no numbers cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector as Registered

from monitor.metrics.families import FAMILIES, Family
from monitor.metrics.glance import FRESH, Glance
from monitor.metrics.histogram import Histogram
from monitor.metrics.readings import Sample, of_glance, of_runtime
from monitor.metrics.runtime import Runtime
from probes.model import Clock, Target

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The text format that every Prometheus reads."""

_LONGEST = 200
"""Characters that a label keeps; a URL or technique is shorter, a hostile one is not worth more memory."""


class Collector(Registered):
    """Turns one glance at the store per scrape into metric families."""

    def __init__(
        self,
        look: Callable[[], Glance | None],
        *,
        clock: Clock,
        runtime: Runtime,
        watched: Callable[[], Sequence[Target]] = tuple,
        fresh: Callable[[], timedelta] = lambda: FRESH,
    ) -> None:
        self._look = look
        self._clock = clock
        self._runtime = runtime
        self._watched = watched
        self._fresh = fresh

    def describe(self) -> Iterator[Metric]:
        """The families without samples, so that registering reads nothing."""
        return (_family(family, {}) for family in FAMILIES.values())

    def collect(self) -> Iterator[Metric]:
        """The families that have something to say; without a readable store only what the process itself knows."""
        grouped: dict[str, dict[tuple[str, ...], float | Histogram]] = {}
        for name, labels, value in self._samples():
            grouped.setdefault(name, {})[tuple(map(_tame, labels))] = value
        return (_family(family, grouped[name]) for name, family in FAMILIES.items() if name in grouped)

    def exposition(self) -> bytes:
        """One scrape in Prometheus' text format 0.0.4."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def _samples(self) -> Iterable[Sample]:
        seen = self._look()
        yield from of_runtime(self._runtime)
        yield "presscanary_store_readable", (), float(seen is not None)
        if seen is not None:
            yield from of_glance(
                seen, self._watched(), now=self._clock(), fresh=self._fresh(), wires=self._runtime.wires
            )


def _family(family: Family, series: Mapping[tuple[str, ...], float | Histogram]) -> Metric:
    if family.kind == "histogram":
        return _histogram(family, series)
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for labels, value in series.items():
        assert not isinstance(value, Histogram)
        metric.add_metric(labels, value)
    return metric


def _histogram(family: Family, series: Mapping[tuple[str, ...], float | Histogram]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in series.items():
        assert isinstance(value, Histogram)
        metric.add_metric(labels, buckets=value.cumulative(), sum_value=value.total)
    return metric


def _tame(label: str) -> str:
    return label[:_LONGEST].encode(errors="replace").decode()
