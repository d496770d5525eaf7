"""Every page in a real browser: languages, schemes, sizes, without scripts, WCAG, live news, and hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.store import open_store
from monitor.web import live
from tests.monitor.web.browser import scene
from tests.monitor.web.browser.conftest import Served, serving

pytestmark = pytest.mark.slow

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESKTOP, PHONE = {"width": 1200, "height": 800}, {"width": 360, "height": 740}
DARK = ("home", "target", "heat", "event", "check")
"""Pages that have every colour of the style sheet between them."""
NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"


@contextmanager
def _page(chromium: Any, served: Served, **how: Any) -> Iterator[tuple[Any, list[str]]]:
    """A page in a fresh profile, and what went wrong in it: console errors, exceptions, dialogs, requests elsewhere."""
    context = chromium.new_context(**{"viewport": DESKTOP} | how)
    wrong: list[str] = []
    page = context.new_page()

    def said(message: Any) -> None:
        if message.type in ("error", "warning") and message.text != NOT_FOUND:
            wrong.append(f"console: {message.text}")

    def asked(request: Any) -> None:
        if not request.url.startswith(served.base):
            wrong.append(f"request: {request.url}")

    def opened(dialog: Any) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", said)
    page.on("pageerror", lambda fault: wrong.append(f"exception: {fault}"))
    page.on("request", asked)
    page.on("dialog", opened)
    try:
        yield page, wrong
    finally:
        context.close()


@pytest.mark.parametrize(("language", "words"), [("en", "All times"), ("ru", "Всё время"), ("ky", "Бардык убакыт")])
def test_every_page_in_every_language_scheme_and_size(chromium: Any, served: Served, language: str, words: str) -> None:
    """No console error, no request elsewhere; on a phone nothing but tables and drawings needs to be moved sideways."""
    for scheme, size in (("light", DESKTOP), ("dark", PHONE)):
        with _page(chromium, served, color_scheme=scheme, viewport=size) as (page, wrong):
            for name, path in served.paths().items():
                answer = page.goto(f"{served.base}{path}{'&' if '?' in path else '?'}lang={language}")
                assert answer.status == (404 if name == "fault" else 200), name
                assert page.locator("html").get_attribute("lang") == language, name
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= size["width"], f"{name} is {width} wide"
                assert wrong == [], name
                dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(251, 251, 250)"
                assert dark is (scheme == "dark"), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_wcag(chromium: Any, served: Served, scheme: str) -> None:
    """axe-core finds no violation of WCAG 2.2 A and AA on any page; in the dark those with every colour are enough."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": WCAG, "resultTypes": ["violations"]}
    found = []
    with _page(chromium, served, color_scheme=scheme) as (page, _):
        for name, path in served.paths().items():
            if scheme == "dark" and name not in DARK:
                continue
            page.goto(served.base + path)
            page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
            broken = Axe().run(page, options=options).response["violations"]
            found += [f"{name}: {each['id']} ({each['help']}): {each['nodes'][0]['html'][:160]}" for each in broken]
    assert found == []


def test_pages_are_whole_without_scripts(chromium: Any, served: Served) -> None:
    """What a page says is the same with scripts turned off, as in Tor Browser's safest setting."""
    texts: list[dict[str, str]] = []
    for enabled in (True, False):
        with _page(chromium, served, java_script_enabled=enabled) as (page, wrong):
            found = {}
            for name, path in served.paths().items():
                page.goto(served.base + path)
                found[name] = page.locator("main").inner_text()
            texts.append(found)
            assert wrong == []
    assert texts[0] == texts[1]
    assert all(len(text) > 30 for text in texts[1].values())


def test_hostile_text_runs_nothing(chromium: Any, served: Served) -> None:
    """Bodies, titles, headers, certificates, DNS texts, names, claims and ids that are scripts are shown as text."""
    paths = (
        "/",
        "/?country=%22%3E%3Cscript%3Ewindow.pwned%3D1%3C/script%3E",
        "/targets/hostile",
        "/targets/hostile?range=90d",
        f"/events/{scene.HOSTILE_EVENT}",
        "/events",
        "/networks",
        "/networks/AS64500",
        "/networks/AS64501",
        "/vantage-points/kg-0",
        f"/measurements/{served.shown['hostile']}",
        "/check",
        "/status",
    )
    with _page(chromium, served) as (page, wrong):
        for path in paths:
            page.goto(served.base + path)
            assert page.evaluate("typeof window.pwned") == "undefined", path
            assert page.locator("main script, main iframe, main img, main a[href^='javascript']").count() == 0, path
            assert wrong == [], path
        page.goto(f"{served.base}/measurements/{served.shown['hostile']}")
        assert "<script>window.pwned=1</script>" in page.locator("main").inner_text()
        assert r"\u202e" in page.locator("main").inner_text()


def test_captured_bytes_are_never_rendered(chromium: Any, served: Served, tmp_path: Path) -> None:
    """The whole document and the drawings leave as downloads, whatever is in them."""
    with _page(chromium, served) as (page, wrong):
        page.goto(f"{served.base}/measurements/{served.shown['hostile']}")
        with page.expect_download() as document:
            page.locator("main a[download]").first.click()
        page.goto(f"{served.base}/targets/hostile?range=90d")
        with page.expect_download() as drawing:
            page.locator("a[download]", has_text="SVG").click()
        document.value.save_as(tmp_path / "document.json")
        drawing.value.save_as(tmp_path / "drawing.svg")
        assert wrong == []
        page.goto((tmp_path / "drawing.svg").as_uri())
        assert page.evaluate("typeof window.pwned") == "undefined"
        assert page.evaluate("document.querySelectorAll('svg').length") > 1


def test_an_open_page_hears_of_a_new_event(chromium: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The front page, left open, shows an event that opened meanwhile, without being loaded anew by anybody."""
    from playwright.sync_api import TimeoutError as StillWaitingError

    folder = tmp_path / "data"
    scene.build(folder)
    monkeypatch.setattr(live, "EVERY", timedelta(milliseconds=50))
    known = scene.settings(refresh=600)
    with serving(folder, lambda: known) as base, _page(chromium, Served(base=base, folder=folder)) as (page, wrong):
        with page.expect_response(lambda answer: answer.url.endswith("/live")):
            page.goto(base + "/")
        shown = page.locator("ul.events a[href='/events/videos-kg-1']")
        assert shown.count() == 0
        for revision in range(1, 40):  # a first look may come after the first event: then the next revision is news
            with open_store(folder) as store:
                (event,) = (each for each in store.events() if each.id == scene.EVENT)
                store.save_events([replace(event, id="videos-kg-1", target="videos", revision=revision)])
            try:
                shown.wait_for(timeout=2_000)
                break
            except StillWaitingError:
                continue
        assert shown.count() == 1
        assert wrong == []


def test_the_home_page_reads_well_aloud(chromium: Any, served: Served) -> None:
    """A screen reader is told states as words, tables with their heads, and nothing of the marks beside the words."""
    with _page(chromium, served) as (page, _):
        page.goto(served.base + "/")
        aloud = page.locator("main").aria_snapshot()
    first = aloud.index('heading "Blocking events that are open')
    assert first < aloud.index('heading "Now"')
    assert 'columnheader "kg-0 vantage point · KG AS64500"' in aloud
    assert 'rowheader "The Paper paper.example"' in aloud
    assert 'link "blocked"' in aloud
    assert "- img" not in aloud
