"""What every command shares: where it works, how it speaks, and how it fails."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console

from probes.document import document

USAGE = 2
"""Exit code for wrong input: a bad option, file, configuration or URL."""
FAULT = 1
"""Exit code for a fault at run time: a full disk, a busy port, a locked data folder."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command works: the options that stand before it and hold for all."""

    data_dir: Path
    config: Path


class CommandError(Exception):
    """A command that cannot go on: one message for people, and the exit code for scripts."""

    def __init__(self, message: str, code: int = FAULT) -> None:
        super().__init__(message)
        self.code = code


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
