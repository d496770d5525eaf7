"""The door: seven requests, which only agents make. Paths and words are those of docs/reference/agent-protocol.md."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitor.collector.desk import FULL, Desk, Parcel
from monitor.collector.enrolment import Office, applied
from monitor.collector.gate import Gate, approved, body
from monitor.collector.refusal import RefusalError
from monitor.fleet import FleetError, members
from monitor.sshsig import PublicKey
from monitor.store import StoreError
from monitor.web.settings import version
from monitor.wire import Batch, Letter, Signed, WireError
from monitor.wire.batch import MOST_BYTES
from monitor.wire.letter import parsed
from probes.document import document

_log = logging.getLogger(__name__)
BASE = "/agent/v1"
SMALL = 64 * 1024
"""Bytes of what is no batch: a token, a consent."""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


def create_app(desk: Desk, *, network_of: Callable[[str], str] = lambda _: "") -> FastAPI:
    """The collector's application over a desk.

    `network_of` looks an address up: `AS` and a number, empty where it does not know. No address goes further.
    """
    app = FastAPI(
        title="Press Canary collector",
        version=version(),
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{BASE}/openapi.json",
    )
    gate = Gate(desk.fleet, settings=lambda: desk.settings().collector, network_of=network_of, clock=desk.clock)
    counter = _Counter(desk, gate, Office(desk.fleet, desk.key, settings=desk.settings))
    for method, path, handler, told in counter.requests():
        app.add_api_route(
            f"{BASE}/{path}", _answered(handler), methods=[method], response_model=None, openapi_extra=told,
            summary=(handler.__doc__ or "").split("\n")[0],
        )  # fmt: skip

    @app.get("/healthz", response_model=None)
    async def healthz() -> JSONResponse:
        """200 while what comes in can be kept, else 503 with the reason in one word."""
        status = "unable to keep anything now" if desk.trouble else "ok"
        return JSONResponse({"status": status, "waiting": desk.waiting}, 503 if desk.trouble else 200)

    @app.exception_handler(HTTPException)
    async def other(_: Request, fault: HTTPException) -> Response:
        return RefusalError(fault.status_code, "malformed", "there is nothing of that name here").answer()

    return app


class _Counter:
    """One method per request."""

    def __init__(self, desk: Desk, gate: Gate, office: Office) -> None:
        self._desk, self._gate, self._office, self._clock = desk, gate, office, desk.clock

    def requests(self) -> list[tuple[str, str, Handler, dict[str, Any]]]:
        """Method, path, handler and description of each."""
        text, zstd = _sends("application/json"), _sends("application/zstd")
        return [
            ("POST", "offer", self.offer, text),
            ("POST", "enrol", self.enrol, text),
            ("GET", "plan", self.plan, {}),
            ("POST", "consent", self.consent, text),
            ("POST", "batches", self.batches, zstd),
            ("POST", "farewell", self.farewell, {}),
        ]

    async def offer(self, request: Request) -> Response:
        """Show whoever holds a token what they would agree to; the token stays unused."""
        self._gate.caller(request)
        token = _text(parsed(await body(request, SMALL), SMALL), "token")
        offer = await asyncio.to_thread(self._office.offer, token, self._clock())
        return JSONResponse(document(offer))

    async def enrol(self, request: Request) -> Response:
        """Make a member of the key that signs this request and the consent in it."""
        caller, signed = self._gate.caller(request), Signed.read(request.headers)
        content = await body(request, SMALL)
        told = parsed(content, SMALL)
        letter = Letter.read(json.dumps(told.get("consent")).encode())
        application = applied(signed.key, letter, _text(told, "token"))
        self._gate.check(request, signed, application.key, content)
        await self._gate.fresh(signed)
        member = await asyncio.to_thread(self._office.enrol, application, caller.network, self._clock())
        return JSONResponse({"vantage": member.vantage})

    async def plan(self, request: Request) -> Response:
        """The plan in force, signed."""
        visit = await self._gate.visit(request, SMALL)
        await self._gate.fresh(visit.signed)
        await self._gate.saw(visit)
        content = await asyncio.to_thread(self._office.plan, visit.member, self._clock(), visit.network)
        letter = Letter.read(content)
        headers = {"ETag": f'"{letter.sha256}"', "Cache-Control": "no-store"}
        if visit.caller.address:
            headers["Your-Address"] = visit.caller.address
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(content, 200, headers, media_type="application/json")

    async def consent(self, request: Request) -> Response:
        """Take what the operator agrees to from now on."""
        visit = await self._gate.visit(request, SMALL)
        await self._gate.fresh(visit.signed)
        await asyncio.to_thread(self._office.agree, visit.member, visit.body, self._clock())
        return Response(status_code=204)

    async def batches(self, request: Request) -> Response:
        """Keep a batch; the receipt says that it is on disk."""
        visit = await self._gate.visit(request, MOST_BYTES)
        approved(visit.member)
        parcel = await asyncio.to_thread(self._parcel, visit.body, visit.member.key, visit.network)
        await self._gate.fresh_batch(visit, parcel.batch.header)
        await self._gate.saw(visit)
        return Response(await self._desk.take(parcel), media_type="application/json")

    async def farewell(self, request: Request) -> Response:
        """Forget a key at its operator's wish; what it delivered stays."""
        visit = await self._gate.visit(request, SMALL)
        await self._gate.fresh(visit.signed)
        await asyncio.to_thread(members.leave, self._desk.fleet, visit.member.key, now=self._clock())
        return Response(status_code=204)

    def _parcel(self, content: bytes, key: str, network: str) -> Parcel:
        member = members.read(self._desk.fleet, key)
        assert member is not None
        batch = Batch.read(content, PublicKey.read(member.public))
        return Parcel(
            batch=batch,
            member=member,
            network=network,
            plan=self._office.plan_named(member.vantage, batch.header.plan),
            consent=self._office.consent(member),
        )


def _answered(handler: Handler) -> Handler:
    """A handler whose every fault is a refusal, and whose log never repeats what was sent."""

    @functools.wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusalError as fault:
            return fault.answer()
        except WireError as fault:
            return RefusalError.of(fault).answer()
        except (FleetError, StoreError) as fault:
            _log.warning("a request could not be answered: %s", fault)
            return RefusalError.busy(503, FULL, "the collector cannot read or write its own data now").answer()
        except Exception as mistake:  # noqa: BLE001 - its text may hold what a stranger sent
            _log.error("a request met a mistake of ours (%s)", type(mistake).__name__)
            return RefusalError.busy(503, FULL, "that is a fault of this program").answer()

    return answer


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or len(value) > 200:
        raise WireError(f"the key {name} is missing, or no short text")
    return value


def _sends(kind: str) -> dict[str, Any]:
    """What a request sends, for the description."""
    form: dict[str, Any] = {"type": "object"} if kind == "application/json" else {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {kind: {"schema": form}}}}
