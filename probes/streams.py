"""Standard streams that can be written to, whatever state the caller left them in."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path


def settle() -> None:
    """Put /dev/null in the place of a standard stream that is closed, and let no character stop the others.

    A free descriptor 0, 1 or 2 would go to the next file that is opened, and what is printed would end in that file. A
    terminal that knows only ASCII gets other characters as `\\u043a`.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def abandon() -> None:
    """Send the rest of standard output nowhere: whoever read it has gone, or its disk is full."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
