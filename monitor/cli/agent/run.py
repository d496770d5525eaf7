"""`presscanary agent run`: measure and deliver, in a process that holds nothing but that."""

from __future__ import annotations

import os
import sys

import typer

from monitor.cli.agent.opened import folder_of, told


def command(context: typer.Context) -> None:
    """Measure what was agreed to, and deliver it; goes on without the collector for as long as the spool has room.

    SIGTERM or Ctrl-C finishes what is running, and exits 0. Only outbound connections are made. Exit code 1: not
    enrolled, another agent on the same folder, a damaged file or disk.
    """
    folder = folder_of(context)
    with told():
        folder.membership()
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "monitor.agent", str(folder.path.absolute())])  # noqa: S606 - itself, without a shell
