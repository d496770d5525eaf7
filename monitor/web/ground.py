"""The pages' common ground: the store, the settings, the time, and how a page is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from monitor.access import UserRole
from monitor.metrics import Glance, Runtime, glance
from monitor.store import Store, StoreMissing
from monitor.web.language import LANGUAGES, choose
from monitor.web.public import PublicStore, public_settings
from monitor.web.render import render
from monitor.web.settings import PageSettings
from monitor.web.style import SCRIPT_TAG, STYLE_TAG
from monitor.web.visitor import VISITOR
from probes.model import Clock


class Ground:
    """Handed to every page; holds no state of a request."""

    def __init__(
        self,
        open_reader: Callable[[], Store],
        *,
        settings: Callable[[], PageSettings],
        clock: Clock,
        runtime: Runtime,
    ) -> None:
        self._open_reader = open_reader
        self._settings = settings
        self.clock = clock
        self.runtime = runtime

    def settings(self) -> PageSettings:
        """What is configured now, as far as the present visitor may see it."""
        found = self._settings()
        return found if self.sees_all() else public_settings(found)

    @staticmethod
    def sees_all() -> bool:
        """Whether the present visitor sees single vantage points and measurements."""
        return VISITOR.get().role >= UserRole.VIEWER

    @contextmanager
    def reader(self) -> Iterator[Store | None]:
        """A store to read from, closed afterwards; None where nothing was ever stored. StoreError where it fails.

        What the present visitor may not see is not in it.
        """
        try:
            store = self._open_reader()
        except StoreMissing:
            yield None
            return
        try:
            yield store if self.sees_all() else cast("Store", PublicStore(store))
        finally:
            store.close()

    def look(self, *, counted: bool = False) -> Glance:
        """One glance at the store; an empty one where nothing was ever stored."""
        with self.reader() as store:
            return Glance() if store is None else glance(store, counted=counted)

    def language(self, request: Request) -> str:
        """The language that a request is answered in."""
        return choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))

    def page(self, request: Request, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
        """A template with what every page shows beside its own facts."""
        language = self.language(request)
        common = {
            "title": self.settings().title,
            "now": self.clock(),
            "here": _here(request),
            "link": _linker(request),
            "style": STYLE_TAG,
            "script": SCRIPT_TAG,
            "refresh": 0,
            "simulated": self.settings().simulated,
            "visitor": VISITOR.get(),
            "inside": self.sees_all(),
            "at": request.url.path,
            "asked_for": request.query_params.get,
            "guarded": self.settings().guarded,
        }
        text = render(template, language, **(common | facts))
        return HTMLResponse(text, status, {"Content-Language": language, "Vary": "Accept-Language"})


def _here(request: Request) -> Callable[..., str]:
    """The address of this page with other query parameters; None takes one away."""

    def here(**changes: str | None) -> str:
        query = dict(request.query_params) | changes
        kept = {name: value for name, value in query.items() if value is not None}
        return "?" + urlencode(kept, errors="replace")

    return here


def _linker(request: Request) -> Callable[[str], str]:
    """Keeps a language that was chosen by hand on the way to the next page."""
    asked = request.query_params.get("lang")
    suffix = f"?lang={asked}" if asked in LANGUAGES else ""
    return lambda path: path + suffix
