"""Signatures followed from a root of our own: what is signed, what is not, and what somebody changed on the way."""

from __future__ import annotations

from datetime import timedelta

import dns.dnssec
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from probes.document import document, record_from
from probes.model import DNSSECValidation, Resolvers
from probes.steps.dnssec import validate
from tests.probes.conftest import NOW

RESOLVERS = Resolvers(udp="9.9.9.9", doh=None)
SINCE, UNTIL = NOW - timedelta(days=1), NOW + timedelta(days=1)


class Zone:
    """A signed zone: its key, and records under its signature."""

    def __init__(self, name: str) -> None:
        self.name = dns.name.from_text(name)
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.key = dns.dnssec.make_dnskey(self.private.public_key(), "ECDSAP256SHA256", flags=257)
        self.ds = dns.dnssec.make_ds(self.name, self.key, "SHA256")

    def signed(self, owner: str, kind: str, *texts: str, until=UNTIL) -> list[dns.rrset.RRset]:
        records = dns.rrset.from_text_list(owner, 300, "IN", kind, list(texts))
        signature = dns.dnssec.sign(records, self.private, self.name, self.key, inception=SINCE, expiration=until)
        return [records, dns.rrset.from_rdata(owner, 300, signature)]

    def keys(self) -> list[dns.rrset.RRset]:
        return self.signed(self.name.to_text(), "DNSKEY", self.key.to_text())


ROOT, KG, SITE = Zone("."), Zone("kg."), Zone("kloop.kg.")
ANCHORS = (ROOT.ds.to_text(),)


def tree() -> dict[tuple[str, str], tuple[list, list]]:
    """Answer and authority of each question, in a world where all is well."""
    return {
        (".", "DNSKEY"): (ROOT.keys(), []),
        ("kg.", "DS"): (ROOT.signed("kg.", "DS", KG.ds.to_text()), []),
        ("kg.", "DNSKEY"): (KG.keys(), []),
        ("kloop.kg.", "DS"): (KG.signed("kloop.kg.", "DS", SITE.ds.to_text()), []),
        ("kloop.kg.", "DNSKEY"): (SITE.keys(), []),
        ("www.kloop.kg.", "DS"): ([], SITE.signed("www.kloop.kg.", "NSEC", "z.kloop.kg. A RRSIG NSEC")),
        ("kloop.kg.", "A"): (SITE.signed("kloop.kg.", "A", "93.184.216.34"), []),
        ("www.kloop.kg.", "A"): (SITE.signed("www.kloop.kg.", "A", "93.184.216.34"), []),
        ("old.kg.", "DS"): ([], KG.signed("old.kg.", "NSEC", "p.kg. NS RRSIG NSEC")),
        ("gone.kloop.kg.", "DS"): ([], SITE.signed("f.kloop.kg.", "NSEC", "h.kloop.kg. A RRSIG NSEC")),
        ("gone.kloop.kg.", "A"): ([], SITE.signed("f.kloop.kg.", "NSEC", "h.kloop.kg. A RRSIG NSEC")),
    }


async def judged(world, known, name="kloop.kg", **options) -> DNSSECValidation:
    def reply(wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        made = dns.message.make_response(query)
        found = known.get((asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)))
        if found is None:
            made.set_rcode(dns.rcode.NXDOMAIN)
        else:
            made.answer, made.authority = list(found[0]), list(found[1])
        return made.to_wire()

    async def serve(reader, writer) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer = reply(await reader.readexactly(length))
        writer.write(len(answer).to_bytes(2, "big") + answer)
        await writer.drain()

    if ("9.9.9.9", 53, "tcp") not in world.network.routes:
        await world.site("9.9.9.9", 53, serve)
        world.datagrams("9.9.9.9", 53, lambda data, send: send(reply(data)))
    trace = world.trace(dns=1.0)
    step = await validate(
        trace, engine="udp", name=name, query_type="A", resolvers=RESOLVERS, anchors=ANCHORS, **options
    )
    assert trace.steps == [step]
    return step


@pytest.mark.parametrize("name", ["kloop.kg", "www.kloop.kg", "gone.kloop.kg"])
async def test_what_the_owner_signed(world, name) -> None:
    """Addresses and denials are secure where signatures lead from the root to them."""
    step = await judged(world, tree(), name)
    assert (step.result, step.zones, step.failure) == ("secure", (".", "kg.", "kloop.kg."), None), step.reason
    assert record_from(DNSSECValidation, {k: v for k, v in document(step).items() if k != "type"}) == step


async def test_a_zone_that_is_not_signed(world) -> None:
    """Where the parent proves that a zone has no keys, nothing in it can be judged."""
    step = await judged(world, tree(), "old.kg")
    assert (step.result, step.zones) == ("insecure", (".", "kg."))


LIES = {
    "another address": {("kloop.kg.", "A"): ([dns.rrset.from_text("kloop.kg.", 300, "IN", "A", "10.10.34.35")], [])},
    "another address, old signature": {
        ("kloop.kg.", "A"): (
            [
                dns.rrset.from_text("kloop.kg.", 300, "IN", "A", "10.10.34.35"),
                SITE.signed("kloop.kg.", "A", "93.184.216.34")[1],
            ],
            [],
        )
    },
    "signed by another zone": {("kloop.kg.", "A"): (KG.signed("kloop.kg.", "A", "10.10.34.35"), [])},
    "expired": {("kloop.kg.", "A"): (SITE.signed("kloop.kg.", "A", "1.2.3.4", until=NOW - timedelta(hours=1)), [])},
    "denied": {("kloop.kg.", "A"): ([], [])},
    "keys of nobody": {("kloop.kg.", "DNSKEY"): (Zone("kloop.kg.").keys(), [])},
}


@pytest.mark.parametrize("lie", LIES)
async def test_lies(world, lie) -> None:
    """Whatever is changed in a signed zone is bogus, with the reason in words."""
    step = await judged(world, tree() | LIES[lie])
    assert step.result == "bogus"
    assert step.reason


async def test_who_cannot_be_asked(world) -> None:
    """Without keys, or without a word on whether a zone is signed, nothing is said."""
    without = {key: value for key, value in tree().items() if key != ("kloop.kg.", "DS")}
    assert (await judged(world, without)).result == "indeterminate"


async def test_silence(world) -> None:
    """A network that answers nothing leaves the question open, with its own word."""
    trace = world.trace(dns=0.2)
    step = await validate(trace, engine="udp", name="kloop.kg", query_type="A", resolvers=RESOLVERS, anchors=ANCHORS)
    assert (step.result, step.failure) == ("indeterminate", "network_unreachable")
