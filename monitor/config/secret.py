"""The echo host's token: read where the file says that it is kept, and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.config.comparing import EchoPart
from probes.echo import TokenError, read_token
from probes.echo.token import VARIABLE


def token(part: EchoPart, folder: Path, environment: Mapping[str, str]) -> str:
    """The token that a section about the echo host leads to; empty where it names none.

    ValueError says which file or variable has none, and never what was found there.
    """
    if part.token_file is not None and part.token_env is not None:
        raise ValueError("the token is said to be in a file and in a variable; expected one of the two")
    if part.token_file is not None:
        return _read(folder / part.token_file.expanduser(), {})
    if part.token_env is None:
        return ""
    if part.token_env not in environment:
        raise ValueError(f"the variable {part.token_env} is not set; expected the echo host's token in it")
    return _read(None, {VARIABLE: environment[part.token_env]}, called=part.token_env)


def _read(file: Path | None, environment: Mapping[str, str], *, called: str = "") -> str:
    try:
        return read_token(file, environment)
    except TokenError as fault:
        raise ValueError(str(fault).replace(VARIABLE, called) if called else str(fault)) from fault
