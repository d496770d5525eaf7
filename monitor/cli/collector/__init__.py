"""`presscanary collector`: takes what other people's vantage points deliver. One file per verb."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import typer

commands = typer.Typer(
    no_args_is_help=True,
    help="Take what vantage points of others deliver (`presscanary fleet` invites them).",
)

for _module in pkgutil.iter_modules(__path__):
    if hasattr(_verb := import_module(f"{__name__}.{_module.name}"), "command"):
        commands.command(name=_module.name)(_verb.command)
