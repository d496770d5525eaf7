"""The lab as tests hold it: one child process, told over a pipe what the box does and what to measure from where."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from probes.model import Measurement
from tests.lab.behaviour import Behaviour
from tests.lab.place import Answer, Order
from tests.lab.servers import PROGRAMS

_ROOT = Path(__file__).parents[2]
_ALONE = (
    "unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
    "--propagation", "private", "--",
)  # fmt: skip
_ENVIRONMENT = os.environ | {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"}
"""Servers and network tools live where an ordinary user's shell does not look."""
_PATIENCE = 90.0
"""Seconds for the slowest answer; a lab that says nothing for so long is broken."""


def missing() -> str:
    """Why the lab cannot be built on this machine, in words for whoever reads the skipped test; empty where it can."""
    absent = [program for program in (*PROGRAMS, "unshare") if shutil.which(program, path=_ENVIRONMENT["PATH"]) is None]
    if absent:
        return f"the network lab needs {', '.join(absent)} (Debian packages: .ci/lab-packages)"
    tried = subprocess.run([*_ALONE, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"this machine refuses namespaces to ordinary users: {tried.stderr.strip()}"
    return ""


class Lab:
    """Built when it is entered, gone when it is left; gone too when this process is killed."""

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*_ALONE, sys.executable, "-m", "tests.lab.conductor", str(theirs.fileno())],
                cwd=_ROOT,
                env=_ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._pipe = Connection(ours.detach())
        try:
            _, ready = self._receive()
        except EOFError:
            self.__exit__(None, None, None)
            raise RuntimeError("the lab could not be built; its own words are above") from None
        self.seconds: float = ready.seconds
        """From the first namespace to the last server that listens."""
        self.pin: str = ready.pin
        """Of the echo server's key."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.wait(_PATIENCE)

    @property
    def pid(self) -> int:
        """The process that holds everything, as it is known out here."""
        return self._process.pid

    def behave(self, behaviour: Behaviour) -> None:
        """Let the box on r2 do this, and nothing else, from now on."""
        self._pipe.send(("box", behaviour))
        self._receive()

    def measure(self, orders: Mapping[str, Sequence[Order]]) -> dict[str, list[Measurement]]:
        """Measure at several places at once, at each one thing after the other."""
        for place, wanted in orders.items():
            for order in wanted:
                self._pipe.send((place, order))
        found: dict[str, list[Measurement]] = {place: [] for place in orders}
        for _ in range(sum(map(len, orders.values()))):
            place, answer = self._receive()
            found[place].append(_measured(answer))
        return found

    def _receive(self) -> tuple[str, Any]:
        if not self._pipe.poll(_PATIENCE):
            raise TimeoutError("the lab does not answer")
        message: tuple[str, Any] = self._pipe.recv()
        return message


def _measured(answer: Answer) -> Measurement:
    if answer.measurement is None:
        raise RuntimeError(answer.fault)
    return answer.measurement
