"""`/live`: server-sent events that tell an open page when the list of events has changed; the page works without."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from monitor.access import UserRole, Visitor
from monitor.store import StoreError
from monitor.web.api.problem import problem
from monitor.web.ground import Ground
from monitor.web.visitor import VISITOR

EVERY = timedelta(seconds=2)
"""How often it is looked whether anything changed: a number where this process measures …"""
READ_EVERY = 8
"""… and where another one does, every so many times the events themselves."""
BEAT = timedelta(seconds=15)
"""Silence after which a line is sent that says nothing: proxies close what is silent, often after 30 s or 60 s."""
LONGEST = timedelta(hours=1)
"""Then the stream ends and the browser comes back, and is asked anew who it is."""
MOST = 200
"""Streams at once; each holds a connection."""
_AUDIENCES = (UserRole.PUBLIC, UserRole.VIEWER)


class Pulse:
    """Looks at the store for all listeners at once, and only while there are any.

    State: how many listen, what each audience saw last (a digest), and the event that ends the present wait.
    """

    def __init__(self, ground: Ground, stopping: asyncio.Event | None) -> None:
        self._ground = ground
        self._stopping = stopping or asyncio.Event()
        self._listeners = 0
        self._watching: asyncio.Task[None] | None = None
        self._seen: Mapping[UserRole, str] = {}
        self._changes = 0
        self._changed = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no more may listen."""
        return self._listeners >= MOST

    async def listen(self, audience: UserRole, known: str) -> AsyncIterator[bytes]:
        """The stream of one listener; `known` is what its page was told last, empty for a new one."""
        self._listeners += 1
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST.total_seconds()
        try:
            if self._watching is None or self._watching.done():
                await self._look()
                self._watching = asyncio.create_task(self._watch())
            known = known or self._seen.get(audience, "")
            yield f"retry: 5000\nid: {known}\n\n".encode()
            while loop.time() < end and not self._stopping.is_set():
                now = self._seen.get(audience, "")
                if now != known:
                    known = now
                    yield f"event: events\nid: {known}\ndata: {json.dumps({'version': known})}\n\n".encode()
                elif not await self._woken():
                    yield b": still here\n\n"
        finally:
            self._listeners -= 1

    async def _woken(self) -> bool:
        """Wait for a change or the end; False where nothing happened for a beat."""
        waits = [asyncio.ensure_future(each.wait()) for each in (self._changed, self._stopping)]
        done, waiting = await asyncio.wait(waits, timeout=BEAT.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        for wait in waiting:
            wait.cancel()
        return bool(done)

    async def _watch(self) -> None:
        turn = 0
        while self._listeners and not self._stopping.is_set():
            await asyncio.sleep(EVERY.total_seconds())
            turn += 1
            runtime = self._ground.runtime
            due = runtime.changes != self._changes if runtime.tally is not None else turn % READ_EVERY == 0
            if due:
                await self._look()

    async def _look(self) -> None:
        self._changes = self._ground.runtime.changes
        try:
            seen = await run_in_threadpool(self._digests)
        except StoreError:  # the next look may find it readable again
            return
        if seen != self._seen:
            self._seen = seen
            self._changed.set()
            self._changed = asyncio.Event()

    def _digests(self) -> Mapping[UserRole, str]:
        return {audience: self._digest(audience) for audience in _AUDIENCES}

    def _digest(self, audience: UserRole) -> str:
        """What an audience sees of the events, as a short text that changes with it."""
        token = VISITOR.set(Visitor(role=audience))
        try:
            with self._ground.reader() as store:
                found = () if store is None else store.events()
        finally:
            VISITOR.reset(token)
        said = json.dumps([(event.id, event.revision) for event in found])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def routes(ground: Ground, stopping: asyncio.Event | None) -> APIRouter:
    """The stream; 503 where too many listen already. It ends when `stopping` is set."""
    router = APIRouter(include_in_schema=False)
    pulse = Pulse(ground, stopping)

    @router.get("/live")
    async def live(request: Request) -> Response:
        if pulse.full:
            return problem(503, "Too many pages are kept up to date now.", {"Retry-After": "60"})
        audience = UserRole.VIEWER if VISITOR.get().role >= UserRole.VIEWER else UserRole.PUBLIC
        stream = pulse.listen(audience, request.headers.get("last-event-id", "")[:16])
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return router
