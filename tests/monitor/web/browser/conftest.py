"""Debian's Chromium without a window, and the pages over a scene, served on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from monitor.store import open_store
from monitor.web import PageSettings, create_app
from tests import report
from tests.monitor.web.browser import scene

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass
class Served:
    """Pages at an address, the folder behind them, and ids of what is in it."""

    base: str
    folder: Path
    shown: dict[str, str] = field(default_factory=dict)

    def paths(self) -> dict[str, str]:
        """Every kind of page, by a short name."""
        return {
            "home": "/",
            "target": "/targets/paper?range=24h",
            "heat": "/targets/paper?range=1y",
            "event": f"/events/{scene.EVENT}",
            "statistic": f"/events/{scene.EVENT}/statistic",
            "events": "/events",
            "networks": "/networks",
            "network": "/networks/AS64500",
            "vantage": "/vantage-points/kg-0",
            "measurement": f"/measurements/{self.shown['blocked']}",
            "hops": f"/measurements/{self.shown['hops']}",
            "check": "/check",
            "status": "/status",
            "fault": "/nothing-here",
        }


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; its tests are skipped where there is none, and fail where CI says that there must be one.

    Playwright holds an event loop while it lives, so it ends with the file, before anybody else's tests need one.
    """
    if CHROMIUM is None:
        if os.environ.get("PRESSCANARY_REQUIRE_BROWSER"):
            pytest.fail("PRESSCANARY_REQUIRE_BROWSER is set and there is no chromium")
        report.lacking("the pages in a browser (Debian's chromium)")
        pytest.skip("no chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        yield browser
        browser.close()


@contextmanager
def serving(folder: Path, settings: Callable[[], PageSettings], users: Path | None = None) -> Iterator[str]:
    """The pages over a folder on a free port of loopback; its address. `users` is where those are kept who sign in."""
    app = create_app(
        lambda: open_store(folder, read_only=True), settings=settings, clock=lambda: scene.NOW, folder=users
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The scene's pages."""
    folder = tmp_path_factory.mktemp("scene") / "data"
    shown = scene.build(folder)
    known = scene.settings()
    with serving(folder, lambda: known) as base:
        yield Served(base=base, folder=folder, shown=shown)
