"""`presscanary agent`: measure for somebody else's collector. One file per verb, found here without registration."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import typer

commands = typer.Typer(
    no_args_is_help=True,
    help="Measure from here for somebody else's collector: enrol, run, status, consent, stop. Outbound only.",
)

for _module in pkgutil.iter_modules(__path__):
    if hasattr(_verb := import_module(f"{__name__}.{_module.name}"), "command"):
        commands.command(name=_module.name)(_verb.command)
