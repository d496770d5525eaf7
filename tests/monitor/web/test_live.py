"""The stream that tells an open page of news: what comes, to whom, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.model import BlockingEvent, Tier
from monitor.schedule import Tally
from monitor.store import StoreDamaged, open_store
from monitor.web import create_app, live


class Stream:
    """What one listener hears, line by line."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.heard: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, message: Any) -> None:
        """Take what the application sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message["body"]:
            self.heard.put_nowait(message["body"].decode())

    async def next(self) -> str:
        """The next message, however long it takes."""
        return await asyncio.wait_for(self.heard.get(), 60)


@pytest.fixture
def listen(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens streams over one application; `stopping` ends them."""
    monkeypatch.setattr(live, "EVERY", timedelta(milliseconds=5))
    place.stopping = asyncio.Event()
    place.runtime.tally = Tally()
    place.broken, place.failed = False, threading.Event()

    def reader() -> Any:
        if place.broken:
            place.failed.set()
            raise StoreDamaged("broken")
        return open_store(place.folder, read_only=True)

    app = create_app(
        reader,
        settings=lambda: place.settings,
        clock=lambda: place.now,
        runtime=place.runtime,
        folder=place.folder,
        stopping=place.stopping,
    )

    @asynccontextmanager
    async def begun(**headers: str) -> AsyncIterator[Stream]:
        stream, gone = Stream(), asyncio.Event()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/live",
            "raw_path": b"/live",
            "query_string": b"",
            "root_path": "",
            "client": ("192.0.2.7", 1),
            "server": ("localhost", 80),
            "headers": [
                (b"host", b"localhost"),
                *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()),
            ],
        }
        asked = False

        async def receive() -> Any:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        task = asyncio.create_task(app(scope, receive, stream.send))
        stream.task = task  # type: ignore[attr-defined]
        try:
            yield stream
        finally:
            gone.set()
            place.stopping.set()
            await asyncio.wait_for(task, 60)

    return begun


def _save(place: Any, *events: BlockingEvent) -> None:
    place.write(lambda store: store.save_events(events))
    place.runtime.changes += 1


async def test_an_event_that_opens_is_told(place: Any, listen: Any, event: Callable[..., BlockingEvent]) -> None:
    """The first message has the present version, the next one comes when the events change, with another version."""
    place.measure()
    async with listen() as stream:
        first = await stream.next()
        _save(place, event())
        second = await stream.next()

    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
    assert first.startswith("retry: 5000\nid: ")
    assert second.startswith("event: events\nid: ")
    assert first.split("id: ")[1].split()[0] != second.split("id: ")[1].split()[0]


async def test_who_was_away_is_told_at_once(place: Any, listen: Any, event: Callable[..., BlockingEvent]) -> None:
    """A browser that comes back says what it knew; where that is old it hears so without waiting."""
    _save(place, event())
    async with listen(last_event_id="0123456789abcdef") as stream:
        await stream.next()
        assert (await stream.next()).startswith("event: events\n")


async def test_strangers_hear_nothing_of_a_suspicion(
    place: Any, listen: Any, event: Callable[..., BlockingEvent]
) -> None:
    """In public only news of likely and confirmed events is news."""
    place.settings = replace(place.settings, public=True)
    _save(place, event(id="b", tier=Tier.SUSPECTED))
    async with listen() as stream:
        first = await stream.next()
        _save(place, event(id="c", tier=Tier.SUSPECTED))
        _save(place, event(id="d"))
        second = await stream.next()

    assert "event: events" not in first
    assert "event: events" in second
    assert stream.heard.empty()


async def test_silence_is_broken_by_a_beat(place: Any, listen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment now and then keeps proxies from closing the stream."""
    monkeypatch.setattr(live, "BEAT", timedelta(milliseconds=5))
    async with listen() as stream:
        await stream.next()
        assert await stream.next() == ": still here\n\n"


async def test_streams_end_when_the_program_does(place: Any, listen: Any) -> None:
    """Nothing holds the shutdown up: the stream ends by itself."""
    async with listen() as stream:
        await stream.next()
        place.stopping.set()
        await asyncio.wait_for(stream.task, 60)


async def test_a_stream_ends_after_its_time(place: Any, listen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever lost access loses the news as well, when the browser asks anew."""
    monkeypatch.setattr(live, "LONGEST", timedelta(0))
    async with listen() as stream:
        await stream.next()
        await asyncio.wait_for(stream.task, 60)


async def test_there_are_never_too_many(place: Any, listen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the answer is 503 and when to come back; who leaves makes room."""
    monkeypatch.setattr(live, "MOST", 1)
    async with listen() as first:
        await first.next()
        async with listen() as second:
            await asyncio.wait_for(second.task, 60)

    assert (second.status, second.headers["retry-after"]) == (503, "60")


async def test_a_store_that_fails_ends_no_stream(place: Any, listen: Any, event: Callable[..., BlockingEvent]) -> None:
    """The next look may find it readable again, and then the news come."""
    place.measure()
    async with listen() as stream:
        await stream.next()
        place.broken = True
        place.runtime.changes += 1
        await asyncio.wait_for(asyncio.to_thread(place.failed.wait), 60)
        place.broken = False
        _save(place, event())
        assert "event: events" in await stream.next()


async def test_another_process_may_measure(place: Any, listen: Any, event: Callable[..., BlockingEvent]) -> None:
    """A page that only reads looks at the events themselves."""
    place.runtime.tally = None
    place.measure()
    async with listen() as stream:
        await stream.next()
        place.write(lambda store: store.save_events([event()]))
        assert "event: events" in await stream.next()


async def test_the_script_is_ours_and_names_no_other_place(place: Any) -> None:
    """It is served as a script, speaks to this site only, and makes no markup from text."""
    script = await place.get("/live.js")

    assert script.headers["content-type"].startswith("text/javascript")
    assert "https:" not in script.text
    assert not any(word in script.text for word in ("innerHTML", "eval(", "document.write", "insertAdjacentHTML"))
