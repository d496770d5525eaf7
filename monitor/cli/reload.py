"""A changed configuration while the program runs: on SIGHUP at once, on a changed file when it has come to rest."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from monitor.app import App
from monitor.cli.frame import CommandError, err, load_settings, out
from monitor.cli.ways import refuse_unfit
from monitor.store import StoreError

EVERY = timedelta(seconds=2)
"""Between two looks at the file: a copy or an editor's save takes less, so that half a file is seldom read."""

Stamp: TypeAlias = tuple[int, int, int] | None
"""Inode, size and time of change (ns) of a file; None where it cannot be looked at."""


def stamp(path: Path) -> Stamp:
    """What tells one version of a file from the next without reading it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class Reloader:
    """Reads the app's configuration and fingerprints anew when asked to, or when the configuration's file has changed
    and two looks found it the same.

    A file with mistakes is told of on standard error, and the old configuration stays in force; so it does while the
    file is away.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._path = app.settings.path
        self._read = self._seen = stamp(self._path)

    def watch(self) -> None:
        """Listen for SIGHUP and look at the file from now on; the app's loop must be running."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reload)
        self._app.schedule.every(EVERY, self.look, "configuration")

    async def look(self) -> None:
        """Reload where the file is another one than was read, and rests."""
        before, self._seen = self._seen, stamp(self._path)
        if self._seen is not None and self._seen == before and self._seen != self._read:
            self.reload()

    def reload(self) -> None:
        """Read the file and go on with it."""
        self._read = stamp(self._path)
        try:
            settings = load_settings(self._path)
            refuse_unfit(settings)
            self._app.reload(settings)
        except (CommandError, StoreError) as fault:
            err.print(f"{fault}\nThe configuration was not reloaded; the old one stays in force.", markup=False)
        else:
            out.print(f"Reloaded {self._path}: {len(self._app.settings.targets)} targets.", markup=False)
