"""The prober `dns`: one question to the target, which is a name server, and conditions on its answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import closing
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.SOA import SOA

from monitor.blackbox.address import resolve
from monitor.blackbox.modules import DNSProbe, Module, RecordCheck
from monitor.blackbox.place import host_and_port
from monitor.blackbox.probing import ProbeFailedError, Probing
from probes.steps.inbox import Inbox
from probes.steps.resolver import over_tcp
from probes.steps.tcp import reach

_PORT = 53
SECTIONS = ("answer", "authority", "additional")


async def probe(module: Module, target: str, probing: Probing) -> None:
    """Return where the probe succeeded; ProbeFailedError, or what a network raises, where it did not."""
    config = module.dns
    assert config is not None, "a module without a question is refused when it is read"
    for phase in ("resolve", "connect", "request"):
        probing.set("probe_dns_duration_seconds", 0, phase=phase)
    for section in SECTIONS:
        probing.set(f"probe_dns_{section}_rrs", 0)
    probing.set("probe_dns_query_succeeded", 0)
    host, port = host_and_port(target, _PORT)
    address = await resolve(probing, host, config.preferred_ip_protocol, fallback=config.ip_protocol_fallback)
    probing.add("probe_dns_duration_seconds", probing.samples["probe_dns_lookup_time_seconds", ()], phase="resolve")
    answer = await _ask(probing, config, address, port)
    probing.set("probe_dns_query_succeeded", 1)
    _judge(probing, config, answer)


async def _ask(probing: Probing, config: DNSProbe, address: str, port: int) -> dns.message.Message:
    question = _question(config)
    wire = question.to_wire()
    probing.say(f"Making DNS query query={config.query_name} type={config.query_type}")
    began = probing.clock()
    if config.transport_protocol == "tcp":
        raw = await over_tcp(probing.network, wire, address, port)
        probing.set("probe_dns_duration_seconds", probing.clock() - began, phase="request")
        answer = _read(question, raw)
        if answer is None:
            raise ProbeFailedError("Error while sending a DNS query: what came back is no answer to it")
        return answer
    opened, place = probing.network.open(address, port, "udp")
    with closing(opened):
        await reach(opened, place)
        connected = probing.clock()
        probing.set("probe_dns_duration_seconds", connected - began, phase="connect")
        coming: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()

        def heard(raw: bytes, _: int | None) -> None:
            if not coming.done() and (found := _read(question, raw)) is not None:
                coming.set_result(found)

        def broke(error: OSError) -> None:
            if not coming.done():
                coming.set_exception(error)

        with Inbox(opened, heard, broke) as inbox:
            inbox.send(wire)
            answer = await coming
        probing.set("probe_dns_duration_seconds", probing.clock() - connected, phase="request")
    return answer


def _question(config: DNSProbe) -> dns.message.Message:
    try:
        question = dns.message.make_query(config.query_name, config.query_type)
    except dns.exception.DNSException as error:
        raise ProbeFailedError(f"{config.query_name[:100]!r} cannot be asked for: {error}") from error
    if not config.recursion_desired:
        question.flags &= ~dns.flags.RD
    return question


def _read(question: dns.message.Message, raw: bytes) -> dns.message.Message | None:
    """The answer to the question; None for anything else."""
    try:
        answer = dns.message.from_wire(raw, ignore_trailing=True)
        return answer if question.is_response(answer) else None
    except (dns.exception.DNSException, ValueError):
        return None


def _judge(probing: Probing, config: DNSProbe, answer: dns.message.Message) -> None:
    sections = {name: getattr(answer, name) for name in SECTIONS}
    for name, rrsets in sections.items():
        probing.set(f"probe_dns_{name}_rrs", sum(len(rrset) for rrset in rrsets))
    serial = next((record.serial for rrset in answer.answer for record in rrset if isinstance(record, SOA)), None)
    if config.query_type == "SOA" and serial is not None:
        probing.set("probe_dns_serial", serial)
    rcode = dns.rcode.to_text(answer.rcode())
    probing.say(f"Got response rcode={rcode}")
    if rcode not in (config.valid_rcodes or ["NOERROR"]):
        raise ProbeFailedError(f"Rcode is not one of the valid rcodes rcode={rcode}")
    for name, check in zip(
        SECTIONS,
        (config.validate_answer_rrs, config.validate_authority_rrs, config.validate_additional_rrs),
        strict=True,
    ):
        if (why := _unlike(check, _written(sections[name]))) is not None:
            raise ProbeFailedError(f"{name} RRs validation failed: {why}")


def _written(rrsets: Sequence[dns.rrset.RRset]) -> list[str]:
    """Each record on a line of its own, its parts apart by tabs, as Go's library writes it."""
    return [
        f"{rrset.name}\t{rrset.ttl}\tIN\t{dns.rdatatype.to_text(rrset.rdtype)}\t{cast('object', record)}"
        for rrset in rrsets
        for record in rrset
    ]


def _unlike(check: RecordCheck, records: Sequence[str]) -> str | None:
    """Which condition the records break; None where none."""
    for pattern in check.fail_if_matches_regexp:
        if any(re.search(pattern, record) for record in records):
            return f"a record matched {pattern}"
    for pattern in check.fail_if_all_match_regexp:
        if records and all(re.search(pattern, record) for record in records):
            return f"all records matched {pattern}"
    for pattern in check.fail_if_not_matches_regexp:
        if any(not re.search(pattern, record) for record in records):
            return f"a record did not match {pattern}"
    for pattern in check.fail_if_none_matches_regexp:
        if not any(re.search(pattern, record) for record in records):
            return f"no record matched {pattern}"
    return None
