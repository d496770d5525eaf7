"""Network namespaces (Linux): one machine with several uplinks, each in a namespace of its own (ip-netns(8))."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOME = Path("/run/netns")
"""Where `ip netns add NAME` puts its handles; /etc/netns/NAME/resolv.conf names the resolver in there (ip-netns(8))."""
_OWN = Path("/proc/thread-self/ns/net")
_NETWORK = 0x40000000
"""CLONE_NEWNET of <linux/sched.h>: the handle must be one of a network namespace (setns(2))."""


def handle_of(name: str) -> Path:
    """The handle of a namespace that is given by name or by path.

    >>> str(handle_of("uplink-2")), str(handle_of("/proc/4242/ns/net"))
    ('/run/netns/uplink-2', '/proc/4242/ns/net')
    """
    return Path(name) if "/" in name else HOME / name


def resolv_conf_of(name: str) -> Path:
    """Where the resolver of a named namespace is written down; the machine's own file where it has none of its own."""
    own = Path("/etc/netns") / name / "resolv.conf"
    return own if "/" not in name and own.exists() else Path("/etc/resolv.conf")


@contextmanager
def inside(handle: Path) -> Iterator[None]:
    """Have this thread in a network namespace for the length of the block: sockets that are made there stay there.

    Only for what does not wait: the thread is the event loop's. OSError where there is no such namespace, or where this
    user may not enter it (CAP_SYS_ADMIN).
    """
    before = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = _opened(handle)
        try:
            _enter(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _enter(before)
    finally:
        os.close(before)


def _opened(handle: Path) -> int:
    """A handle, open; the error does not name it, because errors end in records."""
    try:
        return os.open(handle, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError as error:
        raise PermissionError(error.errno, error.strerror) from None
    except OSError as error:
        raise OSError(errno.ENETDOWN, error.strerror) from None


def _enter(handle: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns is of Python 3.12
    if libc.setns(handle, _NETWORK) != 0:
        number = ctypes.get_errno() or errno.EPERM
        raise OSError(number, os.strerror(number))
