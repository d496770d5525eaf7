"""A censoring box on a router: reads what passes, and drops, forges, marks, or breaks TLS open, as a behaviour says."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from probes.initial import server_name
from probes.testing.censor import FirstFlight
from probes.testing.flight import read_flight
from tests.lab.behaviour import MARK, MITM_PORT, NOTHING, Behaviour
from tests.lab.namespaces import Namespaces
from tests.lab.packet_queue import PacketQueue, Queued
from tests.lab.packets import ACK, FIN, PSH, RST, SYN, TCP, Flow, Packet, datagram, read, segment

PAGE = b"<html><head><title>Access denied</title></head><body><h1>Blocked by order 42</h1></body></html>"
_ANSWERS = {
    "page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://blocked.isp.test/\r\n",
}
_QUIC = 443
_TABLES = ("mangle", "nat", "filter")


class Middlebox:
    """Does what a behaviour says to everything that passes `node`; part of the lab's process."""

    def __init__(self, namespaces: Namespaces, node: str, interception: ssl.SSLContext) -> None:
        self._namespaces = namespaces
        self._node = node
        self._interception = interception
        self._behaviour = NOTHING
        self._flows: dict[Flow, bytes | None] = {}
        """What was said so far; None once a flow has been looked at."""
        self._condemned: set[Flow] = set()
        """Flows of which nothing may pass any more: a client says again what it gets no answer to."""
        with namespaces.inside(node):
            self._raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._queue = PacketQueue(1, self._asked)
            self._listener = socket.create_server(("0.0.0.0", MITM_PORT))
        asyncio.get_running_loop().add_reader(self._queue, self._queue.ready)

    async def start(self) -> None:
        """Answer intercepted TLS connections from now on."""
        self._server = await asyncio.start_server(_impersonate, sock=self._listener, ssl=self._interception)

    def behave(self, behaviour: Behaviour) -> None:
        """Do this from now on; connections of before are forgotten."""
        for node in self._behaviour.down:
            self._namespaces.ip(node, "link set to-r1 up", "route add default via 198.18.1.1")
        with self._namespaces.inside(self._node):
            subprocess.run(["iptables-restore"], input=_written(behaviour.rules), text=True, check=True)
            subprocess.run(["ip6tables-restore"], input=_written(behaviour.rules_6), text=True, check=True)
        for node in behaviour.down:
            self._namespaces.ip(node, "link set to-r1 down")
        self._behaviour = behaviour
        self._flows.clear()
        self._condemned.clear()

    def _asked(self, queued: Queued) -> None:
        packet = read(queued.packet)
        if packet is None:
            self._queue.accept(queued)
        elif packet.protocol == TCP:
            self._see_segment(queued, packet)
        elif packet.flow[3] == _QUIC:
            self._see_initial(queued, packet)
        else:
            self._see_question(queued, packet)

    def _see_initial(self, queued: Queued, packet: Packet) -> None:
        """A flow that has shown a name is condemned: later datagrams of it show none."""
        if self._behaviour.quic == "drop" and server_name([packet.data]) in self._behaviour.names:
            self._condemned.add(packet.flow)
        if packet.flow in self._condemned:
            return self._queue.drop(queued)
        return self._queue.accept(queued)

    def _see_question(self, queued: Queued, packet: Packet) -> None:
        does = self._behaviour.dns
        question = dns.message.from_wire(packet.data)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        if does is None or name not in self._behaviour.names:
            return self._queue.accept(queued)
        if does != "drop":
            self._send(datagram(packet.back, _forged(question, self._behaviour.forged)))
        return self._queue.accept(queued) if does == "race" else self._queue.drop(queued)

    def _see_segment(self, queued: Queued, packet: Packet) -> None:
        if packet.flags & SYN:
            self._flows[packet.flow] = b""
            self._condemned.discard(packet.flow)
        elif packet.flow in self._condemned:
            return self._queue.drop(queued)
        said = self._flows.get(packet.flow)
        if said is None or not packet.data:
            return self._queue.accept(queued)
        flight = read_flight(said + packet.data)
        self._flows[packet.flow] = said + packet.data if flight is None else None
        act = self._act_for(flight) if flight else None
        return act(queued, packet) if act else self._queue.accept(queued)

    def _act_for(self, flight: FirstFlight) -> Callable[[Queued, Packet], None] | None:
        names = self._behaviour.names
        if flight.server_name in names and self._behaviour.sni is not None:
            return getattr(self, f"_{self._behaviour.sni}")
        if flight.host in names and self._behaviour.host is not None:
            return getattr(self, f"_{self._behaviour.host}")
        return None

    def _drop(self, queued: Queued, packet: Packet) -> None:
        self._condemned.add(packet.flow)
        self._queue.drop(queued)

    def _reset(self, queued: Queued, packet: Packet) -> None:
        self._tear_down(packet)
        self._drop(queued, packet)

    def _race(self, queued: Queued, packet: Packet) -> None:
        self._tear_down(packet)
        self._queue.accept(queued)

    def _throttle(self, queued: Queued, packet: Packet) -> None:
        self._queue.accept(queued, mark=MARK)

    def _page(self, queued: Queued, packet: Packet) -> None:
        self._answer(queued, packet, "page", PAGE)

    def _redirect(self, queued: Queued, packet: Packet) -> None:
        self._answer(queued, packet, "redirect", b"")

    def _answer(self, queued: Queued, packet: Packet, kind: str, body: bytes) -> None:
        """Speak in the server's place, and let it think that the client has left."""
        response = _ANSWERS[kind] + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
        end = packet.seq + len(packet.data)
        self._send(segment(packet.back, seq=packet.ack, ack=end, flags=PSH | FIN | ACK, data=response))
        self._send(segment(packet.flow, seq=packet.seq, flags=RST))
        self._drop(queued, packet)

    def _tear_down(self, packet: Packet) -> None:
        """Resets to both sides, each with the number that the receiver waits for (RFC 5961 §3.2)."""
        end = packet.seq + len(packet.data)
        self._send(segment(packet.back, seq=packet.ack, ack=end, flags=RST | ACK))
        self._send(segment(packet.flow, seq=packet.seq, flags=RST))

    def _send(self, raw: bytes) -> None:
        self._raw.sendto(raw, (socket.inet_ntoa(raw[16:20]), 0))


def _forged(question: dns.message.Message, address: str | None) -> bytes:
    """An answer as injectors give it: no EDNS, whatever was asked."""
    answer = dns.message.make_response(question)
    answer.use_edns(False)
    answer.flags |= dns.flags.RA
    asked = question.question[0]
    if address is None:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif asked.rdtype == dns.rdatatype.A:
        answer.answer.append(dns.rrset.from_text(asked.name, 300, "IN", "A", address))
    return answer.to_wire()


def _written(all_rules: tuple[str, ...]) -> str:
    """The rules in the form of iptables-restore(8), which replaces each named table at once."""
    lines = []
    for table in _TABLES:
        rules = [rule.removeprefix(f"{table} ") for rule in all_rules if rule.startswith(table)]
        lines += [f"*{table}", *rules, "COMMIT"]
    return "\n".join([*lines, ""])


async def _impersonate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Whoever took the forged certificate gets the page; nobody whom we test does."""
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_ANSWERS["page"] + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE)
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()
