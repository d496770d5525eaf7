"""The `presscanary` command: one file per command, found in this folder without registration.

A command's file has the command's name (`check_config.py` is `check-config`, `import_.py` is `import`) and exposes
`command`, a function that Typer reads, or `commands`, a `typer.Typer` for a group; the other files are shared by them.
"""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module, metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.frame import FAULT, CommandError, Place, err
from monitor.config import shipped
from probes.streams import abandon, settle


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"presscanary {metadata.version('presscanary')}")
        raise typer.Exit


def _entry(
    context: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="PRESSCANARY_DATA_DIR",
            help="Folder that holds the measurements.",
            show_default="~/.local/share/presscanary",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="PRESSCANARY_CONFIG", help="What is watched.", show_default="targets.yaml here, else the shipped one"
        ),
    ] = None,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Watch whether independent media can be reached, and keep a verifiable record of blocking."""
    here = Path("targets.yaml")
    context.obj = Place(config=config or (here if here.exists() else shipped()), named=data_dir)


def build() -> typer.Typer:
    """The whole command line, with every command of this folder."""
    app = typer.Typer(
        name="presscanary",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_entry)
    for module in pkgutil.iter_modules(__path__):
        _add(app, module.name.rstrip("_").replace("_", "-"), import_module(f"{__name__}.{module.name}"))
    return app


def _add(app: typer.Typer, name: str, module: Any) -> None:
    if hasattr(module, "commands"):
        app.add_typer(module.commands, name=name)
    elif hasattr(module, "command"):
        app.command(name=name)(module.command)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 fault at run time, 2 wrong input; a fault is one line, never a traceback."""
    settle()
    try:
        _run(arguments)
    except CommandError as fault:
        err.print(str(fault), style="red", markup=False, soft_wrap=True)
        sys.exit(fault.code)
    except BrokenPipeError:
        abandon()
        sys.exit(0)
    except OSError as fault:
        abandon()
        err.print(f"cannot go on: {fault.strerror or fault}", style="red", markup=False, soft_wrap=True)
        sys.exit(FAULT)


def _run(arguments: list[str] | None) -> None:
    """Run one command, and do not call it done before what it printed is out."""
    try:
        build()(args=arguments)
    finally:
        sys.stdout.flush()
