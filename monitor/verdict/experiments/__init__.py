"""What experiments show: measurements that compare names, resolvers or speeds, read by tables of their own.

A visit says that something fails; an experiment says what it hangs on. Each reading names the rule that spoke and the
steps that it rests on. Pure: facts in, a reading out, and the same facts always give the same one.
"""

from monitor.verdict.experiments.finding import READERS, find
from monitor.verdict.experiments.names import read_dns_consistency
from monitor.verdict.experiments.place import (
    ResolverReading,
    VantageReading,
    read_resolver_health,
    read_vantage_health,
)
from monitor.verdict.experiments.quic import read_quic_reachability
from monitor.verdict.experiments.reading import Reading
from monitor.verdict.experiments.resolvers import read_resolvers
from monitor.verdict.experiments.speed import SpeedReading, read_throttle
from monitor.verdict.experiments.swap import read_host_swap, read_sni_swap
from monitor.verdict.experiments.way import Fate, Parting, WayReading, read_hop

__all__ = [
    "READERS",
    "Fate",
    "Parting",
    "Reading",
    "ResolverReading",
    "SpeedReading",
    "VantageReading",
    "WayReading",
    "find",
    "read_dns_consistency",
    "read_hop",
    "read_host_swap",
    "read_quic_reachability",
    "read_resolver_health",
    "read_resolvers",
    "read_sni_swap",
    "read_throttle",
    "read_vantage_health",
]
