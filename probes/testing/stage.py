"""What runs while a lab is open: its sockets, its certificates, the conversations and answers under way."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from pathlib import Path

from probes.testing.certificates import Certificates
from probes.testing.endpoints import Endpoints
from probes.testing.internet import Internet


class Stage:
    """Everything that has to be gone when the lab closes; made inside a running event loop."""

    def __init__(self, internet: Internet, now: datetime) -> None:
        self.internet = internet
        self._loop = asyncio.get_running_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="presscanary-lab-")
        self.certificates = Certificates(Path(self._folder.name), now)
        self.endpoints = Endpoints(self._loop)
        self._conversations: set[asyncio.Task[None]] = set()
        self._answers: set[asyncio.TimerHandle] = set()
        self._faults: list[BaseException] = []
        self._closing: list[Callable[[], None]] = []

    def start(self, sock: socket.socket, conversation: Coroutine[None, None, None]) -> None:
        """Let a conversation run beside everything else; its exception, if any, is a fault of the lab.

        The socket is closed in the end, also where the lab closes before the conversation has taken its first step.
        """
        task = self._loop.create_task(conversation)
        self._conversations.add(task)
        task.add_done_callback(partial(self._ended, sock))

    def _ended(self, sock: socket.socket, task: asyncio.Task[None]) -> None:
        sock.close()
        self._conversations.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._faults.append(fault)

    def at_the_end(self, close: Callable[[], None]) -> None:
        """Call `close` when the lab closes, before its sockets are."""
        self._closing.append(close)

    def later(self, delay: float, send: Callable[[], None]) -> None:
        """Call `send` after `delay` seconds, unless the lab closes before."""
        self._answers = {answer for answer in self._answers if answer.when() > self._loop.time()}
        self._answers.add(self._loop.call_later(delay, send))

    async def close(self) -> BaseException | None:
        """End everything; the first fault of the lab's own servers, or None."""
        for answer in self._answers:
            answer.cancel()
        running = tuple(self._conversations)
        for conversation in running:
            conversation.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for end in self._closing:
            end()
        self.endpoints.close()
        self._folder.cleanup()
        return self._faults[0] if self._faults else None
