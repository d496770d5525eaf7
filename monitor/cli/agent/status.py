"""`presscanary agent status`: how the agent of this machine does."""

from __future__ import annotations

import typer
from rich.table import Table

from monitor.agent.status import AgentStatus, status_of
from monitor.cli.agent.opened import AsJson, folder_of, told
from monitor.cli.frame import out, print_json

_MEGABYTE = 1024 * 1024


def command(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show whether the agent runs, what waits to be sent, what was lost, and what needs its operator.

    Reads beside the running agent. Exit code 1: not enrolled, or something is damaged.
    """
    with told():
        found = status_of(folder_of(context))
    if as_json:
        print_json(found)
    else:
        _render(found)


def _render(found: AgentStatus) -> None:
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    offset = "not known" if found.offset is None else f"{found.offset:+.1f} s beside the collector's"
    rows = [
        ("vantage point", found.vantage),
        ("agent", "running" if found.running else "not running"),
        ("last round", f"{found.standing}{found.trouble and f': {found.trouble}'}"),
        ("last contact", found.contact or "never"),
        ("clock", offset),
        ("waiting", f"{found.waiting:,}{found.oldest and f', the oldest of {found.oldest}'}"),
        ("disk", f"{found.bytes / _MEGABYTE:.1f} of {found.limit / _MEGABYTE:.0f} MB"),
        ("delivered", f"{found.delivered:,}{f', {found.refused:,} refused' if found.refused else ''}"),
        ("lost", f"{found.lost:,}"),
        ("visited", f"{len(found.visited)} targets, {len(found.left_out)} left out"),
        ("consent", f"risk text {found.risk}, {found.consented}"),
    ]
    for name, value in rows:
        table.add_row(name, value)
    out.print(table, markup=False)
    if found.mistake:
        out.print(f"A mistake of this program: {found.mistake}. Please report it.", style="yellow", markup=False)
    if found.halted:
        out.print(f"Nothing is measured: {found.halted}.", style="yellow", markup=False, soft_wrap=True)
    if found.unasked:
        names = ", ".join(each or "(none)" for each in found.unasked)
        out.print(
            f"New categories wait for your word: {names} (`presscanary agent consent`).",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
