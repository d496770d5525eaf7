"""How far an exchange came, noted while it runs, so that it survives when the exchange breaks off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from probes.steps.body import BodyReader
from probes.steps.exchange import CHUNK, Head
from probes.steps.tcp import Channel

_GRAIN = 0.02
"""Seconds between two points of a response's course, so that 10 s make at most 500 of them."""


@dataclass(slots=True)
class Progress:
    """The response as far as it came, and when its bytes did."""

    head: Head | None = None
    reader: BodyReader | None = None
    first_byte: float | None = None
    received: int = 0
    arrivals: list[tuple[float, int]] = field(default_factory=list)

    def note(self, count: int, now: float) -> None:
        """Note that `count` more bytes are there."""
        self.first_byte = now if self.first_byte is None else self.first_byte
        self.received += count
        if len(self.arrivals) > 1 and now - self.arrivals[-2][0] < _GRAIN:
            self.arrivals.pop()
        self.arrivals.append((now, self.received))


class Watched:
    """A channel that notes when the bytes of the response came."""

    def __init__(self, channel: Channel, progress: Progress, elapsed: Callable[[], float]) -> None:
        self._channel = channel
        self._progress = progress
        self._elapsed = elapsed

    @property
    def alpn(self) -> str:
        """As the channel beneath."""
        return self._channel.alpn

    @property
    def peer(self) -> tuple[str, int]:
        """As the channel beneath."""
        return self._channel.peer

    async def read(self, most: int = CHUNK) -> bytes:
        """As the channel beneath."""
        data = await self._channel.read(most)
        if data:
            self._progress.note(len(data), self._elapsed())
        return data

    async def write(self, data: bytes) -> None:
        """As the channel beneath."""
        await self._channel.write(data)

    def close(self) -> None:
        """As the channel beneath."""
        self._channel.close()
