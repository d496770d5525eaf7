"""One name, asked for in every way, beside one that nobody lies about."""

from __future__ import annotations

from collections import Counter

import pytest

from probes.kinds import dns_consistency
from probes.model import DNSLookup, Purpose, Resolvers
from probes.testing import NXDOMAIN, DNSForgery
from tests.echo_lab import AT_TARGET, INNOCUOUS, NO_DNS, TARGET, echo_lab, site

ENGINES = ("system", "udp", "tcp", "dot", "doh")


def asked(measurement, *purposes):
    return [step for step in measurement.steps if isinstance(step, DNSLookup) and step.purpose in purposes]


async def test_every_resolver_in_a_sandwich() -> None:
    """Each way to ask is used for the innocuous name first and last, and for both families of the target's between."""
    async with echo_lab() as lab:
        measurement = await lab.measure(dns_consistency)
    for engine in ENGINES:
        steps = [s for s in asked(measurement, Purpose.BEFORE, Purpose.VISIT, Purpose.AFTER) if s.engine == engine]
        assert [(s.name, s.query_type, s.purpose) for s in sorted(steps, key=lambda s: s.started)] == [
            (INNOCUOUS, "A", Purpose.BEFORE),
            (TARGET, "A", Purpose.VISIT),
            (TARGET, "AAAA", Purpose.VISIT),
            (INNOCUOUS, "A", Purpose.AFTER),
        ]
        assert next(s for s in steps if s.purpose is Purpose.VISIT).addresses == (AT_TARGET,)


async def test_what_the_name_offers() -> None:
    """The HTTPS record, which says who speaks HTTP/3, is asked of everybody and kept as text."""
    async with echo_lab(target=site(quic=True)) as lab:
        offers = asked(await lab.measure(dns_consistency), Purpose.SERVICE)
    assert {(s.engine, s.query_type, s.failure) for s in offers} == {(each, "HTTPS", None) for each in ENGINES}
    assert {answer.value for s in offers for answer in s.answers} == {'1 . alpn="h3,h2"'}


async def test_an_address_that_runs_no_dns() -> None:
    """Both names are asked for there; silence is what comes, and an injector's answer is kept."""
    async with echo_lab() as lab:
        silent = asked(await lab.measure(dns_consistency), Purpose.NO_SERVER, Purpose.NO_SERVER_INNOCUOUS)
        lie = DNSForgery(names=(TARGET,), rcode=NXDOMAIN, where="wire")
        lied = asked(await lab.measure(dns_consistency, lie), Purpose.NO_SERVER, Purpose.NO_SERVER_INNOCUOUS)
    assert {(s.name, s.resolver, s.failure) for s in silent} == {
        (TARGET, f"{NO_DNS}:53", "generic_timeout_error"),
        (INNOCUOUS, f"{NO_DNS}:53", "generic_timeout_error"),
    }
    assert {(s.name, s.failure, len(s.datagrams)) for s in lied} == {
        (TARGET, "dns_nxdomain_error", 1),
        (INNOCUOUS, "generic_timeout_error", 0),
    }


async def test_only_whom_the_task_names() -> None:
    """Resolvers that are switched off are not asked, and no address is tested where none is given."""
    async with echo_lab() as lab:
        measurement = await lab.measure(dns_consistency, resolvers=Resolvers(udp=None, doh=None), no_dns=())
    assert Counter(step.engine for step in measurement.steps) == {"system": 6}


async def test_nothing_to_compare_with() -> None:
    """An address has no name to ask for, and a target cannot be its own innocuous name."""
    async with echo_lab() as lab:
        with pytest.raises(ValueError, match="innocuous"):
            await lab.measure(dns_consistency, innocuous_names=())
        with pytest.raises(ValueError, match="no name"):
            await lab.measure(dns_consistency, url="http://192.0.2.1/")
