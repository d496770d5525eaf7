"""What every test relies on: no test reaches beyond this machine."""

from __future__ import annotations

import ipaddress
import socket

import pytest


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that connects to an address which is not loopback (a Unix socket is fine)."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guard(address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if isinstance(host, str) and host and host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            pytest.fail(f"this test tried to reach {host}")

    def guarded(self: socket.socket, address: object) -> None:
        guard(address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: object) -> int:
        guard(address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
