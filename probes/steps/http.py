"""One HTTP request on one open connection, as a browser would make it, and all that came back."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import replace

import h2.exceptions
import h11

from probes.failure import TIMEOUT, NamedError, failure_of
from probes.model import Body, Failure, HTTPRoundTrip
from probes.steps.body import summarise
from probes.steps.exchange import Head
from probes.steps.progress import Progress, Watched
from probes.steps.request import Asked, Visit, posted, recorded
from probes.steps.tcp import Channel
from probes.steps.trace import Trace
from probes.steps.transfer import transfer
from probes.steps.url import REDIRECTS, WebAddress, follow

TOO_MANY_REDIRECTS = "unknown_failure: stopped after too many redirects"
NO_SUCH_TARGET = "http_invalid_redirect_location_host"
FAULTS = (OSError, NamedError, zlib.error, h11.ProtocolError, h2.exceptions.H2Error)
"""What an exchange over a hostile network may raise; all of it has a word in `probes.failure`."""

_HIDDEN = "[secret]"


async def fetch(
    trace: Trace,
    visit: Visit,
    channel: Channel,
    place: WebAddress,
    *,
    referer: str | None = None,
    last: bool = False,
    secret: str = "",
    timed: bool = False,
    brief: bool = False,
) -> WebAddress | None:
    """GET `place` over `channel` within `limits.http`, keep the step, and return where it redirects to, if anywhere.

    None also where the exchange failed. `last` says that no redirect may follow any more; one that comes then, or one
    to a host that cannot exist, is the step's failure. What is recorded is scrubbed, of `secret` too; what is sent and
    followed is not. `timed` keeps how the response came in; `brief` keeps no more than length and title of a large page
    that came with success.
    """
    started = trace.elapsed()
    progress = Progress()
    asked = visit.ask(place, referer)
    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    target: WebAddress | None = None
    try:
        async with asyncio.timeout(trace.limits.http):
            watched = Watched(channel, progress, trace.elapsed)
            head = await transfer(progress, watched, asked.outgoing, trace.limits.body)
        failure, target = _redirect(head, place, last=last)
    except FAULTS as error:
        failure = failure_of(error)
    finally:
        body = _body(trace, progress, place, failure, brief=brief)
        step = _record(trace, asked, channel, progress, started=started, failure=failure, body=body)
        step = replace(step, arrivals=_since(started, progress.arrivals)) if timed else step
        trace.keep(without(secret, step) if secret else step)
    if progress.head is not None:
        visit.remember(asked, progress.head)
    return target


async def post(
    channel: Channel, place: WebAddress, content: bytes, media_type: str, limit: int
) -> tuple[int, str, bytes]:
    """POST `content` and return status, Content-Type and body (at most `limit` bytes); raises one of `FAULTS`."""
    progress = Progress()
    head = await transfer(progress, channel, posted(place, content, media_type), limit)
    assert progress.reader is not None, "a response always has a reader"
    return head.status, head.value(b"content-type") or "", progress.reader.raw


def _redirect(head: Head, place: WebAddress, *, last: bool) -> tuple[Failure, WebAddress | None]:
    location = head.value(b"location") if head.status in REDIRECTS else None
    if location is None:
        return None, None
    try:
        target = follow(place, location)
    except ValueError:
        return NO_SUCH_TARGET, None
    if target is not None and last:
        return TOO_MANY_REDIRECTS, None
    return None, target


def _record(
    trace: Trace,
    asked: Asked,
    channel: Channel,
    progress: Progress,
    *,
    started: float,
    failure: Failure,
    body: Body | None,
) -> HTTPRoundTrip:
    head = progress.head
    return HTTPRoundTrip(
        hop=trace.hop,
        url=asked.url,
        address=channel.peer[0],
        port=channel.peer[1],
        started=started,
        duration=trace.elapsed() - started,
        failure=failure,
        request_headers=asked.headers,
        status=head.status if head is not None else None,
        protocol=head.protocol if head is not None else "",
        headers=recorded(head.headers) if head is not None else (),
        body=body,
        first_byte=None if progress.first_byte is None else progress.first_byte - started,
        purpose=trace.purpose,
    )


def _since(started: float, arrivals: list[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    return tuple((moment - started, received) for moment, received in arrivals)


def without(secret: str, step: HTTPRoundTrip) -> HTTPRoundTrip:
    """The step with `[secret]` in the place of what only we and our server may know, whoever repeated it.

    >>> step = HTTPRoundTrip(hop=0, url="http://a.kg/k3y/", address="", port=80, started=0, duration=0)
    >>> without("k3y", step).url
    'http://a.kg/[secret]/'
    """

    def hide(text: str) -> str:
        return text.replace(secret, _HIDDEN)

    body = step.body and replace(
        step.body,
        title=None if step.body.title is None else hide(step.body.title),
        kept=None if step.body.kept is None else step.body.kept.replace(secret.encode(), _HIDDEN.encode()),
    )
    return replace(
        step,
        url=hide(step.url),
        failure=None if step.failure is None else hide(step.failure),
        request_headers=tuple((name, hide(value)) for name, value in step.request_headers),
        headers=tuple((name, hide(value)) for name, value in step.headers),
        body=body,
    )


def _body(trace: Trace, progress: Progress, place: WebAddress, failure: Failure, *, brief: bool) -> Body | None:
    head, reader = progress.head, progress.reader
    if head is None or reader is None:
        return None
    broke_off = failure not in (None, NO_SUCH_TARGET, TOO_MANY_REDIRECTS)
    return summarise(
        reader.raw,
        own=trace.own,
        truncated=reader.truncated or broke_off,
        content_type=head.value(b"content-type") or "",
        suspicious=not head.success or not place.secure,
        brief=brief and head.success and not broke_off,
    )
