"""From a network that lies about names to the reading, and from honest ones to none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model import Layer, Locus
from monitor.verdict.experiments import read_dns_consistency
from monitor.verdict.experiments.names import RULES
from probes.kinds import dns_consistency
from probes.model import Answer, DNSLookup, Purpose, Resolvers
from probes.testing import NXDOMAIN, REFUSED, AddressBlock, DNSForgery, Outage
from tests.echo_lab import TARGET, echo_lab
from tests.scenes import measured

FOREIGN = "31.13.94.37"
CASES = [
    ((), "agrees", None, False),
    ((DNSForgery(names=(TARGET,), rcode=NXDOMAIN),), "denied", "dns.nxdomain", True),
    ((DNSForgery(names=(TARGET,), rcode=REFUSED),), "denied", "dns.refused", True),
    ((DNSForgery(names=(TARGET,)),), "denied", "dns", True),
    ((DNSForgery(names=(TARGET,), rcode=2),), "withheld", "dns.refused", False),
    ((DNSForgery(names=(TARGET,), drop=True),), "withheld", "dns.timeout", False),
    ((DNSForgery(names=(TARGET,), answers=("10.10.34.36",)),), "special_address", "dns.injection.bogon", True),
    ((DNSForgery(names=(TARGET,), answers=(FOREIGN,)),), "differs", None, False),
    ((DNSForgery(names=(TARGET,), answers=(FOREIGN,), where="wire"),), "injected_from_nowhere", "dns.injection", True),
    ((DNSForgery(names=(TARGET,), rcode=NXDOMAIN, where="wire"),), "injected_from_nowhere", "dns.nxdomain", True),
    (
        (DNSForgery(names=(TARGET,), answers=("10.10.34.36",), where="wire"),),
        "injected_from_nowhere",
        "dns.injection.bogon",
        True,
    ),
    ((DNSForgery(names=("*",), answers=("10.1.1.1",), where="wire"),), "raced", "dns.injection.bogon", True),
    ((DNSForgery(names=("*",), rcode=2),), "resolver_fails", None, False),
    ((Outage(),), "resolver_fails", None, False),
    (
        (AddressBlock(address="8.8.8.8"), AddressBlock(address="9.9.9.9", port=53)),
        "no_witness",
        None,
        False,
    ),
]


@pytest.mark.parametrize(("rules", "rule_id", "technique", "decisive"), CASES)
async def test_lies(rules, rule_id, technique, decisive) -> None:
    """Each lie has its reading; a mismatch alone, a broken resolver and an outage accuse nobody."""
    async with echo_lab() as lab:
        reading = read_dns_consistency(await lab.measure(dns_consistency, *rules))
    assert reading.rule_id == f"dns_consistency.{rule_id}"
    assert (reading.technique, reading.decisive) == (technique, decisive)
    about = Layer.DNS if technique or reading.exonerating else None
    assert (reading.layer, reading.locus is Locus.NETWORK) == (about, decisive)
    assert reading.exonerating is (rule_id == "resolver_fails")


async def test_a_race_where_no_address_is_known_to_run_no_dns() -> None:
    """Two answers to one question are enough where one of them agrees with what came over HTTPS."""
    async with echo_lab() as lab:
        lie = DNSForgery(names=(TARGET,), answers=(FOREIGN,), where="wire")
        reading = read_dns_consistency(await lab.measure(dns_consistency, lie, no_dns=()))
    assert (reading.rule_id, reading.technique, bool(reading.steps)) == ("dns_consistency.raced", "dns.injection", True)


async def test_a_name_that_does_not_exist() -> None:
    """A name that its own servers deny, over HTTPS as well, is not withheld by anybody."""
    async with echo_lab(records={TARGET: None}) as lab:
        reading = read_dns_consistency(await lab.measure(dns_consistency))
    assert (reading.rule_id, reading.technique) == ("dns_consistency.authority", None)


async def test_a_proxy_for_everything() -> None:
    """Somebody who truthfully answers all questions, wherever they go, blocks nothing."""
    async with echo_lab() as lab:
        honest = await lab.measure(dns_consistency)
        truth = next(s for s in honest.steps if s.purpose is Purpose.VISIT and s.engine == "udp")
        steps = tuple(_answered(s, truth) for s in honest.steps)
    assert read_dns_consistency(replace(honest, steps=steps)).rule_id == "dns_consistency.proxy"


def _answered(step, truth):
    if step.purpose not in (Purpose.NO_SERVER, Purpose.NO_SERVER_INNOCUOUS):
        return step
    return replace(step, failure=None, rcode=0, answers=truth.answers, datagrams=truth.datagrams)


def look(engine: str, purpose: Purpose = Purpose.VISIT, **fields) -> DNSLookup:
    given = {"failure": None, "answers": (Answer(type="A", value="93.184.216.34"),), "query_type": "A"} | fields
    return DNSLookup(
        hop=0, engine=engine, resolver="", name="kloop.kg", started=0, duration=0, purpose=purpose, **given
    )


def sandwich(engine: str, *looks: DNSLookup) -> tuple[DNSLookup, ...]:
    return (look(engine, Purpose.BEFORE), *looks, look(engine, Purpose.AFTER))


def test_a_resolver_that_leaves_out_ipv6() -> None:
    """Who gives IPv4 addresses and keeps IPv6 ones back, as many do, withholds nothing."""
    six = {"query_type": "AAAA", "answers": (Answer(type="AAAA", value="2a02:26f0::1"),)}
    system = sandwich("system", look("system"), look("system", query_type="AAAA", answers=(), failure="dns_no_answer"))
    doh = sandwich("doh", look("doh"), look("doh", **six))
    assert read_dns_consistency(measured(*system, *doh)).rule_id == "dns_consistency.agrees"


def test_a_neighbour_is_no_difference() -> None:
    """Another address of the same /24 belongs to the same network."""
    near = look("system", answers=(Answer(type="A", value="93.184.216.99"),))
    made = measured(*sandwich("system", near), *sandwich("doh", look("doh")))
    assert read_dns_consistency(made).rule_id == "dns_consistency.agrees"


def test_nothing_was_asked() -> None:
    """A measurement without lookups says nothing."""
    assert read_dns_consistency(measured()).rule_id == "dns_consistency.unclear"


def test_a_lie_to_the_public_resolver_alone() -> None:
    """A question to another resolver that is denied on the way is found, whatever the own resolver says."""
    system = sandwich("system", look("system"))
    udp = sandwich("udp", look("udp", failure="dns_nxdomain_error", answers=()))
    doh = sandwich("doh", look("doh"))
    assert read_dns_consistency(measured(*system, *udp, *doh)).rule_id == "dns_consistency.denied"


async def test_without_public_resolvers() -> None:
    """Where only the system's resolver is asked, nobody can be compared with it."""
    async with echo_lab() as lab:
        lie = DNSForgery(names=(TARGET,), rcode=NXDOMAIN)
        made = await lab.measure(dns_consistency, lie, resolvers=Resolvers(udp=None, doh=None), no_dns=())
    assert read_dns_consistency(made).rule_id == "dns_consistency.unclear"


def test_every_rule_is_in_the_tests() -> None:
    """No rule goes untested."""
    single = {"authority", "proxy"}
    assert {rule.id for rule in RULES} == {case[1] for case in CASES} | single
