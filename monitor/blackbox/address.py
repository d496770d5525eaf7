"""Which address of a target is dialled: looked up, chosen by the wanted version of IP, and allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address

from monitor.blackbox.modules import Family
from monitor.blackbox.probing import ProbeFailedError, Probing
from probes.model import Limits, Resolvers
from probes.steps.dns import QueryType, lookup
from probes.steps.trace import Trace

_TYPES: dict[Family, QueryType] = {"ip4": "A", "ip6": "AAAA"}
_LIMITS = Limits(dns_linger=0.0)
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


async def resolve(probing: Probing, host: str, family: Family, *, fallback: bool) -> str:
    """The address to dial, with blackbox's three samples of the lookup; ProbeFailedError where there is none.

    An address that must not be dialled (loopback, private …) is none, unless the configuration allows it.
    """
    began = probing.clock()
    address = ""
    try:
        address = host if _literal(host) else await _looked_up(probing, host, family, fallback=fallback)
    finally:
        probing.set("probe_dns_lookup_time_seconds", probing.clock() - began)
        probing.set("probe_ip_protocol", ip_address(address).version if address else 0)
        probing.set("probe_ip_addr_hash", _hashed(address) if address else 0)
    if (reason := probing.network.screen(address)) is not None:
        raise ProbeFailedError(f"{address} is not dialled: {reason}")
    return address


async def _looked_up(probing: Probing, host: str, family: Family, *, fallback: bool) -> str:
    other: Family = "ip4" if family == "ip6" else "ip6"
    began = probing.clock()
    trace = Trace(
        network=probing.network,
        limits=_LIMITS,
        started=datetime.fromtimestamp(probing.now, UTC),
        elapsed=lambda: probing.clock() - began,
        thorough=False,
    )
    for wanted in (family, other) if fallback else (family,):
        step = await lookup(trace, engine="system", name=host, query_type=_TYPES[wanted], resolvers=Resolvers())
        if step.failure is None and step.addresses:
            return step.addresses[0]
    raise ProbeFailedError(f"no address of {host} was found")


def _literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _hashed(address: str) -> float:
    """FNV-1a with 32 bits (RFC 9923 §5) over the address's bytes, as blackbox_exporter has it."""
    found = _FNV_OFFSET
    for byte in ip_address(address).packed:
        found = ((found ^ byte) * _FNV_PRIME) % 2**32
    return float(found)
