"""Network namespaces, held by file descriptors: they need no names, no mounts, and end with the process."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.topology import LINKS, NODES, ROUTES

_NEW_NET = 0x40000000
"""CLONE_NEWNET of <linux/sched.h>."""
_libc = ctypes.CDLL(None, use_errno=True)
_ROUTER = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv6/ip_nonlocal_bind": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv4/ip_unprivileged_port_start": "0",
}
"""Forwarding without second thoughts, and an ICMP error for each packet that deserves one."""


def _check(outcome: int) -> None:
    if outcome != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter(namespace: int) -> None:
    """Move this thread into a namespace that `namespace` is a descriptor of; sockets stay where they were made."""
    _check(_libc.setns(namespace, _NEW_NET))


class Namespaces:
    """One network namespace per node of the map, linked and routed as the map says."""

    def __init__(self) -> None:
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._nodes: dict[str, int] = {}
        for name in NODES:
            _check(_libc.unshare(_NEW_NET))
            self._nodes[name] = os.open("/proc/self/ns/net", os.O_RDONLY)
            for setting, value in _ROUTER.items():
                Path("/proc/sys", setting).write_text(value)
        enter(self._home)
        self._link()

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """This thread is in the node's namespace while the block runs."""
        enter(self._nodes[name])
        try:
            yield
        finally:
            enter(self._home)

    def stay(self, name: str) -> None:
        """Move this process into the node's namespace for good."""
        enter(self._nodes[name])

    def ip(self, name: str, *lines: str) -> None:
        """Run lines of ip(8) in a node; CalledProcessError where one is refused."""
        with self.inside(name):
            _ip(lines)

    def _link(self) -> None:
        own = f"/proc/{os.getpid()}/fd"
        at = {name: f"{own}/{number}" for name, number in self._nodes.items()}
        _ip(_cables(at))
        for name in NODES:
            self.ip(name, *_setup(name))


def _cables(at: Mapping[str, str]) -> list[str]:
    """Each link as a pair of virtual interfaces, one end in each of two namespaces."""
    return [
        f"link add {first} netns {at[one]} type veth peer name {second} netns {at[other]}"
        for link in LINKS
        for (one, *_), (other, *_) in [link.ends]
        for first, second in [link.interfaces]
    ]


def _setup(name: str) -> list[str]:
    lines = ["link set lo up"]
    for link in LINKS:
        for (node, *addresses), interface in zip(link.ends, link.interfaces, strict=True):
            if node == name:
                lines += [f"addr add {each} dev {interface}{' nodad' * (':' in each)}" for each in addresses]
                lines.append(f"link set {interface} up")
    return lines + [f"route add {route}" for route in ROUTES[name]]


def _ip(lines: Sequence[str]) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
