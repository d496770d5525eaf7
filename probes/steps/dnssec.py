"""Is an answer what the zone's owner signed? The chain of signatures is followed from the root (RFC 4035 §5).

The keys are fetched by the way that is hardest to lie on (DNS over HTTPS, else TCP), the records that are judged by the
engine that is asked about; both with the flag "checking disabled", so that nobody on the way decides for us. Judged is
what is said of the name itself; where an alias leads is another name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.NSEC
import dns.rdtypes.ANY.NSEC3
import dns.rrset

from probes.failure import TIMEOUT, failure_of
from probes.model import DNSSECValidation, Failure, Resolvers
from probes.steps.dns import QueryType
from probes.steps.http import FAULTS
from probes.steps.resolver import Engine, exchange, shown
from probes.steps.trace import Trace

ROOT_ANCHORS = (
    "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    "38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
"""The DS records of the root's keys of 2017 and 2024, as IANA publishes them (root-anchors.xml)."""
_PAYLOAD = 1232
_OPT_OUT = 1
Keys = Mapping[dns.name.Name, dns.rrset.RRset]


class _Judged(Exception):  # noqa: N818 - the end of a walk, not an error
    """The walk has come to its end."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


async def validate(
    trace: Trace,
    *,
    engine: Engine,
    name: str,
    query_type: QueryType,
    resolvers: Resolvers,
    anchors: tuple[str, ...] = ROOT_ANCHORS,
) -> DNSSECValidation:
    """Judge what `engine` says of `name` within four times `limits.dns`, keep the step, and return it.

    `secure`: signed by the owner. `insecure`: the parent proves that the zone is not signed. `bogus`: the zone is
    signed and the answer is not, or not by its owner. `indeterminate`: somebody could not be asked, or passes no
    signatures on. `failure` is that of the network, where one kept us from judging.
    """
    started = trace.elapsed()
    walk = _Walk(trace, engine, resolvers, anchors)
    failure: Failure = TIMEOUT
    result, reason = "indeterminate", "cut short"
    try:
        async with asyncio.timeout(4 * trace.limits.dns):
            await walk.judge(dns.name.from_text(name), dns.rdatatype.from_text(query_type))
    except _Judged as judged:
        failure, result, reason = None, judged.result, judged.reason
    except FAULTS as error:
        failure = failure_of(error)
        reason = "a question was not answered"
    except (dns.exception.DNSException, ValueError):
        failure, reason = None, "an answer that makes no sense"
    finally:
        step = DNSSECValidation(
            hop=trace.hop,
            engine=engine,
            resolver=shown(engine, resolvers),
            name=name,
            query_type=query_type,
            started=started,
            duration=trace.elapsed() - started,
            failure=failure,
            result=result,
            reason=reason,
            zones=tuple(walk.zones),
            purpose=trace.purpose,
        )
        trace.keep(step)
    return step


class _Walk:
    """One way from the root down to a name."""

    def __init__(self, trace: Trace, engine: Engine, resolvers: Resolvers, anchors: tuple[str, ...]) -> None:
        self._trace = trace
        self._engine = engine
        self._resolvers = resolvers
        self._anchors = anchors
        self._trusted: Engine = "doh" if resolvers.doh is not None else "tcp" if resolvers.udp is not None else engine
        self._now = trace.started.timestamp()
        self.zones: list[str] = []

    async def judge(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
        """Go down and look; always ends with what was found."""
        keys = await self._keys(dns.name.root, dns.rrset.from_text_list(".", 0, "IN", "DS", list(self._anchors)))
        for depth in range(2, len(name) + 1):
            keys = await self._descend(keys, name.split(depth)[1])
        self._of_answer(await self._ask(self._engine, name, kind), name, kind, keys)

    async def _descend(self, keys: Keys, child: dns.name.Name) -> Keys:
        """The keys of the zone that begins at `child`, or the same ones where none does."""
        said = await self._ask(self._trusted, child, dns.rdatatype.DS)
        records = said.get_rrset(said.answer, child, dns.rdataclass.IN, dns.rdatatype.DS)
        if records is not None:
            self._check(said, said.answer, records, keys, "the parent's word on a zone")
            return await self._keys(child, records)
        if said.get_rrset(said.answer, child, dns.rdataclass.IN, dns.rdatatype.CNAME) is not None:
            return keys
        for proof in self._proofs(said, keys):
            if _says(proof, child, dns.rdatatype.NS) or _opts_out(proof, child):
                raise _Judged("insecure", f"{child.to_text()} is not signed, as its parent proves")
            return keys
        raise _Judged("indeterminate", f"nothing proves whether {child.to_text()} is signed")

    async def _keys(self, zone: dns.name.Name, delegated: dns.rrset.RRset) -> Keys:
        said = await self._ask(self._trusted, zone, dns.rdatatype.DNSKEY)
        records = said.get_rrset(said.answer, zone, dns.rdataclass.IN, dns.rdatatype.DNSKEY)
        if records is None:
            raise _Judged("indeterminate", f"the keys of {zone.to_text()} were not told")
        vouched = [key for key in records if any(_is_of(zone, key, each) for each in delegated)]
        if not vouched:
            raise _Judged("bogus", f"no key of {zone.to_text()} is one that its parent names")
        entry = dns.rrset.from_rdata_list(zone, records.ttl, vouched)
        self._check(said, said.answer, records, {zone: entry}, f"the keys of {zone.to_text()}")
        self.zones.append(zone.to_text())
        return {zone: records}

    def _of_answer(
        self, said: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType, keys: Keys
    ) -> None:
        for each in (kind, dns.rdatatype.CNAME):
            records = said.get_rrset(said.answer, name, dns.rdataclass.IN, each)
            if records is not None:
                self._check(said, said.answer, records, keys, "the answer")
                raise _Judged("secure", "signed by its owner")
        if said.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise _Judged("indeterminate", f"the resolver says {dns.rcode.to_text(said.rcode())}")
        for proof in self._proofs(said, keys):
            if _covers(proof, name) or (_is_at(proof, name) and not _says(proof, name, kind)):
                raise _Judged("secure", "its absence is signed by its owner")
        raise _Judged("bogus", "the name or type is denied, and nothing signed says so")

    def _proofs(self, said: dns.message.Message, keys: Keys) -> Iterator[dns.rrset.RRset]:
        """The records about what is not there whose signature holds."""
        for records in said.authority:
            if records.rdtype in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3) and _holds(
                said.authority, said, records, keys, self._now
            ):
                yield records

    def _check(
        self, said: dns.message.Message, section: list[dns.rrset.RRset], records: dns.rrset.RRset, keys: Keys, of: str
    ) -> None:
        if _signature(said, section, records) is None:
            raise _Judged("bogus", f"{of}: no signature, and the zone is signed")
        if not _holds(section, said, records, keys, self._now):
            raise _Judged("bogus", f"{of}: the signature does not fit")

    async def _ask(self, engine: Engine, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.message.Message:
        asked = dns.message.make_query(name, kind, use_edns=0, want_dnssec=True, payload=_PAYLOAD)
        asked.flags |= dns.flags.CD
        said = dns.message.from_wire(await exchange(self._trace, engine, self._resolvers, asked.to_wire()))
        if not asked.is_response(said):
            raise ValueError("an answer to some other question")
        return said


def _is_of(zone: dns.name.Name, key: object, delegated: object) -> bool:
    try:
        made = dns.dnssec.make_ds(zone, key, delegated.digest_type, validating=True)  # type: ignore[attr-defined, arg-type]
    except (dns.exception.DNSException, ValueError):
        return False
    return bool(made == delegated)


def _signature(
    said: dns.message.Message, section: list[dns.rrset.RRset], records: dns.rrset.RRset
) -> dns.rrset.RRset | None:
    return said.get_rrset(section, records.name, records.rdclass, dns.rdatatype.RRSIG, records.rdtype)


def _holds(
    section: list[dns.rrset.RRset], said: dns.message.Message, records: dns.rrset.RRset, keys: Keys, now: float
) -> bool:
    signature = _signature(said, section, records)
    if signature is None:
        return False
    try:
        dns.dnssec.validate(records, signature, dict(keys), now=now)
    except (dns.exception.DNSException, ValueError, KeyError):
        return False
    return True


def _owner(proof: dns.rrset.RRset, name: dns.name.Name) -> tuple[str, str, str] | None:
    """For NSEC3: the hash in the owner's name, that of `name` and the next one; None for parameters nobody knows."""
    record = proof[0]
    if not isinstance(record, dns.rdtypes.ANY.NSEC3.NSEC3):
        return None
    hashed = dns.dnssec.nsec3_hash(name, record.salt, record.iterations, record.algorithm).lower()
    following = record.to_text().split()[4].lower()
    return proof.name.labels[0].decode("ascii", errors="replace").lower(), hashed, following


def _is_at(proof: dns.rrset.RRset, name: dns.name.Name) -> bool:
    if proof.rdtype == dns.rdatatype.NSEC:
        return bool(proof.name == name)
    found = _owner(proof, name)
    return found is not None and found[0] == found[1]


def _covers(proof: dns.rrset.RRset, name: dns.name.Name) -> bool:
    """Whether the proof says that there is nothing at `name`."""
    record = proof[0]
    if isinstance(record, dns.rdtypes.ANY.NSEC.NSEC):
        return bool(proof.name < name and (name < record.next or record.next <= proof.name))
    found = _owner(proof, name)
    if found is None:
        return False
    before, at, after = found
    return before < at < after or (after <= before and (at > before or at < after))


def _says(proof: dns.rrset.RRset, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> bool:
    """Whether the proof stands at `name` and lists a type there."""
    return _is_at(proof, name) and dns.rdatatype.to_text(kind) in proof[0].to_text().split()


def _opts_out(proof: dns.rrset.RRset, name: dns.name.Name) -> bool:
    """Whether unsigned zones may stand in the gap that `name` falls into (RFC 5155 §6)."""
    record = proof[0]
    return isinstance(record, dns.rdtypes.ANY.NSEC3.NSEC3) and bool(record.flags & _OPT_OUT) and _covers(proof, name)
