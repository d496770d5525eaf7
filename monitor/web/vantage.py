"""`/vantage-points/{id}`: what one place sees now, whether it can be believed, and what it measured last.

Nothing here says who runs it or where: a country and a network are all that is kept of a place.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.web.board import Board, board
from monitor.web.ground import Ground
from monitor.web.tempo import tempos
from monitor.web.timeline import Frame
from monitor.web.window import LENGTHS

_LAST = 50
_DAY, _ = LENGTHS["24h"]


def routes(ground: Ground) -> APIRouter:
    """The page of a vantage point; 404 where neither the configuration nor a fresh result names it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/vantage-points/{vantage_id:path}", response_class=HTMLResponse)
    def vantage(request: Request, vantage_id: str) -> HTMLResponse:
        seen, settings, now = ground.look(), ground.settings(), ground.clock()
        table = board(seen, settings, now)
        index = next((at for at, column in enumerate(table.columns) if column.vantage == vantage_id), None)
        if index is None:
            raise HTTPException(404)
        with ground.reader() as store:
            last = () if store is None else store.outcomes(vantage=vantage_id, newest_first=True, limit=_LAST)
            day = () if store is None else store.outcomes(vantage=vantage_id, since=now - _DAY)
        frame = Frame(since=now - _DAY, until=now, now=now)
        return ground.page(
            request,
            "vantage.html",
            now=now,
            point=table.columns[index],
            squares=_squares(table, index),
            last=[row for row in last if row.vantage == vantage_id],
            tempos=tempos((row for row in day if row.vantage == vantage_id), frame, settings.fresh),
            counts={state: sum(row.verdict.state.value == state for row in day) for state in _STATES},
            simulated=seen.simulated or settings.simulated,
        )

    return router


_STATES = ("ok", "blocked", "down", "insufficient")


def _squares(table: Board, index: int) -> list[tuple[object, object]]:
    """Each target with its square at this place, watched ones before those that nobody blocks."""
    return [(row.target, row.squares[index]) for row in (*table.watched, *table.innocuous)]
