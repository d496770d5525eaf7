"""`presscanary check-config`: is the file right, and what does it hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.frame import USAGE, out, place, print_json
from monitor.config import ConfigError, Settings, json_schema, load
from probes.model import Role


def command(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="The file to check.", show_default="the one that --config names")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema that editors complete from, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check a configuration and list every mistake with its line, column and remedy.

    Exit code 0: the file is right. Exit code 2: it is not, and each mistake stands on a line of its own.
    """
    if schema:
        print_json(json_schema())
        return
    path = file or place(context).config
    try:
        settings = load(path)
    except ConfigError as fault:
        if not as_json:
            typer.echo(str(fault), err=True)
        else:
            print_json({"file": str(path), "ok": False, "problems": fault.problems})
        raise typer.Exit(USAGE) from fault
    _tell(settings, as_json)


def _tell(settings: Settings, as_json: bool) -> None:
    found = counts(settings)
    if as_json:
        print_json({"file": str(settings.path), "ok": True, "problems": [], "counts": found})
        return
    line = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in found.items())
    label = " SIMULATED." if settings.simulated else ""
    out.print(f"{settings.path}: ok.{label} {line}", markup=False, soft_wrap=True)


def counts(settings: Settings) -> dict[str, Any]:
    """How much a configuration holds, by section."""
    controls = [station for station in settings.vantage_points if station.point.role is Role.CONTROL]
    return {
        "targets": sum(not target.innocuous for target in settings.targets),
        "innocuous_targets": sum(target.innocuous for target in settings.targets),
        "urls": sum(len(target.urls) for target in settings.targets),
        "vantage_points": len(settings.vantage_points) - len(controls),
        "controls": len(controls),
        "claims": len(settings.documented),
        "milestones": len(settings.milestones),
    }
