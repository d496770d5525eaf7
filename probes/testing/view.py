"""A network of the lab as one vantage point sees it: which endpoint plays an address, and what happens there."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from functools import partial

from probes.network import AddressRange, Transport, screen
from probes.testing.censor import (
    DNSForgery,
    NoIPv6,
    Outage,
    Rule,
    action_on,
    address_block_of,
    blocks_quic,
    forgery_of,
    of_kind,
    punishes,
    quic_block_of,
)
from probes.testing.conversation import Scene, answer, certificate_of, converse, first_flight
from probes.testing.endpoints import Address, Received
from probes.testing.names import forged_answer, question, serve_dns, true_answer
from probes.testing.stage import Stage
from probes.testing.wire import Secure, Wire

FORGED_TTL = 57
TRUE_TTL = 61
"""IP TTLs of injected and of true DNS answers: an injector sits at another distance than the resolver it speaks for."""

RACE_GAP = 0.01
"""Seconds by which an injected DNS answer comes before the true one."""

_DNS = 53
_DOT = 853
_QUIC = 443
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_ERRORS = {"reset": errno.ECONNRESET, "unreachable": errno.EHOSTUNREACH, "denied": errno.EACCES}


class View:
    """A `probes.network.Network` whose `rules` may be changed at any time.

    A rule about addresses acts when a socket is opened, a rule about names when the name arrives. Views are made by
    `Loopback.network`.
    """

    def __init__(
        self, stage: Stage, name: str, *, rules: tuple[Rule, ...], resolver: str, allow: tuple[AddressRange, ...]
    ) -> None:
        self.name = name
        self.rules = rules
        self._stage = stage
        self._resolver = resolver
        self._allow = allow
        self._punished: set[str] = set()
        self._listening: dict[tuple[str, int, Transport], Address] = {}

    @property
    def resolver(self) -> tuple[str, int]:
        """The logical address and port of this network's own resolver."""
        return self._resolver, _DNS

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The lab's one trusted root certificate (DER)."""
        return (self._stage.certificates.trusted.der,)

    def screen(self, address: str) -> str | None:
        """The reason why a logical address must not be dialled, by the system network's list; None where it may be."""
        return screen(address, self._allow)

    def open(self, address: str, port: int, transport: Transport) -> tuple[socket.socket, tuple[str, int]]:
        """A socket and the loopback endpoint that plays a logical one; OSError where the system says so at once."""
        error = self._error(address, port)
        if error is not None:
            raise OSError(error, os.strerror(error))
        endpoint = self._endpoint(address, port, transport)
        sock = socket.socket(socket.AF_INET, _KINDS[transport])
        sock.setblocking(False)
        return sock, endpoint

    def _error(self, address: str, port: int) -> int | None:
        """The errno of a connection that this machine does not even begin, or that fails while it is opened."""
        stranded = ":" in address and NoIPv6() in self.rules
        if stranded or Outage(how="unreachable") in self.rules:
            return errno.ENETUNREACH
        block = address_block_of(self.rules, address, port)
        return _ERRORS.get(block.action) if block is not None and isinstance(block.action, str) else None

    def _endpoint(self, address: str, port: int, transport: Transport) -> Address:
        """Silence for what is blackholed, dead or owned by nobody; refusal for closed ports; else a server."""
        site = self._stage.internet.site_at(address)
        block = address_block_of(self.rules, address, port)
        effect = block.action if block else None
        if transport == "udp" and port == _QUIC and (all_quic := quic_block_of(self.rules, address)) is not None:
            effect = effect or all_quic.action
        serves = (site is not None and port in site.ports) or (port == _DNS and self._resolves(address))
        quic = port == _QUIC and site is not None and (site.quic or site.quic_backend is not None)
        listens = (quic or self._answers_dns(address, port)) if transport == "udp" else serves
        dropped = effect == "drop" or address in self._punished
        if of_kind(self.rules, Outage) or dropped or (site is not None and site.state == "silent"):
            return self._stage.endpoints.silent(_KINDS[transport])
        if effect == "refuse" or (site is not None and site.state == "refusing"):
            return self._stage.endpoints.refusing()
        if listens:
            return self._listener(address, port, transport)
        return self._stage.endpoints.refusing() if site else self._stage.endpoints.silent(_KINDS[transport])

    def _answers_dns(self, address: str, port: int) -> bool:
        """Whether a question to a UDP endpoint can get an answer: from a resolver, or from an injector on the way."""
        injected = any(rule.where == "wire" for rule in of_kind(self.rules, DNSForgery))
        return port == _DNS and (injected or self._resolves(address))

    def _resolves(self, address: str) -> bool:
        site = self._stage.internet.site_at(address)
        return address == self._resolver or (site is not None and site.resolver)

    def _listener(self, address: str, port: int, transport: Transport) -> Address:
        """The loopback endpoint of a server, made when it is first asked for."""
        key = address, port, transport
        if key not in self._listening:
            self._listening[key] = self._listen(address, port, transport)
        return self._listening[key]

    def _listen(self, address: str, port: int, transport: Transport) -> Address:
        endpoints = self._stage.endpoints
        if transport == "tcp":
            return endpoints.tcp(partial(self._met, address, port))
        return endpoints.udp(self._quic(address) if port == _QUIC else partial(self._asked, address))

    def _quic(self, address: str) -> Received:
        """The site's HTTP/3, or the real server that plays it, behind this network's rules."""
        from probes.testing.quic import Filter, Relayed, Served  # noqa: PLC0415 - the extra `quic` may be absent

        site = self._stage.internet.site_at(address)
        assert site is not None, "QUIC is listened for at sites only"
        server: Served | Relayed
        if site.quic_backend is not None:
            server = Relayed(site.quic_backend)
        else:
            pem = self._stage.certificates.pem(*certificate_of(site, site.names[0]))
            server = Served(pem, partial(answer, self._scene(address, _QUIC), None), site.quic_versions)
        self._stage.at_the_end(server.close)
        return Filter(lambda name: blocks_quic(self.rules, address, name), server).receive

    def _asked(self, address: str, sock: socket.socket, data: bytes, peer: Address) -> None:
        """Answer one DNS question: truly, with a lie, with a lie and then truly, or not at all."""
        found = question(data)
        if found is None or of_kind(self.rules, Outage):
            return
        query, name = found
        forgery = forgery_of(self.rules, name, at_resolver=address == self._resolver)
        if forgery is not None and forgery.drop:
            return
        injected = forgery is not None and forgery.where == "wire"
        if forgery is not None and forgery.where == "authority" and not self._resolves(address):
            return
        if forgery is not None:
            _send(sock, forged_answer(query, forgery), peer, FORGED_TTL if injected else TRUE_TTL)
        if self._resolves(address) and (forgery is None or injected):
            truth = partial(_send, sock, true_answer(query, self._stage.internet), peer, TRUE_TTL)
            self._stage.later(RACE_GAP if injected else 0, truth)

    def _met(self, address: str, port: int, sock: socket.socket) -> None:
        self._stage.start(sock, self._converse(address, port, Wire(sock)))

    async def _converse(self, address: str, port: int, wire: Wire) -> None:
        """One connection, from its first data to its end; a peer that breaks off is no fault of the lab."""
        with contextlib.suppress(OSError):
            if port == _DNS:
                await serve_dns(wire, self._stage.internet)
                return
            if port == _DOT:
                await self._answer_over_tls(address, wire)
                return
            flight = await first_flight(wire)
            if flight is not None:
                if punishes(self.rules, flight):
                    self._punished.add(address)
                action = action_on(self.rules, address, port, flight)
                await converse(wire, flight, action, self._scene(address, port))

    async def _answer_over_tls(self, address: str, wire: Wire) -> None:
        """DNS over TLS (RFC 7858), where nobody on the path can lie: it is cut by its server name, or passes."""
        flight = await first_flight(wire)
        site = self._stage.internet.site_at(address)
        if flight is None or site is None:
            return
        if action_on(self.rules, address, _DOT, flight) is not None:
            wire.reset()
            return
        secure = Secure(wire, self._stage.certificates.context(*certificate_of(site, site.names[0])))
        await secure.handshake()
        await serve_dns(secure, self._stage.internet)

    def _scene(self, address: str, port: int) -> Scene:
        internet, certificates = self._stage.internet, self._stage.certificates
        return Scene(
            internet=internet, certificates=certificates, view=self.name, address=address, port=port, rules=self.rules
        )


def _send(sock: socket.socket, answer: bytes, peer: Address, ttl: int) -> None:
    """Send a datagram with that IP TTL; a peer that has gone is nobody's fault."""
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    with contextlib.suppress(OSError):
        sock.sendto(answer, peer)
