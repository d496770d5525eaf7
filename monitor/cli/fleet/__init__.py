"""`presscanary fleet`: the vantage points of others. One file per verb, found in this folder without registration."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import typer

commands = typer.Typer(
    no_args_is_help=True,
    help="Vantage points that others run: invite, approve, look after, quarantine, revoke.",
)

for _module in pkgutil.iter_modules(__path__):
    if hasattr(_verb := import_module(f"{__name__}.{_module.name}"), "command"):
        commands.command(name=_module.name.rstrip("_"))(_verb.command)
