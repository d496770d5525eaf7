"""`presscanary store`: look after the data folder. One file per verb, found in this folder without registration."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import typer

commands = typer.Typer(
    no_args_is_help=True,
    help="Look after the data folder: what is in it, seal, compact, verify, back up, restore, prune, migrate.",
)

for _module in pkgutil.iter_modules(__path__):
    if hasattr(_verb := import_module(f"{__name__}.{_module.name}"), "command"):
        commands.command(name=_module.name)(_verb.command)
