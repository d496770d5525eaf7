"""One run of all cases, which the tests look at."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.gallery.form import folders, read_case, write_expected
from tests.gallery.play import Played, play_all


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest) -> dict[str, Played | Exception]:
    """Every case that a chosen test is about, played once; with REGENERATE=1 it is also written down."""
    chosen = {item.callspec.params["folder"] for item in request.session.items if "folder" in _params(item)}
    cases = [read_case(folder) for folder in sorted(chosen or folders())]
    shown = asyncio.run(play_all(cases))
    if os.environ.get("REGENERATE") == "1":
        for case in cases:
            if isinstance(one := shown[case.name], Played):
                write_expected(case.folder, one.found)
    return shown


def _params(item: pytest.Item) -> dict[str, object]:
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else callspec.params
