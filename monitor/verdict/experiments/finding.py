"""One experiment as one flat row: which reader reads its kind, and what its reading says of a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from monitor.model import Bearing, Finding
from monitor.verdict.experiments.names import read_dns_consistency
from monitor.verdict.experiments.place import ResolverReading, read_resolver_health, read_vantage_health
from monitor.verdict.experiments.quic import read_quic_reachability
from monitor.verdict.experiments.reading import Reading
from monitor.verdict.experiments.speed import read_throttle
from monitor.verdict.experiments.swap import read_host_swap, read_sni_swap
from monitor.verdict.experiments.way import read_hop
from monitor.verdict.rules import RULESET
from probes.document import measurement_id
from probes.model import Measurement


def find(measurement: Measurement) -> Finding:
    """What an experiment showed, from its facts alone; ValueError for a kind that nobody reads (a visit, above all)."""
    if measurement.kind not in READERS:
        raise ValueError(f"{measurement.kind!r} is no experiment that could be read")
    reading = READERS[measurement.kind](measurement)
    return Finding(
        measurement=measurement_id(measurement),
        kind=measurement.kind,
        time=measurement.started,
        target=measurement.target,
        url=measurement.url,
        vantage=measurement.vantage.id,
        country=measurement.vantage.country,
        network=measurement.vantage.network,
        role=measurement.vantage.role,
        rule_id=reading.rule_id,
        why=reading.why,
        bearing=_bearing(reading),
        technique=reading.technique,
        layer=reading.layer,
        locus=reading.locus,
        simulated=measurement.vantage.simulated,
        ruleset=RULESET,
    )


def _bearing(reading: Reading) -> Bearing:
    if reading.decisive:
        return Bearing.DECISIVE
    return Bearing.EXONERATING if reading.exonerating else Bearing.NONE


def _vantage(measurement: Measurement) -> Reading:
    found = read_vantage_health(measurement)
    return Reading(rule_id=found.rule_id, why=found.why)


def _resolvers(measurement: Measurement) -> Reading:
    """The resolvers in one sentence, by the rule of the first that is not healthy."""
    found = read_resolver_health(measurement)
    unwell = next((one for one in found if not one.healthy), None)
    if unwell is None:
        return Reading(rule_id="resolver_health.healthy", why=_said(found) or "No resolver was asked.")
    return Reading(rule_id=unwell.rule_id, why=_said([one for one in found if not one.healthy]))


def _said(readings: tuple[ResolverReading, ...] | list[ResolverReading]) -> str:
    return " ".join(f"{one.engine}: {one.why}" for one in readings)


READERS: Mapping[str, Callable[[Measurement], Reading]] = {
    "sni_swap": read_sni_swap,
    "host_swap": read_host_swap,
    "quic_reachability": read_quic_reachability,
    "dns_consistency": read_dns_consistency,
    "throttle": lambda measurement: read_throttle(measurement).reading,
    "hop": lambda measurement: read_hop(measurement).reading,
    "vantage_health": _vantage,
    "resolver_health": _resolvers,
}
"""Who reads which kind of probe. Kinds that are not here are visits, and judged."""
