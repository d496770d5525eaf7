"""`presscanary agent stop`: end the running agent, and with --wipe all that it ever kept here."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Annotated

import typer

from monitor.agent.clock import moments
from monitor.agent.folder import AgentError, AgentFolder
from monitor.agent.uplink import UnreachableError, Uplink
from monitor.cli.agent.opened import folder_of, told
from monitor.cli.frame import FAULT, USAGE, CommandError, out

_PATIENCE = 90.0
"""Seconds for the measurements that run to come to their end; the longest takes 60."""


def command(
    context: typer.Context,
    *,
    wipe: Annotated[
        bool, typer.Option("--wipe", help="Remove the key and everything else that the agent kept.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --wipe: do not ask.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for what runs, nor tell the collector.")] = False,
) -> None:
    """Stop the agent of this machine. What it measured and could not send yet stays, unless --wipe is said.

    With --wipe the collector is told that this vantage point is gone, if it can be reached; the key is overwritten and
    removed first. Exit code 1: it does not end. Exit code 2: --wipe where nobody can be asked, without --yes.
    """
    folder = folder_of(context)
    if wipe and not yes:
        if not sys.stdin.isatty():
            raise CommandError("--wipe removes for good; say --yes where nobody can be asked", USAGE)
        typer.confirm(f"Remove everything in {folder.path}?", abort=True)
    if (running := folder.running()) is not None:
        _end(folder, running, now=now)
        out.print("Stopped.")
    if not wipe:
        return
    if not folder.path.exists():
        out.print("There is nothing to remove.")
        return
    gone = not now and folder.enrolled and _farewell(folder)
    with told():
        try:
            folder.wipe()
        except OSError as fault:
            raise CommandError(f"not everything could be removed: {fault}", FAULT) from fault
    out.print(f"Removed {folder.path}.{' The collector knows.' if gone else ''}", markup=False, soft_wrap=True)


def _end(folder: AgentFolder, process: int, *, now: bool) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL if now else signal.SIGTERM)
    until = time.monotonic() + _PATIENCE
    while folder.running() is not None:
        if time.monotonic() > until:
            raise CommandError("the agent has not ended yet; --now does not wait for it", FAULT)
        time.sleep(0.1)


def _farewell(folder: AgentFolder) -> bool:
    """Tell the collector that this vantage point is gone; False where it could not be told."""

    async def tell() -> bool:
        membership = folder.membership()
        ca = folder.ca if membership.pinned else None
        async with Uplink(membership.collectors, folder.key(), moments(), proxy=membership.proxy, ca=ca) as uplink:
            reply = await uplink.ask("POST", "/agent/v1/farewell")
            return reply.status in (200, 204)

    with suppress(AgentError, UnreachableError):
        return asyncio.run(tell())
    return False
