"""The collector against its own description: whatever a stranger's tool makes of it is refused, and nothing breaks."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode

from monitor.collector import create_app
from monitor.wire.batch import zstd
from tests.monitor.collector.house import house


@schemathesis.serializer("application/zstd")
def as_it_is(_: Any, value: Any) -> bytes:
    """Bytes as they are; anything else as zstd of its text, so that what is inside is tried as well."""
    return value if isinstance(value, bytes) else zstd.compress(str(value).encode("utf-8", "replace"))


def test_nothing_that_the_description_allows_breaks_it(tmp_path: Any) -> None:
    """Each request is answered with what it deserves: without a good signature nothing is taken, and nothing is 5xx."""
    answered: dict[str, set[int]] = {}

    def try_out(operation: Any) -> None:
        @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def answers(case: Any) -> None:
            answer = case.call_and_validate(checks=(not_a_server_error,))
            answered.setdefault(operation.path, set()).add(answer.status_code)

        answers()

    with house(tmp_path) as home:
        described = schemathesis.openapi.from_asgi("/agent/v1/openapi.json", create_app(home.made.desk))
        for found in described.get_all_operations():
            try_out(found.ok())
    assert "/agent/v1/batches" in answered
    taken = {path for path, codes in answered.items() if 200 in codes or 204 in codes}
    assert taken <= {"/healthz"}
