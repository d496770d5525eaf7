"""Waiting until a socket can be read from or written to, with as few words to the event loop as can be.

`loop.sock_recv` and `loop.sock_connect` register and unregister a socket for each wait. Here it stays registered for
reading from its first wait until it is closed, which takes two thirds off what a wait costs.
"""

from __future__ import annotations

import asyncio
import socket


class Readiness:
    """What the loop says of one non-blocking socket; one task at a time may wait."""

    def __init__(self, watched: socket.socket) -> None:
        self._number = watched.fileno()  # the loop would describe the socket at length, in errors that nobody sees
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._heard = False

    async def readable(self) -> None:
        """Return when something may be there to read: bytes, an end or an error; who finds nothing waits again."""
        self._waiter = self._loop.create_future()
        if not self._heard:
            self._loop.add_reader(self._number, self._wake)
            self._heard = True
        await self._waiter

    async def writable(self) -> None:
        """Return when something can be written, or when a connection was made or failed."""
        waiter = self._loop.create_future()
        self._loop.add_writer(self._number, _settle, waiter)
        try:
            await waiter
        finally:
            self._loop.remove_writer(self._number)

    def close(self) -> None:
        """Tell the loop to forget the socket; to be called before it is closed. Calling it twice is harmless."""
        if self._heard:
            self._loop.remove_reader(self._number)
            self._heard = False

    def _wake(self) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # nobody waits: the loop would say it again and again
        else:
            self._waiter.set_result(None)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
