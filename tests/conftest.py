"""What every test relies on: no test reaches beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

import pytest

from tests import report

os.environ.pop("COLUMNS", None)  # of whoever runs the tests, or of the runner's own processes: tables would be cut


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


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what this process has to say, where it is one of several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tables"] = report.TABLES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what one of several processes has to say."""
    for heading, lines in getattr(node, "workeroutput", {}).get("tables", {}).items():
        known = report.TABLES.setdefault(heading, [])
        known.extend(line for line in lines if line not in known)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was found and what was not tested, so that a log of the tests is also a report."""
    for heading, lines in report.TABLES.items():
        loud = heading == report.LACKING
        terminalreporter.section(heading, red=loud, bold=loud)
        for line in lines:
            terminalreporter.write_line(line, red=loud, bold=loud)
