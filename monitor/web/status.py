"""`/status` and `/badge/{id}.svg`: how the targets stand, for everybody: short, cacheable, without live links."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from monitor.metrics.glance import Glance, glance
from monitor.web.api.answer import holds
from monitor.web.board import board
from monitor.web.ground import Ground
from monitor.web.language import LANGUAGES, choose
from monitor.web.render import render
from monitor.web.standing import DAYS, Standing, standings
from monitor.web.style import STYLE_TAG
from monitor.web.visitor import as_public

KEPT = timedelta(minutes=1)
"""How long a copy may be shown without asking again; the page changes as often at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What strangers may see at one moment."""

    title: str
    made: datetime
    standings: tuple[Standing, ...]
    newest: datetime | None
    silent: bool
    simulated: bool


def picture(ground: Ground) -> Picture:
    """The public's view of the store now, whoever asks; StoreError where it cannot be read."""
    with as_public():
        settings, now = ground.settings(), ground.clock()
        since = now.astimezone(UTC).date() - timedelta(days=DAYS - 1)
        with ground.reader() as store:
            seen = Glance() if store is None else glance(store, counted=False)
            days = () if store is None else store.days(since=since)
        table = board(seen, settings, now)
    return Picture(
        title=settings.title,
        made=now.replace(second=0, microsecond=0),
        standings=standings(table, days, seen.events, now),
        newest=table.newest,
        silent=table.newest is None or now - table.newest > settings.fresh,
        simulated=seen.simulated or settings.simulated,
    )


class Frame:
    """Holds the newest picture for a while: it is the same for everybody, and strangers may ask as often as they like.

    State: the picture, when it was taken, and its pages by language; one thread takes it while the others wait.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._gate = threading.Lock()
        self._taken: datetime | None = None
        self._held: Picture | None = None
        self._pages: dict[str, str] = {}

    def picture(self) -> Picture:
        """The picture, not older than `KEPT`."""
        with self._gate:
            return self._picture()

    def page(self, language: str) -> str:
        """The page that is made of it."""
        with self._gate:
            found = self._picture()
            if language not in self._pages:
                self._pages[language] = page(found, language)
            return self._pages[language]

    def _picture(self) -> Picture:
        now = self._ground.clock()
        if self._held is None or self._taken is None or not timedelta(0) <= now - self._taken < KEPT:
            self._held, self._taken, self._pages = picture(self._ground), now, {}
        return self._held


def page(found: Picture, language: str, *, root: str = "/", here: dict[str, str] | None = None) -> str:
    """The page as text; `root` stands before the style sheet's name, `here` says where the page is in each language."""
    return render(
        "status.html",
        language,
        title=found.title,
        picture=found,
        now=found.made,
        style=f"{root}style.css" + ("" if root == "" else f"?{STYLE_TAG}"),
        icon=f"{root}favicon.svg",
        here=here or {code: f"?lang={code}" for code in LANGUAGES},
        link=str,
        simulated=found.simulated,
    )


def badge(found: Picture, standing: Standing, language: str) -> str:
    """One target's state as a small picture: shape and word, never colour alone."""
    return render("badge.svg", language, standing=standing, simulated=found.simulated)


def routes(ground: Ground) -> APIRouter:
    """Both; 404 for a badge of what is not watched."""
    router = APIRouter(include_in_schema=False)
    frame = Frame(ground)

    @router.get("/status")
    def status(request: Request) -> Response:
        language = _language(request)
        return _kept(request, frame.page(language), "text/html; charset=utf-8", language)

    @router.get("/badge/{target_id:path}.svg")
    def badge_of(request: Request, target_id: str) -> Response:
        found = frame.picture()
        standing = next((each for each in found.standings if each.target.id == target_id), None)
        if standing is None:
            raise HTTPException(404)
        language = _language(request)
        return _kept(request, badge(found, standing, language), "image/svg+xml", language)

    return router


def _language(request: Request) -> str:
    return choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def _kept(request: Request, text: str, kind: str, language: str) -> Response:
    """An answer that browsers, caches and other sites may keep and show."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"public, max-age={KEPT.seconds}",
        "Vary": "Accept-Language",
        "Content-Language": language,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if holds(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type=kind, headers=headers)
