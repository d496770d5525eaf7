"""DNS messages: the question that is asked, and what the bytes of an answer say."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.rdataclass
import dns.rdatatype

from probes.model import Answer
from probes.steps import plain

PAYLOAD = 1232
"""The UDP size that is offered: what fits IPv6's minimum MTU (DNS flag day 2020)."""
_MOST_ANSWERS = 128
_MOST_OPTIONS = 16
_LONGEST_TEXT = 512
_LOTS = random.SystemRandom()
"""The id is what keeps out a forger who cannot see the question (RFC 5452 §4): nobody may guess the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it was read; `stray` says that it belongs to some other question."""

    rcode: int | None = None
    answers: tuple[Answer, ...] = ()
    edns_payload: int | None = None
    edns_options: tuple[int, ...] = ()
    flags: int | None = None
    authoritative: bool = False
    truncated: bool = False
    malformed: bool = False
    stray: bool = False

    @property
    def edns(self) -> bool:
        """Whether it has EDNS, which many injectors leave out."""
        return self.edns_payload is not None

    @property
    def acceptable(self) -> bool:
        """Whether a resolver library would have taken it."""
        return not self.malformed and not self.stray

    @property
    def addresses(self) -> tuple[str, ...]:
        """The IP addresses in it; none where it says that something went wrong."""
        return () if self.rcode else tuple(each.value for each in self.answers if each.type in ("A", "AAAA"))

    def holds(self, query_type: str) -> bool:
        """Whether a record of the asked type is among the answers."""
        return any(answer.type == query_type for answer in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as it is sent."""

    wire: bytes

    @property
    def message(self) -> dns.message.Message:
        """The same as dnspython has it."""
        return dns.message.from_wire(self.wire)


def ask(name: str, query_type: str, *, identified: bool = True) -> Question:
    """A question with EDNS; its id is random, or 0 where a cache between is to know it again (RFC 8484 §4.1).

    >>> ask("kloop.kg", "A", identified=False).wire.hex()[:24]
    '000001000001000000000001'
    """
    number = _LOTS.getrandbits(16) if identified else 0
    wire = plain.write(name, query_type, number, PAYLOAD)
    if wire is None:
        wire = dns.message.make_query(name, query_type, use_edns=0, payload=PAYLOAD, id=number).to_wire()
    return Question(wire=wire)


def read(question: Question, wire: bytes) -> Reply:
    """What `wire` answers to `question`; never raises: bytes that are no DNS message are `malformed`.

    >>> read(ask("kloop.kg", "A"), b"HTTP/1.1 403").malformed
    True
    """
    ordinary = plain.read(question.wire, wire)
    if ordinary is None:
        return _read_with_care(question, wire)
    return Reply(
        rcode=ordinary.flags & 0xF,
        answers=ordinary.answers,
        edns_payload=ordinary.edns,
        flags=ordinary.flags,
        authoritative=bool(ordinary.flags & dns.flags.AA),
        truncated=bool(ordinary.flags & dns.flags.TC),
    )


def _read_with_care(question: Question, wire: bytes) -> Reply:
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
        return Reply(
            rcode=int(message.rcode()),
            answers=_answers(message),
            edns_payload=message.payload if message.edns >= 0 else None,
            edns_options=tuple(int(each.otype) for each in message.options[:_MOST_OPTIONS]),
            flags=int(message.flags) | int(message.rcode()) & 0xF,
            authoritative=bool(message.flags & dns.flags.AA),
            truncated=bool(message.flags & dns.flags.TC),
            stray=not question.message.is_response(message),
        )
    except (dns.exception.DNSException, ValueError, struct.error):
        return Reply(malformed=True, stray=wire[:2] != question.wire[:2])


def _answers(message: dns.message.Message) -> tuple[Answer, ...]:
    found = []
    for records in message.answer:
        if records.rdclass != dns.rdataclass.IN:
            continue  # an address of another class is none that could be dialled
        for record in records:
            match record.rdtype:
                case dns.rdatatype.A | dns.rdatatype.AAAA:
                    value = record.address
                case dns.rdatatype.CNAME:
                    value = record.target.to_text(omit_final_dot=True)
                case dns.rdatatype.HTTPS:
                    value = record.to_text()[:_LONGEST_TEXT]
                case _:
                    continue
            found.append(Answer(type=dns.rdatatype.to_text(record.rdtype), value=value, ttl=records.ttl))
    return tuple(found[:_MOST_ANSWERS])
