"""What the verbs of `presscanary agent` share: the agent's folder, and its faults as one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer

from monitor.agent.folder import AgentError, AgentFolder
from monitor.agent.risk import LANGUAGES
from monitor.agent.spool import SpoolError
from monitor.cli.frame import FAULT, USAGE, CommandError, data_home, place

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Language: TypeAlias = Annotated[
    str | None, typer.Option("--language", help="Of the risk text: en, ru or ky.", show_default="that of $LANG")
]
Accept: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Agree without being asked to the risk text of this number, as scripts do.")
]
Category: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="Agree to a category that is left out unless it is named. Repeat for more.")
]
Veto: TypeAlias = Annotated[list[str] | None, typer.Option(help="A target never to visit, by its id. Repeat for more.")]
VetoCategory: TypeAlias = Annotated[list[str] | None, typer.Option(help="A category never to visit. Repeat for more.")]


def folder_of(context: typer.Context) -> AgentFolder:
    """The agent's folder: `agent` in the folder of --data-dir, by default in the user's data folder."""
    return AgentFolder((place(context).named or data_home()) / "agent")


@contextmanager
def told() -> Iterator[None]:
    """Faults of an agent as one line for people: exit code 1."""
    try:
        yield
    except (AgentError, SpoolError) as fault:
        raise CommandError(str(fault), FAULT) from fault


def language_of(named: str | None) -> str:
    """The language that is named, else the one of $LANG, else English; CommandError where there is no text in it."""
    if named is not None and named not in LANGUAGES:
        raise CommandError(f"--language {named}: expected one of {', '.join(LANGUAGES)}", USAGE)
    spoken = os.environ.get("LANG", "")[:2]
    return named or (spoken if spoken in LANGUAGES else "en")
