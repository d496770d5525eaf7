"""`presscanary alerts`: who was told what, and what people say of it. One file per verb, found in this folder."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import typer

commands = typer.Typer(
    no_args_is_help=True,
    help="Who was told what: list, pending, test, acknowledge, mute, approve, digest.",
)

for _module in pkgutil.iter_modules(__path__):
    if hasattr(_verb := import_module(f"{__name__}.{_module.name}"), "command"):
        commands.command(name=_module.name.rstrip("_"))(_verb.command)
