"""Other programs as long as they are needed: started on a free port, their CPU and memory read, ended by their pid."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_FIRST, _LAST = 19000, 32000
"""Below 32768, where Linux takes the ports of outgoing connections from (ip_local_port_range)."""
_PATIENCE = 10.0


class UnfitError(Exception):
    """This machine lacks something that the benchmark needs; the message says what, for people."""


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """A port of 127.0.0.1 that neither TCP nor UDP uses now and that is not among `taken`; UnfitError where all are."""
    for port in range(_FIRST, _LAST):
        if port not in taken and _is_free(port):
            return port
    raise UnfitError(f"no port between {_FIRST} and {_LAST} is free")


def free_ports(count: int) -> tuple[int, ...]:
    """So many different free ports."""
    found: tuple[int, ...] = ()
    while len(found) < count:
        found += (free_port(frozenset(found)),)
    return found


def _is_free(port: int) -> bool:
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as tried:
                tried.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process, ended ones too; ProcessLookupError where there is none.

    The clock of a process has the number that clock_getcpuclockid(3) computes (kernel/time/posix-cpu-timers.c); it
    counts nanoseconds, where /proc/PID/stat counts hundredths of a second.

    >>> import os
    >>> cpu_seconds(os.getpid()) > 0
    True
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError as error:
        raise ProcessLookupError(f"no process {pid}") from error


def memory(pid: int) -> Mapping[str, int]:
    """Bytes that a process holds now (`VmRSS`) and held at most (`VmHWM`); OSError where there is none.

    >>> import os
    >>> 0 < memory(os.getpid())["VmRSS"] <= memory(os.getpid())["VmHWM"]
    True
    """
    text = Path(f"/proc/{pid}/status").read_text()
    return {name: 1024 * int(size) for name, size in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", text, re.MULTILINE)}


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server from when `port` of 127.0.0.1 accepts connections; ended with its pid. UnfitError where it fails."""
    with log.open("wb") as out:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
        except FileNotFoundError as error:
            raise UnfitError(f"{command[0]} is not installed") from error
        try:
            _wait(process, port, log)
            yield process
        finally:
            end(process)


def end_with_us() -> None:
    """Let SIGTERM end this program as Ctrl-C does: through every `with`, so that no server is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and make it end where it does not in five seconds."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise UnfitError(f"{process.args!r} ended at once: {log.read_text(errors='replace')[-400:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise UnfitError(f"{process.args!r} does not listen on port {port}")
