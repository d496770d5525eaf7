"""`python -m monitor.agent FOLDER`: one agent in a process of its own, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from monitor.agent.agent import Agent
from monitor.agent.folder import AgentError, AgentFolder
from monitor.agent.spool import SpoolError


async def _run(folder: AgentFolder) -> None:
    with Agent(folder) as agent:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, agent.stop)
        standing = agent.course.standing
        visited = len(agent.course.visited)
        print(standing or f"Measuring {visited} targets; `presscanary agent status` tells how it goes.", flush=True)
        await agent.run()


def main(arguments: list[str]) -> int:
    """Run the agent of a folder: 0 when it was stopped, 1 for a fault at run time, 2 for wrong input."""
    if len(arguments) != 1:
        print("usage: python -m monitor.agent FOLDER", file=sys.stderr)
        return 2
    folder = AgentFolder(Path(arguments[0]))
    try:
        folder.membership()
        with folder.locked():
            asyncio.run(_run(folder))
    except (AgentError, SpoolError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
