"""Signing in and out in a real browser, which sends what no other client of a test sends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.access import Database, UserRole, users
from tests.monitor.web.browser import scene
from tests.monitor.web.browser.conftest import Served, serving

PASSWORD = "twelve chars or more"


@pytest.mark.slow
def test_a_viewer_signs_in_looks_and_signs_out(chromium: Any, served: Served, tmp_path: Path) -> None:
    """Led to the form, refused once, led back to where they wanted; no script sees the cookie, signing out ends it."""
    users.add(Database(tmp_path), "aida", UserRole.VIEWER, PASSWORD, now=scene.NOW, actor="test")
    guarded = replace(scene.settings(), public=True)
    context = chromium.new_context()
    try:
        with serving(served.folder, lambda: guarded, tmp_path) as base:
            page, wanted = context.new_page(), f"{base}/vantage-points/kg-0"
            page.goto(wanted)
            for password in ("wrong " + PASSWORD, PASSWORD):
                assert page.url.startswith(f"{base}/sign-in")
                page.fill("#name", "aida")
                page.fill("#password", password)
                page.press("#password", "Enter")
                page.wait_for_load_state()
            signed_in, seen = page.url, page.evaluate("document.cookie")
            page.click("form.who button")
            page.wait_for_load_state()
            page.goto(wanted)
            signed_out = page.url
    finally:
        context.close()

    assert (signed_in, seen) == (wanted, "")
    assert signed_out.startswith(f"{base}/sign-in")
