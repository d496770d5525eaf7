"""The command line as the reference shows it: `python tests/docs/command_line.py` renews docs/reference/cli.md.

Only what stands between `<!-- help of COMMAND -->` and `<!-- end -->` is made here; the rest of the page is written.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer

from monitor.cli import build
from probes.__main__ import _parser

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
PROBES = "python -m probes"
PROGRAM = "presscanary"
LAST = "## python -m probes\n"
"""The heading before which the part of a new command is put."""
PART = re.compile(r"<!-- help of (.*?) -->\n.*?<!-- end -->", re.DOTALL)


@cache
def commands() -> dict[str, Any]:
    """Every command by its whole name: the program itself, its commands, and those of a group."""
    return dict(_below(PROGRAM, typer.main.get_command(build())))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for child, inner in getattr(command, "commands", {}).items():
        yield from _below(f"{name} {child}", inner)


def options(name: str) -> set[str]:
    """The options that a command knows, `--help` included."""
    if name == PROBES:
        return {option for action in _parser()._actions for option in action.option_strings}
    return {"--help"} | {option for each in commands()[name].params for option in each.opts if option[:1] == "-"}


def renewed(page: str) -> str:
    """The page with every part that comes from the help made anew, and with a part for each command that has none."""
    known = set(PART.findall(page))
    for name in commands():
        if name not in known:
            level = "#" * name.count(" ")
            head = f"#{level} {name.partition(' ')[2]}\n\n<!-- help of {name} -->\n<!-- end -->\n\n"
            page = page.replace(LAST, f"{head}{LAST}")
    return PART.sub(lambda part: f"<!-- help of {part[1]} -->\n{_section(part[1])}<!-- end -->", page)


def _section(name: str) -> str:
    rows = list(_probes_rows() if name == PROBES else _rows(commands()[name]))
    help_text = _parser().description if name == PROBES else commands()[name].help
    usage = _probes_usage() if name == PROBES else _usage(name, commands()[name])
    table = ["", "| argument or option | what it does | default |", "|---|---|---|", *rows] if rows else []
    return "\n".join(["", "```", usage, "```", "", inspect.cleandoc(help_text or ""), *table, "", ""])


def _usage(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    words = [name, "[OPTIONS]", *map(_argument, arguments)]
    return " ".join([*words, "COMMAND …"] if hasattr(command, "commands") else words)


def _argument(each: Any) -> str:
    word = each.name.upper() + ("…" if each.nargs == -1 else "")
    return word if each.required else f"[{word}]"


def _rows(command: Any) -> Iterator[str]:
    for each in command.params:
        about = [each.help, f"Variable `{each.envvar}`." if each.envvar else ""]
        yield f"| `{_name(each)}` | {' '.join(filter(None, about))} | {_default(each)} |"


def _name(each: Any) -> str:
    if each.param_type_name == "argument":
        return _argument(each)
    return each.opts[0] if each.is_flag else f"{each.opts[0]} {each.metavar or each.opts[0].strip('-').upper()}"


def _default(each: Any) -> str:
    if each.required:
        return "needed"
    if isinstance(each.show_default, str):
        return each.show_default
    return "" if each.default in (None, False) else f"{each.default}"


def _probes_usage() -> str:
    return f"{PROBES} [OPTIONS] URL"


def _probes_rows() -> Iterator[str]:
    for action in _parser()._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        name = " ".join(filter(None, [*action.option_strings, action.metavar]))
        about = (action.help or "").replace(" (%(default)s)", "").replace(" (%(default)g)", "")
        default = "needed" if action.required else "" if action.default in (None, False, []) else f"{action.default}"
        yield f"| `{name}` | {about} | {default} |"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
