"""Answers to DNS questions: the true one, which the internet's data give, and the forged one of a rule."""

from __future__ import annotations

import ipaddress

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from probes.testing.censor import DNSForgery
from probes.testing.internet import Internet, Site
from probes.testing.wire import Stream

_TTL = 300


def question(wire: bytes) -> tuple[dns.message.Message, str] | None:
    """A query and the name it asks about, lower case; None where the bytes are no query of one question."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if query.flags & dns.flags.QR or len(query.question) != 1:
        return None
    return query, query.question[0].name.to_text(omit_final_dot=True).lower()


def true_answer(query: dns.message.Message, internet: Internet) -> bytes:
    """What an honest resolver answers: addresses of the family asked for, or NXDOMAIN where the name does not exist."""
    asked = query.question[0].name.to_text(omit_final_dot=True).lower()
    name = asked if asked in internet.records else internet.aliases.get(asked, asked)
    addresses = internet.addresses_of(name)
    response = dns.message.make_response(query, recursion_available=True)
    if addresses is None:
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()
    if name != asked:
        response.answer.append(dns.rrset.from_text(query.question[0].name, _TTL, "IN", "CNAME", f"{name}."))
    _add_addresses(response, name, addresses)
    _add_service(response, internet.site_named(name))
    return response.to_wire()


def forged_answer(query: dns.message.Message, forgery: DNSForgery) -> bytes:
    """What an injector answers: addresses of the family asked for, and no EDNS, by which many injectors are known."""
    response = dns.message.make_response(query, recursion_available=True)
    response.use_edns(False)
    response.set_rcode(dns.rcode.Rcode(forgery.rcode))
    if forgery.garbled:
        response.id ^= 1
    _add_addresses(response, query.question[0].name.to_text(omit_final_dot=True), forgery.answers)
    return response.to_wire()


async def serve_dns(stream: Stream, internet: Internet) -> None:
    """Answer questions over TCP (RFC 1035 §4.2.2), truly: injectors are known for UDP."""
    data = b""
    while more := await stream.read():
        data += more
        while len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2], "big"):
            length = 2 + int.from_bytes(data[:2], "big")
            found, data = question(data[2:length]), data[length:]
            if found is None:
                return
            answer = true_answer(found[0], internet)
            await stream.write(len(answer).to_bytes(2, "big") + answer)


def _add_service(response: dns.message.Message, site: Site | None) -> None:
    """The HTTPS record (RFC 9460) of a site that speaks HTTP/3, where it is asked for."""
    asked = response.question[0]
    if asked.rdtype == dns.rdatatype.HTTPS and site is not None and site.quic:
        response.answer.append(dns.rrset.from_text(asked.name, _TTL, "IN", "HTTPS", "1 . alpn=h3,h2"))


def _add_addresses(response: dns.message.Message, name: str, addresses: tuple[str, ...]) -> None:
    """Put those addresses into the answer whose family the question asks for (A or AAAA)."""
    family = {dns.rdatatype.A: 4, dns.rdatatype.AAAA: 6}.get(response.question[0].rdtype)
    fitting = [address for address in addresses if ipaddress.ip_address(address).version == family]
    if fitting:
        response.answer.append(dns.rrset.from_text(f"{name}.", _TTL, "IN", response.question[0].rdtype, *fitting))
