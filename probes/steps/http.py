"""One HTTP request on one open connection, as a browser would make it, and all that came back."""

from __future__ import annotations

import asyncio
import warnings
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import lru_cache

import h2.exceptions
import h11
import httpx

from probes.failure import TIMEOUT, NamedError, failure_of
from probes.model import Body, Failure, HTTPRoundTrip
from probes.scrub import scrub, scrub_url
from probes.steps.body import BodyReader, summarise
from probes.steps.exchange import RawHeaders
from probes.steps.progress import Progress, Watched
from probes.steps.tcp import Channel
from probes.steps.trace import Trace
from probes.steps.transport import ChannelTransport
from probes.steps.url import REDIRECTS, WebAddress, follow

TOO_MANY_REDIRECTS = "unknown_failure: stopped after too many redirects"
NO_SUCH_TARGET = "http_invalid_redirect_location_host"
FAULTS = (OSError, NamedError, zlib.error, h11.ProtocolError, h2.exceptions.H2Error)
"""What an exchange over a hostile network may raise; all of it has a word in `probes.failure`."""

_BROWSER = (
    ("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate"),
)
"""What Firefox 140 ESR sends, but for the encodings that are not inflated here. No word says that this is a probe: a
censor who could tell would treat it otherwise than people (and people near it worse)."""
_NAVIGATION = (("Connection", "keep-alive"), ("Upgrade-Insecure-Requests", "1"))
_HIDDEN = "[secret]"
_PLACES = frozenset({"location", "content-location", "referer"})


@dataclass(frozen=True, slots=True)
class Visit:
    """One walk along a chain of redirects; it carries the cookies from hop to hop."""

    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def request(self, place: WebAddress, referer: str | None) -> httpx.Request:
        """The request of a browser that comes from `referer`."""
        if not self.cookies and referer is None:
            return _first_request(place.url)
        came_from = (("Referer", referer),) if referer else ()
        return httpx.Request("GET", place.url, headers=[*_BROWSER, *came_from, *_NAVIGATION], cookies=self.cookies)

    def remember(self, response: httpx.Response) -> None:
        """Keep the response's cookies; one that cannot be read is left out, without the library's own alarm."""
        if "set-cookie" not in response.headers:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # http.cookiejar warns of "a bug" where an Expires has no such month
            self.cookies.extract_cookies(response)


@lru_cache(maxsize=1024)
def _first_request(url: str) -> httpx.Request:
    """The request of somebody who comes from nowhere, the same each time; nobody changes it."""
    return httpx.Request("GET", url, headers=[*_BROWSER, *_NAVIGATION])


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
    request = visit.request(place, referer)
    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    target: WebAddress | None = None
    try:
        async with asyncio.timeout(trace.limits.http):
            await _carry(progress, Watched(channel, progress, trace.elapsed), request, trace.limits.body)
        failure, target = _redirect(progress.response, place, last=last)
    except FAULTS as error:
        failure = failure_of(error)
    finally:
        body = _body(trace, progress, place, failure, brief=brief)
        step = _record(trace, place, channel, progress, started=started, failure=failure, request=request, body=body)
        step = replace(step, arrivals=_since(started, progress.arrivals)) if timed else step
        trace.keep(without(secret, step) if secret else step)
    if progress.response is not None:
        visit.remember(progress.response)
    return target


async def post(
    channel: Channel, place: WebAddress, content: bytes, media_type: str, limit: int
) -> tuple[int, str, bytes]:
    """POST `content` and return status, Content-Type and body (at most `limit` bytes); raises one of `FAULTS`."""
    progress = Progress()
    headers = [_BROWSER[0], ("Accept", media_type), ("Content-Type", media_type)]
    await _carry(progress, channel, httpx.Request("POST", place.url, headers=headers, content=content), limit)
    assert progress.response is not None, "an exchange without response raises"
    assert progress.reader is not None, "a response always has a reader"
    return progress.response.status_code, progress.response.headers.get("content-type", ""), progress.reader.raw


async def _carry(progress: Progress, channel: Channel, request: httpx.Request, limit: int) -> None:
    response = progress.response = await ChannelTransport(channel).handle_async_request(request)
    reader = BodyReader(limit=limit, content_encoding=response.headers.get("content-encoding", ""))
    progress.reader = reader
    assert isinstance(response.stream, httpx.AsyncByteStream)
    arriving = aiter(response.stream)
    assert isinstance(arriving, AsyncGenerator)
    async with aclosing(arriving) as chunks:
        async for chunk in chunks:
            reader.feed(chunk)
            if reader.truncated:
                break


def _redirect(response: httpx.Response | None, place: WebAddress, *, last: bool) -> tuple[Failure, WebAddress | None]:
    location = response.headers.get("location") if response is not None and response.status_code in REDIRECTS else None
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
    place: WebAddress,
    channel: Channel,
    progress: Progress,
    *,
    started: float,
    failure: Failure,
    request: httpx.Request,
    body: Body | None,
) -> HTTPRoundTrip:
    response = progress.response
    return HTTPRoundTrip(
        hop=trace.hop,
        url=scrub_url(place.url),
        address=channel.peer[0],
        port=channel.peer[1],
        started=started,
        duration=trace.elapsed() - started,
        failure=failure,
        request_headers=_recorded_again(tuple(request.headers.raw)),
        status=response.status_code if response is not None else None,
        protocol=response.extensions["http_version"].decode("ascii") if response is not None else "",
        headers=recorded(tuple(response.headers.raw)) if response is not None else (),
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
    response, reader = progress.response, progress.reader
    if response is None or reader is None:
        return None
    broke_off = failure not in (None, NO_SUCH_TARGET, TOO_MANY_REDIRECTS)
    return summarise(
        reader.raw,
        own=trace.own,
        truncated=reader.truncated or broke_off,
        content_type=response.headers.get("content-type", ""),
        suspicious=not response.is_success or not place.secure,
        brief=brief and response.is_success and not broke_off,
    )


def recorded(headers: RawHeaders) -> tuple[tuple[str, str], ...]:
    """Headers as text without anybody's address; a Location keeps its host, which is evidence.

    >>> recorded(((b"X-Client", b"192.0.2.7"), (b"Location", b"http://192.0.2.1/?ip=192.0.2.7")))
    (('X-Client', '[scrubbed]'), ('Location', 'http://192.0.2.1/?ip=[scrubbed]'))
    """
    texts = tuple((_text(name), _text(value)) for name, value in headers)
    together = "\n".join(f"{name}\n{value}" for name, value in texts)
    if scrub(together) == together and not any(name.lower() in _PLACES for name, _ in texts):
        return texts
    return tuple((name, scrub_url(value) if name.lower() in _PLACES else scrub(value)) for name, value in texts)


@lru_cache(maxsize=256)
def _recorded_again(headers: RawHeaders) -> tuple[tuple[str, str], ...]:
    """The same for what we send, which is the same each time."""
    return recorded(headers)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
