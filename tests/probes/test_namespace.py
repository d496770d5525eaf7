"""Measuring inside a network namespace: the socket is there, the process stays here."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from probes.failure import failure_of
from probes.namespace import handle_of, inside, resolv_conf_of
from probes.network import SystemNetwork

ALONE = ("unshare", "--user", "--map-root-user", "--net", "--")
possible = pytest.mark.skipif(
    subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode != 0,
    reason="this machine refuses namespaces to ordinary users",
)

SCRIPT = """
    import asyncio, ipaddress, os, socket, subprocess, sys
    from probes.network import SystemNetwork

    LISTEN = (
        "import socket, subprocess, sys; subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True); "
        "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); sys.stdin.read()"
    )
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    there = subprocess.Popen(
        ["unshare", "--net", "--", sys.executable, "-c", LISTEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    port = int(there.stdout.readline())
    own = os.readlink("/proc/thread-self/ns/net")

    async def reach(network):
        opened, target = network.open("127.0.0.1", port, "tcp")
        with opened:
            try:
                await asyncio.get_running_loop().sock_connect(opened, target)
            except OSError as fault:
                return type(fault).__name__
            return "connected"

    print(asyncio.run(reach(SystemNetwork(namespace=f"/proc/{there.pid}/ns/net"))))
    print(asyncio.run(reach(SystemNetwork())))
    print(os.readlink("/proc/thread-self/ns/net") == own)
    there.stdin.close()
    there.wait()
"""


@possible
def test_a_socket_is_opened_where_the_uplink_is() -> None:
    """A server that only another namespace has is reached through it, not without it, and the thread comes back."""
    code = textwrap.dedent(SCRIPT)
    environment = os.environ | {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"}
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.split() == ["connected", "ConnectionRefusedError", "True"], done.stderr


def test_a_namespace_that_is_not_there_is_the_machines_error() -> None:
    """OSError, as for a wrong interface; and this thread is where it was."""
    before = Path("/proc/thread-self/ns/net").readlink()
    with pytest.raises(OSError, match=r"No such file|not permitted"):
        SystemNetwork(namespace="nosuch").open("192.0.2.1", 80, "tcp")
    with pytest.raises(OSError, match=r"Invalid|not permitted"), inside(Path("/dev/null")):
        pass
    assert Path("/proc/thread-self/ns/net").readlink() == before
    with socket.socket() as plain:
        assert plain.fileno() > 0


def test_a_namespace_is_found_by_name_or_path() -> None:
    """A name stands for what `ip netns` makes; without a resolver of its own it has the machine's."""
    assert handle_of("uplink-2") == Path("/run/netns/uplink-2")
    assert resolv_conf_of("/proc/1/ns/net") == resolv_conf_of("nosuch") == Path("/etc/resolv.conf")


def test_the_name_of_a_namespace_is_in_no_failure() -> None:
    """Its words end in records, which hold nothing of the machine."""
    with pytest.raises(OSError, match="No such file") as raised:
        SystemNetwork(namespace="uplink-of-anna").open("192.0.2.1", 80, "tcp")
    assert failure_of(raised.value) == "network_down"
    assert "uplink-of-anna" not in str(raised.value)
