"""The page for everybody, and the badge: what is certain, in few words, for caches, other sites and files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from monitor.model import BlockingEvent, State, Tier
from monitor.web.standing import DAYS, Bar, _parts
from probes.model import VantagePoint

SECOND = VantagePoint(id="second", country="KG", network="AS64502")


@pytest.fixture
def told(place: Any, event: Callable[..., BlockingEvent]) -> Any:
    """A likely event on one of two networks, a suspected one of another target, and results behind both."""
    here, control = place.settings.vantage_points
    place.settings = replace(place.settings, vantage_points=(here, SECOND, control))
    place.measure(State.BLOCKED, technique="tls.reset.sni")
    place.measure(State.OK, vantage=SECOND)
    place.measure(State.BLOCKED, target=place.settings.targets[1], technique="dns.nxdomain")
    suspected = event(id="other-KG-1", target="other", tier=Tier.SUSPECTED, technique="dns.nxdomain")
    place.write(lambda store: store.save_events([event(), suspected]))
    return place


async def test_the_page_says_what_is_certain(told: Any) -> None:
    """A likely event in cautious words with the networks that were tested; a suspicion is nowhere."""
    page = (await told.get("/status")).text

    assert "consistent with blocking on 1 of 2 networks tested" in page
    assert "kloop.kg" in page
    assert "likely" in page
    assert "dns.nxdomain" not in page
    assert "suspected" not in page
    assert page.count('class="blocked"') == 1


async def test_nothing_on_it_can_be_followed(told: Any) -> None:
    """No link but those between its languages, no script, no form, no picture from elsewhere."""
    page = (await told.get("/status")).text

    assert set(re.findall(r'<a [^>]*href="([^"]*)"', page)) == {"?lang=ky", "?lang=ru"}
    assert not re.search(r"<(script|form|iframe)|https?://", page.replace("http-equiv", ""))


async def test_it_may_be_kept_and_asked_for_again(told: Any) -> None:
    """Caches keep it for a minute; the tag holds while nothing changed and breaks when something did."""
    first = await told.get("/status")
    again = await told.get("/status", **{"If-None-Match": first.headers["etag"]})
    russian = await told.get("/status?lang=ru")
    told.measure(State.OK, target=told.settings.targets[1], ago=timedelta(minutes=1))
    changed = await told.get("/status", **{"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "public, max-age=60"
    assert (again.status_code, again.content) == (304, b"")
    assert russian.headers["etag"] != first.headers["etag"]
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("language", "words"), [("ru", "похоже на блокировку в 1 из 2 проверенных сетей"), ("ky", "бөгөттөөгө окшош")]
)
async def test_it_speaks_the_readers_language(told: Any, language: str, words: str) -> None:
    """In Russian and Kyrgyz as in English."""
    assert words in (await told.get(f"/status?lang={language}")).text


async def test_a_badge_says_it_in_shape_and_word(told: Any) -> None:
    """Valid SVG with host and state as text and as name, that other sites may show; another state has another shape."""
    blocked = await told.get("/badge/kloop.svg")
    silent = await told.get("/badge/other.svg")
    root = ET.fromstring(blocked.text)

    assert root.attrib["aria-label"] == "kloop.kg: blocked on 1 of 2 networks"
    assert (blocked.headers["content-type"], blocked.headers["cross-origin-resource-policy"]) == (
        "image/svg+xml",
        "cross-origin",
    )
    assert "other.example: insufficient" in silent.text
    assert len({re.search(r"<svg x=.*?</svg>", text, re.DOTALL)[0] for text in (blocked.text, silent.text)}) == 2
    assert "заблокирован в 1 из 2 сетей" in (await told.get("/badge/kloop.svg?lang=ru")).text
    assert (await told.get("/badge/example.svg")).status_code == 404
    assert (await told.get("/badge/nothing.svg")).status_code == 404


async def test_silence_is_never_ok(place: Any) -> None:
    """Before the first result, and when the newest is old, page and badge say that nothing is known."""
    empty = (await place.get("/status")).text
    place.measure(State.OK, ago=timedelta(days=3))
    stale = (await place.get("/badge/kloop.svg")).text

    assert "What was not seen is not known to work." in empty
    assert "answers as it should" not in empty
    assert "kloop.kg: no recent data" in stale


async def test_names_that_strangers_wrote_stay_text(place: Any) -> None:
    """A host or name with markup in it is escaped in page and badge."""
    hostile = replace(place.settings.targets[0], name="<script>x</script>", urls=("https://<script>/",))
    place.settings = replace(place.settings, targets=(hostile,))

    for path in ("/status", "/badge/kloop.svg"):
        text = (await place.get(path)).text
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_bars_differ_in_shape() -> None:
    """A whole day ok is a thin line, a blocked one a full bar, a mixed one shares, and no data a dash."""
    from monitor.web.standing import Standing
    from probes.model import Target

    counts = ({}, {"ok": 4}, {"blocked": 2}, {"ok": 1, "blocked": 1})
    bars = tuple(
        Bar(day=None, counts=Counter(each), parts=tuple(_parts(Counter(each))))  # type: ignore[arg-type]
        for each in counts
    )
    standing = Standing(target=Target(id="x", urls=()), state="ok", share=1, tested=1, bars=bars, events=())

    assert standing.days == {"blocked": 2, "ok": 1, "none": 1}
    assert standing.paths["none"] == "M0 6.3h3v1.4h-3z"
    assert standing.paths["ok"] == "M4 4.9h3v4.2h-3zM12 0h3v7h-3z"
    assert standing.paths["blocked"] == "M8 0h3v14h-3zM12 7h3v7h-3z"


async def test_ninety_days_are_drawn(told: Any) -> None:
    """Today is the last bar, and days without data are bars as well."""
    page = (await told.get("/status")).text

    assert f"{DAYS - 1} days" in page
    assert "2026-08-26" in page
    assert "2026-11-23" in page


def test_many_askers_take_one_picture_a_minute(place: Any) -> None:
    """The store is read once, however many ask, and again when the picture is too old."""
    from monitor.store import open_store
    from monitor.web.ground import Ground
    from monitor.web.status import KEPT, Frame

    place.measure()
    opened = []

    def reader() -> Any:
        opened.append(1)
        return open_store(place.folder, read_only=True)

    ground = Ground(reader, settings=lambda: place.settings, clock=lambda: place.now, runtime=place.runtime)
    frame = Frame(ground)
    first = [frame.picture() for _ in range(3)]
    place.now += KEPT
    frame.picture()

    assert len(set(map(id, first))) == 1
    assert len(opened) == 2
