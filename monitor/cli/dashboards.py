"""`presscanary dashboards`: write the Grafana and Prometheus files, or say which differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.frame import FAULT, USAGE, fail, out


def command(
    directory: Annotated[Path, typer.Argument(help="Folder to write to.")] = Path("dashboards"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where a file differs.")] = False,
) -> None:
    """Write Grafana dashboards, Prometheus' scrape config and rules, and what goes with them."""
    from monitor.metrics.dashboards import differing, write  # noqa: PLC0415 - `--help` needs no generator

    if directory.exists() and not directory.is_dir():
        fail(f"{directory} is a file; a folder was expected", USAGE)
    try:
        changed = differing(directory) if check else write(directory)
    except OSError as fault:
        fail(f"cannot write {directory}: {fault.strerror}")
    for path in changed:
        out.print(f"{'differs' if check else 'written'}: {path}", markup=False, soft_wrap=True)
    if check and changed:
        fail("run `presscanary dashboards` to write them anew", FAULT)
    if not changed:
        out.print(f"{directory} is up to date", markup=False, soft_wrap=True)
