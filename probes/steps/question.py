"""DNS messages: the question that is asked, and what the bytes of an answer say."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from probes.model import Answer

PAYLOAD = 1232
"""The UDP size that is offered: what fits IPv6's minimum MTU (DNS flag day 2020)."""
_MOST_ANSWERS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it was read; `stray` says that it belongs to some other question."""

    rcode: int | None = None
    answers: tuple[Answer, ...] = ()
    edns: bool = False
    authoritative: bool = False
    truncated: bool = False
    malformed: bool = False
    stray: bool = False

    @property
    def acceptable(self) -> bool:
        """Whether a resolver library would have taken it."""
        return not self.malformed and not self.stray

    def holds(self, query_type: str) -> bool:
        """Whether a record of the asked type is among the answers."""
        return any(answer.type == query_type for answer in self.answers)


def ask(name: str, query_type: str, *, identified: bool = True) -> dns.message.Message:
    """A question with EDNS; its id is random, or 0 where a cache between is to know it again (RFC 8484 §4.1).

    >>> ask("kloop.kg", "A", identified=False).to_wire().hex()[:24]
    '000001000001000000000001'
    """
    return dns.message.make_query(name, query_type, use_edns=0, payload=PAYLOAD, id=None if identified else 0)


def read(question: dns.message.Message, wire: bytes) -> Reply:
    """What `wire` answers to `question`; never raises: bytes that are no DNS message are `malformed`.

    >>> read(ask("kloop.kg", "A"), b"HTTP/1.1 403").malformed
    True
    """
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
        return Reply(
            rcode=int(message.rcode()),
            answers=_answers(message),
            edns=message.edns >= 0,
            authoritative=bool(message.flags & dns.flags.AA),
            truncated=bool(message.flags & dns.flags.TC),
            stray=not question.is_response(message),
        )
    except (dns.exception.DNSException, ValueError, struct.error):
        return Reply(malformed=True, stray=wire[:2] != question.id.to_bytes(2, "big"))


def _answers(message: dns.message.Message) -> tuple[Answer, ...]:
    found = []
    for records in message.answer:
        for record in records:
            match record.rdtype:
                case dns.rdatatype.A | dns.rdatatype.AAAA:
                    value = record.address
                case dns.rdatatype.CNAME:
                    value = record.target.to_text(omit_final_dot=True)
                case _:
                    continue
            found.append(Answer(type=dns.rdatatype.to_text(record.rdtype), value=value, ttl=records.ttl))
    return tuple(found[:_MOST_ANSWERS])
