"""METRICS: what a store and a running process say in Prometheus' words, and dashboards and alert rules made of them.

`families` is the one table of names; everything else (exposition, dashboards, rules, reference page) is read from it or
compared with it.
"""

from monitor.metrics.collector import Collector
from monitor.metrics.glance import Glance, glance
from monitor.metrics.runtime import Runtime

__all__ = ["Collector", "Glance", "Runtime", "glance"]
