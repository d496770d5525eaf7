"""What every command shares: where it works, how it speaks, and how it fails."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console

from monitor.config import ConfigError, Settings, load
from monitor.store import Location
from monitor.store.addresses import servers
from probes.document import document

USAGE = 2
"""Exit code for wrong input: a bad option, file, configuration or URL."""
FAULT = 1
"""Exit code for a fault at run time: a full disk, a busy port, a locked data folder."""

WIDE = 132
"""Columns of what goes to a pipe or a file, where no window's edge limits a table."""


NARROW = 20
"""Fewer columns than this cannot hold a table; with $COLUMNS at 0 nothing at all would be printed."""


def _width() -> int | None:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) < NARROW:
        return WIDE
    on_terminal = sys.stdout is not None and sys.stdout.isatty()  # None where standard output was closed
    return None if told or on_terminal else WIDE


out = Console(highlight=False, width=_width())
err = Console(stderr=True, highlight=False, width=_width())


class CommandError(Exception):
    """A command that cannot go on: one message for people, and the exit code for scripts."""

    def __init__(self, message: str, code: int = FAULT) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command works: the options that stand before it and hold for all."""

    config: Path
    named: Path | None
    """The data folder that an option or the environment names."""

    @property
    def data_dir(self) -> Path:
        """The data folder: the named one, else the configuration's, else `$XDG_DATA_HOME/presscanary`."""
        return self.named or load_settings(self.config).store or data_home()

    @property
    def where(self) -> Location:
        """Where the store is: the folder that an option names, else the configuration's servers, else its folder."""
        if self.named is not None:
            return self.named
        settings = load_settings(self.config)
        try:
            return servers(self.data_dir, settings.measurements, settings.state)
        except ValueError as fault:
            raise CommandError(f"store: {fault}", USAGE) from fault


def data_home() -> Path:
    """The data folder when nothing names one: `$XDG_DATA_HOME/presscanary`, by default under `~/.local/share`."""
    if named := os.environ.get("XDG_DATA_HOME"):
        return Path(named) / "presscanary"
    try:
        return Path.home() / ".local" / "share" / "presscanary"
    except RuntimeError:  # a user without an entry and without $HOME, as in some containers
        fail("this user has no home folder: name a data folder with --data-dir", USAGE)


def load_settings(path: Path) -> Settings:
    """The checked configuration; every mistake in it is one line of the CommandError."""
    try:
        return load(path)
    except ConfigError as fault:
        raise CommandError(str(fault), USAGE) from fault


def place(context: typer.Context) -> Place:
    """The place that the options before the command name."""
    found = context.find_object(Place)
    assert found is not None
    return found


def print_json(value: Any) -> None:
    """Print records as one indented JSON document on standard output, without colour or wrapping."""
    json.dump(document(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def fail(message: str, code: int = FAULT) -> NoReturn:
    """Stop the command with one message on standard error and an exit code."""
    raise CommandError(message, code)
