"""What no page may do: run something, load something, link out, answer to a stranger's name, or give away a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from monitor.model import BlockingEvent, Claim, State
from monitor.store import StoreDamaged
from probes.model import Step

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</title></svg></table><iframe src=javascript:alert(1)>",
    "{{ 7*7 }}{% include 'base.html' %}",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066\u200b",
    "\x1b[2J\x1b[31mred\x07",
    "a\x00b",
    "%s%(time)s%d",
    "line\r\nSet-Cookie: a=b",
)


def foreign(page: str) -> str:
    """A page without the one script that is ours: a file of our own, named whole, with nothing inside."""
    return re.sub(r'<script src="/live\.js\?[0-9a-f]{12}" defer></script>', "", page, count=1)


async def _pages(
    place: Any, text: str, event: Callable[..., BlockingEvent], steps: Callable[[str], tuple[Step, ...]]
) -> dict[str, str]:
    """Every page over a store in which strangers wrote `text` wherever they can."""
    clean = text.replace("\x00", "")
    found = place.measure(State.BLOCKED, steps=steps(text), technique=f"tls.{clean}", failure=text, rule_id=clean)
    hostile = event(technique=clean, networks=(clean,), detector=clean, counts={clean: 1})
    place.write(lambda store: store.save_events([hostile]))
    claim = Claim(
        id=text, target="kloop", country=text, kind=text, date=text, precision="day", interval=hostile.onset, note=text
    )
    place.settings = replace(place.settings, claims=(claim,), title=text)
    paths = ("/", "/targets/kloop", "/events/kloop-KG-1", f"/measurements/{found}")
    return {path: (await place.get(path)).text for path in paths}


@pytest.mark.parametrize("text", HOSTILE)
async def test_nothing_that_strangers_wrote_becomes_markup(
    place: Any, event: Callable[..., BlockingEvent], steps: Callable[[str], tuple[Step, ...]], text: str
) -> None:
    """Scripts, handlers, templates and tags in titles, headers and techniques stay text on every page."""
    for path, page in (await _pages(place, text, event, steps)).items():
        assert not re.search(r"<(script|iframe|img src=x|object|embed|form)\b", foreign(page), re.IGNORECASE), path
        assert not re.search(r"<[^>]*\son\w+\s*=", page, re.IGNORECASE), path
        assert "49{%" not in page, path
        assert not re.search(r'(?:href|src)="\s*javascript:', page, re.IGNORECASE), path


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_invisible_character_reaches_a_reader(
    place: Any, event: Callable[..., BlockingEvent], steps: Callable[[str], tuple[Step, ...]], text: str
) -> None:
    """Control, bidirectional and zero-width characters are written out on every page."""
    for path, page in (await _pages(place, text, event, steps)).items():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069]", page), path


async def test_no_page_links_or_loads_from_anywhere_else(
    place: Any, event: Callable[..., BlockingEvent], claim: Claim
) -> None:
    """Every link, picture and style is our own: watched hosts and sources are bare text."""
    place.settings = replace(place.settings, claims=(claim,))
    found = place.measure(State.BLOCKED)
    place.write(lambda store: store.save_events([event()]))
    for path in ("/", "/targets/kloop", "/events/kloop-KG-1", f"/measurements/{found}", "/nothing"):
        page = (await place.get(path)).text
        for address in re.findall(r'(?:href|src|action|data)="([^"]*)"', page):
            assert address.startswith(("/", "?", "#")), (path, address)
            assert not address.startswith("//"), (path, address)
        assert "kloop.kg" in page or path == "/nothing"


async def test_no_page_has_an_inline_script_or_style(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """The policy forbids both, so no page may rely on one; the one script is a file of our own."""
    place.measure(State.BLOCKED)
    place.write(lambda store: store.save_events([event()]))
    for path in ("/", "/targets/kloop", "/events/kloop-KG-1"):
        page = (await place.get(path)).text
        assert "<script" not in foreign(page)
        assert not re.search(r"<[^>]*\sstyle=", page), path
        assert "<style" not in page


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/metrics", "/api/v1/state", "/style.css", "/favicon.svg", "/targets/kloop?range=x", "/healthz"],
)
async def test_every_answer_carries_the_headers(place: Any, path: str) -> None:
    """Pages, errors and machines' answers alike forbid scripts, frames, sniffing and referrers."""
    headers = (await place.get(path)).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; img-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["localhost", "localhost:8484", "127.0.0.1:8484", "[::1]:8484", "LOCALHOST"])
async def test_loopback_names_are_answered(place: Any, host: str) -> None:
    """The names of this machine, with or without a port."""
    assert (await place.get("/healthz", host=host)).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8484", "0.0.0.0", "169.254.169.254", "a b", ""]
)
async def test_other_names_are_refused(place: Any, host: str) -> None:
    """A name that another site made point here (DNS rebinding) gets nothing, not even a page's title."""
    answer = await place.get("/", host=host)

    assert answer.status_code == 400
    assert "Press Canary" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("configured", "asked", "status"),
    [
        ("canary.example", "Canary.example:443", 200),
        ("192.0.2.1", "192.0.2.1:8484", 200),
        ("2001:db8::1", "[2001:db8::1]:8484", 200),
        ("0.0.0.0", "192.0.2.1", 400),
        ("", "192.0.2.1", 400),
    ],
)
async def test_a_configured_name_is_answered(place: Any, configured: str, asked: str, status: int) -> None:
    """The host of the configuration counts as ours; listening everywhere names no host."""
    place.settings = replace(place.settings, hosts=(configured,))

    assert (await place.get("/healthz", host=asked)).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/targets/nobody",
        "/targets/../../etc/passwd",
        "/targets/%00",
        "/events/none",
        "/events/%ff%fe",
        "/measurements/none",
        "/measurements/" + "a" * 32,
        "/measurements/" + "é" * 8,
        "/measurements/none/document",
        "/measurements/%00/document",
    ],
)
async def test_a_wrong_address_is_a_friendly_404(place: Any, path: str) -> None:
    """Whatever stands in the address, with or without a store, the answer is a page that says nothing is there."""
    for _ in range(2):
        answer = await place.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
        assert str(place.folder) not in answer.text
        place.measure()


async def test_only_reading_is_possible(place: Any) -> None:
    """The application knows no method that writes."""
    for path in ("/", "/targets/kloop", "/events/e", "/measurements/m", "/metrics", "/healthz", "/api/v1/state"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert (await place.get(path, method=method)).status_code == 405, (method, path)


async def test_a_store_that_cannot_be_read_is_said_without_its_path(place: Any) -> None:
    """503 in plain words; the store's own message, which names files, stays in the log."""

    def broken() -> Any:
        raise StoreDamaged(f"the store in {place.folder} is damaged (store.db: row 7)")

    place.open_reader = broken
    page, api = await place.get("/"), await place.get("/api/v1/state")

    assert (page.status_code, api.status_code) == (503, 503)
    for answer in (page, api):
        assert "store.db" not in answer.text
        assert str(place.folder) not in answer.text
    assert (await place.get("/healthz")).status_code == 503


async def test_a_fault_of_ours_shows_no_inside(place: Any) -> None:
    """An unexpected exception is a friendly 500 with all headers, no traceback and no path."""

    def broken() -> Any:
        raise RuntimeError("secret /srv/canary")

    place.open_reader = broken
    answer = await place.get("/")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
