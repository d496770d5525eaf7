"""The agent's process of `benchmarks.agent_load`: the agent as it is, on a network that a file describes."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from datetime import timedelta
from pathlib import Path

from monitor.agent.agent import Agent
from monitor.agent.folder import AgentFolder
from probes.network import Transport, screen


class Described:
    """A network whose addresses are played by loopback endpoints; what is not described refuses."""

    def __init__(self, file: Path) -> None:
        told = json.loads(file.read_text())
        self._endpoints = {key: tuple(value) for key, value in told["endpoints"].items()}
        self._roots = tuple(bytes.fromhex(each) for each in told["roots"])
        self._resolver = tuple(told["resolver"])

    @property
    def resolver(self) -> tuple[str, int] | None:
        """The described resolver."""
        return self._resolver

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The lab's root."""
        return self._roots

    def screen(self, address: str) -> str | None:
        """As the system's network does."""
        return screen(address)

    def open(self, address: str, port: int, transport: Transport) -> tuple[socket.socket, tuple[str, int]]:
        """A socket, and where the address is played."""
        kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
        opened = socket.socket(socket.AF_INET, kind)
        opened.setblocking(False)
        return opened, self._endpoints.get(f"{address} {port} {transport}", ("127.0.0.1", 9))


async def main(folder: Path, network: Path) -> None:
    """Run until standard input ends."""
    with Agent(AgentFolder(folder), network=Described(network), floor=timedelta(seconds=1)) as agent:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), agent.stop)
        await agent.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
