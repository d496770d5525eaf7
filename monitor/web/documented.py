"""`/check`: documented dates beside what was measured, claim by claim and source by source."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.check import name_of
from monitor.model import ClaimVerdict
from monitor.web.ground import Ground
from monitor.web.report import report


def routes(ground: Ground) -> APIRouter:
    """The page of the check; `?target=` and `?verdict=` narrow it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/check", response_class=HTMLResponse)
    def documented(request: Request) -> HTMLResponse:
        settings = ground.settings()
        target = request.query_params.get("target") or None
        verdict = request.query_params.get("verdict", "")
        with ground.reader() as store:
            found = report(store, settings, ground.clock, target=target)
        counted = Counter(each.verdict for each in found.checks)
        return ground.page(
            request,
            "check.html",
            report=found,
            shown=[each for each in found.checks if verdict in ("", each.verdict.value)],
            verdict=verdict,
            target=target,
            targets=sorted({claim.target for claim in settings.claims}),
            names={each.id: each.name or each.id for each in settings.targets},
            counts=[(each, counted[each]) for each in ClaimVerdict],
            source_name=name_of,
            simulated=found.simulated,
        )

    return router
