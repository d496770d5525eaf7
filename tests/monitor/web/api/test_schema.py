"""The API against its own description: a stranger's tool sends whatever the document allows, and more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from monitor.model import BlockingEvent, Claim, State
from monitor.store import open_store
from monitor.web import create_app

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
)


@pytest.fixture
def described(place: Any, event: Callable[..., BlockingEvent], claim: Claim) -> Any:
    """The schema as a client loads it, over a store that has something of everything."""
    for ago in range(1, 8):
        place.measure(State.BLOCKED if ago % 2 else State.OK, ago=timedelta(minutes=ago), technique="dns.nxdomain")
    place.write(lambda store: store.save_events([event(), event(revision=2, end=event().onset)]))
    place.settings = replace(place.settings, claims=(claim,), hosts=("testserver",))
    app = create_app(
        lambda: open_store(place.folder, read_only=True), settings=lambda: place.settings, clock=lambda: place.now
    )
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_as_described(described: Any, mode: GenerationMode) -> None:
    """Status, type, headers and body are what the document says, whatever is asked; wrong questions are refused."""
    asked = 0

    def try_out(operation: Any) -> None:
        @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(checks=CHECKS)

        answers()

    for found in described.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.POSITIVE or len(operation.query):
            try_out(operation)
    assert asked > 80
