"""Messages that live ever longer: which are sent, in which order, and what is kept; routers are in tests/lab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.verdict.experiments import read_hop
from probes.document import document, measurement_from
from probes.kinds import hop
from probes.model import Measurement, Purpose, TCPConnect, TTLTrial
from probes.testing import AddressBlock, DNSForgery, Outage, SNIBlock
from tests.echo_lab import AT_INNOCUOUS, AT_TARGET, INNOCUOUS, LIMITS, TARGET, echo_lab

QUICK = replace(LIMITS, tcp=0.3, tls=0.3, dns=0.3, dns_linger=0.02)


async def measured(*rules, **changes) -> Measurement:
    async with echo_lab() as lab:
        return await lab.measure(hop, *rules, **{"limits": QUICK, **changes})


def trials(measurement: Measurement, method: str) -> list[TTLTrial]:
    return [step for step in measurement.steps if isinstance(step, TTLTrial) and step.method == method]


async def test_what_is_sent() -> None:
    """Where there is no router the first message of each kind arrives, and none needs to live longer than that."""
    measurement = await measured()
    found = {
        method: [(one.purpose, one.name, one.address, one.port) for one in trials(measurement, method) if one.ttl == 1]
        for method in ("syn", "tls", "http", "dns")
    }
    innocuous, trigger = Purpose.INNOCUOUS_AT_TARGET, Purpose.TRIGGER_AT_TARGET
    assert found == {
        "syn": [(Purpose.SITE, INNOCUOUS, AT_INNOCUOUS, 443), (trigger, TARGET, AT_TARGET, 443)],
        "tls": [(innocuous, INNOCUOUS, AT_TARGET, 443), (trigger, TARGET, AT_TARGET, 443)],
        "http": [(innocuous, INNOCUOUS, AT_TARGET, 80), (trigger, TARGET, AT_TARGET, 80)],
        "dns": [(Purpose.BEFORE, INNOCUOUS, "9.9.9.9", 53), (Purpose.VISIT, TARGET, "9.9.9.9", 53)],
    }
    assert {one.failure for method in found for one in trials(measurement, method)} == {None}
    assert {one.ttl for method in ("tls", "http") for one in trials(measurement, method)} == {1}
    assert all(one.received for method in ("tls", "http", "dns") for one in trials(measurement, method))


async def test_the_innocuous_name_goes_first() -> None:
    """And every connection of one name is open before that name is shown."""
    steps = (await measured()).steps
    for method in ("tls", "http"):
        innocuous, trigger = ([s for s in steps if getattr(s, "method", "") == method and s.name == name]
                              for name in (INNOCUOUS, TARGET))  # fmt: skip
        assert max(one.started + one.duration for one in innocuous) <= min(one.started for one in trigger)
    for purpose in (Purpose.INNOCUOUS_AT_TARGET, Purpose.TRIGGER_AT_TARGET):
        mine = [step for step in steps if step.purpose is purpose and step.port == 80]
        opened = [step.started + step.duration for step in mine if isinstance(step, TCPConnect)]
        assert max(opened) <= min(step.started for step in mine if isinstance(step, TTLTrial))


async def test_in_the_clear() -> None:
    """For an http:// URL no ClientHello is sent."""
    measurement = await measured(url=f"http://{TARGET}/")
    assert not trials(measurement, "tls")
    assert {one.port for one in trials(measurement, "http") + trials(measurement, "syn")} == {80}


async def test_an_address_that_is_dropped() -> None:
    """Nothing comes from there at any distance, so names are not compared there; silence is tried twice."""
    measurement = await measured(AddressBlock(address=AT_TARGET))
    assert not trials(measurement, "tls")
    lost = [one for one in trials(measurement, "syn") if one.address == AT_TARGET]
    assert {one.failure for one in lost} == {"generic_timeout_error"}
    assert [one.ttl for one in lost].count(1) == 2


async def test_a_name_that_is_reset() -> None:
    """What happens where the server itself is reached may be the server's doing."""
    measurement = await measured(SNIBlock(names=(TARGET,), action="reset"))
    assert [one.failure for one in trials(measurement, "tls")] == [None, "connection_reset"]
    assert read_hop(measurement).reading.rule_id == "hop.at_the_end"


async def test_no_network() -> None:
    """Without any network nothing was sent that could be compared, and it is said so."""
    measurement = await measured(Outage())
    assert read_hop(measurement).reading.rule_id in {"hop.unclear", "hop.together"}
    assert read_hop(measurement).partings == ()


async def test_without_a_public_resolver() -> None:
    """No question is sent."""
    async with echo_lab() as lab:
        resolvers = replace(lab.task.resolvers, udp=None)
        measurement = await lab.measure(hop, limits=QUICK, resolvers=resolvers)
    assert not trials(measurement, "dns")


async def test_a_forged_denial_is_an_answer() -> None:
    """A name that is said not to exist was answered, and the answer holds no address."""
    measurement = await measured(DNSForgery(names=(TARGET,), rcode=3, where="wire"))
    assert [one.answers for one in trials(measurement, "dns") if one.name == TARGET] == [()]


async def test_the_record_can_be_read_back() -> None:
    """The document holds every trial."""
    measurement = await measured()
    assert measurement_from(document(measurement)) == measurement


async def test_what_it_needs() -> None:
    """A name, and an innocuous one to compare it with."""
    with pytest.raises(ValueError, match="innocuous"):
        await measured(innocuous_names=(TARGET,))
    with pytest.raises(ValueError, match="no name"):
        await measured(url=f"https://{AT_TARGET}/")


async def test_the_total_limit() -> None:
    """A comparison that takes too long is cut short, and what was done is kept."""
    measurement = await measured(AddressBlock(address=AT_TARGET), limits=replace(QUICK, tcp=30, total=0.8))
    assert measurement.failure == "generic_timeout_error"
    assert "generic_timeout_error" in {one.failure for one in trials(measurement, "syn")}
