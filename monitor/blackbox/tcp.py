"""The prober `tcp`: a connection, TLS where asked for, and a conversation of lines."""

from __future__ import annotations

import re
from contextlib import closing

from monitor.blackbox.address import resolve
from monitor.blackbox.modules import Module, QueryResponse, TCPProbe
from monitor.blackbox.place import host_and_port
from monitor.blackbox.probing import ProbeFailedError, Probing
from monitor.blackbox.security import wrap
from probes.steps.tcp import Channel, Stream, dial

_LONGEST = 1 << 20
"""Bytes that are read for one `expect`."""


async def probe(module: Module, target: str, probing: Probing) -> None:
    """Return where the probe succeeded; ProbeFailedError, or what a network raises, where it did not."""
    config = module.tcp
    probing.set("probe_failed_due_to_regex", 0)
    host, port = host_and_port(target)
    address = await resolve(probing, host, config.preferred_ip_protocol, fallback=config.ip_protocol_fallback)
    stream = await dial(probing.network, address, port)
    with closing(stream):
        probing.say("Successfully dialed")
        channel: Channel = stream
        if config.tls:
            channel = await wrap(probing, stream, host, config.tls_config)
        await _converse(probing, config, _Lines(channel), stream, host)


class _Lines:
    """A channel as lines."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._rest = b""

    async def next(self) -> str | None:
        """The next line without its end; None where no more come."""
        while b"\n" not in self._rest and len(self._rest) < _LONGEST:
            data = await self.channel.read(65536)
            if not data:
                line, self._rest = self._rest, b""
                return line.decode("utf-8", errors="replace") if line else None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", errors="replace")


async def _converse(probing: Probing, config: TCPProbe, lines: _Lines, stream: Stream, host: str) -> None:
    for turn in config.query_response:
        probing.say(f"Processing query response entry expect={turn.expect!r} send={turn.send!r}")
        found = await _expected(probing, turn, lines) if turn.expect else None
        if turn.send:
            text = _expanded(turn.send, found)
            await lines.channel.write(f"{text}\n".encode())
        if turn.starttls:
            lines = _Lines(await wrap(probing, stream, host, config.tls_config))


async def _expected(probing: Probing, turn: QueryResponse, lines: _Lines) -> re.Match[str]:
    """The first line that fits."""
    read = 0
    while (line := await lines.next()) is not None and read < _LONGEST:
        read += len(line) + 1
        probing.say(f"Read line line={line[:200]!r}")
        if (found := re.search(turn.expect, line)) is not None:
            return found
    probing.set("probe_failed_due_to_regex", 1)
    raise ProbeFailedError(f"Regexp did not match regexp={turn.expect}")


def _expanded(text: str, found: re.Match[str] | None) -> str:
    """Groups of the expected line in the place of `$1` and `${1}`, as Go expands them."""
    if found is None:
        return text
    groups = (found.group(0), *(group or "" for group in found.groups()))

    def put(reference: re.Match[str]) -> str:
        number = int(reference[1] or reference[2])
        return groups[number] if number < len(groups) else ""

    return re.sub(r"\$(?:\{(\d{1,3})\}|(\d{1,3}))", put, text)
