"""The whole program on a made-up country: what it measures, prints, stores and shows, gathered for searching."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

import monitor.app
from monitor.cli import main
from monitor.cli.run import _once
from monitor.config import Settings, load
from monitor.metrics import Runtime
from monitor.store import open_store
from monitor.store.packs import rescue
from monitor.web import PageSettings, create_app
from probes.network import Network
from probes.testing import Internet, Loopback, Response, Route, Rule, Site, page

QUICK = "limits: {dns: 2s, tcp: 2s, tls: 4s, http: 4s, total: 12s}\n"
"""A lab on two slow cores answers at once or never."""


def site(name: str, address: str, *routes: Route, response: Response | None = None) -> Site:
    """A site with one page of its own, or with these routes."""
    own = Route(response=response or page(f"The front page of {name}", "News of today.", length=3000))
    return Site(names=(name,), addresses=(address,), routes=routes or (own,))


@dataclass
class Country:
    """A lab, a configuration and a data folder; `rules` by vantage point are what its networks do to their users."""

    folder: Path
    config: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    printed: list[str] = field(default_factory=list)
    wrap: Callable[[Network], Network] = lambda network: network

    @property
    def settings(self) -> Settings:
        return load(self.config)

    async def run_once(
        self, internet: Internet, rules: Mapping[str, tuple[Rule, ...]] | None = None, **view: Any
    ) -> Any:
        """`presscanary run --once --json` over the lab; the JSON that it printed."""
        async with Loopback(internet) as lab:
            by_id = {
                station.point.id: self.wrap(
                    lab.network(station.point.id, rules=(rules or {}).get(station.point.id, ()), **view)
                )
                for station in self.settings.vantage_points
            }
            self.patch.setattr(monitor.app, "system_network", lambda station: by_id[station.point.id])
            await _once(self.settings, self.folder, as_json=True)
        return json.loads(self._said())

    def command(self, *arguments: str) -> tuple[int, str]:
        """A command of the program: exit code, and what it printed to standard output."""
        with pytest.raises(SystemExit) as left:
            main(["--config", str(self.config), "--data-dir", str(self.folder), *arguments])
        code = left.value.code
        return (0 if code is None else int(code)), self._said()

    def _said(self) -> str:
        said = self.capture.readouterr()
        self.printed += [said.out, said.err]
        return said.out

    async def pages(self) -> Mapping[str, str]:
        """Every page, machine's answer and /metrics, by path: all that links lead to from the front page."""
        settings = PageSettings.of(self.settings, refresh=60)
        app = create_app(
            lambda: open_store(self.folder, read_only=True),
            settings=lambda: settings,
            clock=monitor.app.utc_now,
            runtime=Runtime(version="0"),
        )
        found: dict[str, str] = {}
        waiting = [
            "/",
            "/?lang=ru",
            "/?lang=ky",
            "/metrics",
            "/healthz",
            "/api/v1/state",
            "/api/v1/events",
            "/api/v1/openapi.json",
        ]
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
            while waiting:
                path = waiting.pop()
                if path not in found and len(found) < 300:
                    answer = await browser.get(path)
                    found[path] = f"{answer.headers}\n{answer.text}"
                    links = re.findall(r'(?:href|src)="(/[^"#]*)', answer.text)
                    waiting += [link.replace("&amp;", "&") for link in links]
        return found

    def stored(self) -> Iterator[bytes]:
        """Every byte of the data folder: each file as it is, each record of the packs as it was before compression."""
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                yield file.name.encode() + b"\n" + file.read_bytes()
        for pack in sorted((self.folder / "packs").glob("*.pack")):
            yield from rescue(pack)


@pytest.fixture
def country(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Country]:
    """A country from the text of its configuration."""

    def made(text: str) -> Country:
        config = tmp_path / "targets.yaml"
        config.write_text(text + QUICK, encoding="utf-8")
        return Country(tmp_path / "data", config, capsys, monkeypatch)

    return made
