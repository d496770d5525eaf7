"""The prober `http`: one request and its redirects, judged by the module's conditions."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from email.utils import parsedate_to_datetime

from monitor.blackbox.address import resolve
from monitor.blackbox.modules import HeaderMatch, HTTPProbe, Module
from monitor.blackbox.place import named
from monitor.blackbox.probing import ProbeFailedError, Probing
from monitor.blackbox.security import wrap
from probes.steps.exchange import Head, Outgoing
from probes.steps.progress import Progress, Watched
from probes.steps.request import Visit
from probes.steps.tcp import Channel, dial
from probes.steps.transfer import transfer
from probes.steps.url import REDIRECTS, WebAddress, follow, parse

PHASES = ("resolve", "connect", "tls", "processing", "transfer")
MOST_REDIRECTS = 10
BODY = 8 << 20
"""At most so much of a body is read; blackbox has no bound of its own."""


async def probe(module: Module, target: str, probing: Probing) -> None:
    """Return where the probe succeeded; ProbeFailedError, or what a network raises, where it did not."""
    config = module.http
    _begin(probing)
    place = _place(target)
    address = await resolve(probing, place.host, config.preferred_ip_protocol, fallback=config.ip_protocol_fallback)
    probing.add("probe_http_duration_seconds", probing.samples["probe_dns_lookup_time_seconds", ()], phase="resolve")
    method = config.method
    for number in range(MOST_REDIRECTS + 1):
        head, raw = await _exchange(probing, config, place, address, method=method, first=number == 0)
        onward = _onward(head, place)
        if onward is not None:
            probing.set("probe_http_redirects", number + 1)
            probing.say(f"Received redirect location={onward.url}")
        if onward is None or not config.follows or number == MOST_REDIRECTS:
            _response(probing, place, head, b"" if onward else raw)
        if onward is None or not config.follows:
            _judge(probing, config, place, head, "" if onward else raw.decode("utf-8", errors="replace"))
            return
        method = "GET" if head.status in (301, 302, 303) and method == "POST" else method
        place = onward
        address = await _again(probing, config, place)
    raise ProbeFailedError("stopped after 10 redirects")


def _begin(probing: Probing) -> None:
    for phase in PHASES:
        probing.set("probe_http_duration_seconds", 0, phase=phase)
    for name in ("content_length", "uncompressed_body_length", "redirects", "ssl", "status_code", "version"):
        probing.set(f"probe_http_{name}", 0)
    probing.set("probe_failed_due_to_regex", 0)


def _place(target: str) -> WebAddress:
    """blackbox takes a target without a scheme for one of http."""
    text = target if re.match(r"(?i)https?://", target) else f"http://{target}"
    try:
        return parse(text)
    except ValueError as error:
        raise ProbeFailedError(f"Could not parse target URL: {error}") from error


async def _again(probing: Probing, config: HTTPProbe, place: WebAddress) -> str:
    """The address of a redirect's host; the three samples of the lookup stay those of the target."""
    kept = {key: probing.samples[key] for key in probing.samples if key[0] in _OF_TARGET}
    began = probing.clock()
    try:
        return await resolve(probing, place.host, config.preferred_ip_protocol, fallback=config.ip_protocol_fallback)
    finally:
        probing.samples.update(kept)
        probing.add("probe_http_duration_seconds", probing.clock() - began, phase="resolve")


_OF_TARGET = ("probe_dns_lookup_time_seconds", "probe_ip_protocol", "probe_ip_addr_hash")


async def _exchange(
    probing: Probing, config: HTTPProbe, place: WebAddress, address: str, *, method: str, first: bool
) -> tuple[Head, bytes]:
    probing.say(f"Making HTTP request url={place.url} address={address}")
    began = probing.clock()
    stream = await dial(probing.network, address, place.port)
    with closing(stream):
        connected = probing.clock()
        channel: Channel = stream
        if place.secure:
            name = named(probing.hostname).host if first and probing.hostname else place.host
            channel = await wrap(probing, stream, name, config.tls_config, http=True)
        secured = probing.clock()
        progress = Progress()
        watched = Watched(channel, progress, probing.clock)
        head = await transfer(progress, watched, _request(probing, config, place, method, first=first), BODY)
        ended = probing.clock()
    answered = progress.first_byte if progress.first_byte is not None else ended
    took = (connected - began, secured - connected if place.secure else 0.0, answered - secured, ended - answered)
    for phase, seconds in zip(PHASES[1:], took, strict=True):
        probing.add("probe_http_duration_seconds", seconds, phase=phase)
    return head, progress.reader.raw if progress.reader is not None else b""


def _request(probing: Probing, config: HTTPProbe, place: WebAddress, method: str, *, first: bool) -> Outgoing:
    """As a browser asks, so that nobody treats a probe otherwise, but uncompressed as blackbox does."""
    asked = Visit().ask(place, None).outgoing
    given = {name.lower(): value for name, value in config.headers.items()}
    host = given.pop("host", "") or (_authority(probing.hostname) if first and probing.hostname else "")
    kept = [
        (name, value)
        for name, value in asked.headers
        if name.lower().decode() not in given and name.lower() not in (b"host", b"accept-encoding")
    ]
    authority = host.encode() or asked.authority
    content = config.body.encode() if method == "POST" else b""
    added = [(name.encode(), value.encode()) for name, value in given.items()]
    length = [(b"content-length", str(len(content)).encode())] if content else []
    encoding = [] if "accept-encoding" in given else [(b"accept-encoding", b"identity")]
    return replace(
        asked,
        method=method.encode(),
        authority=authority,
        headers=((b"host", authority), *kept, *encoding, *added, *length),
        body=content,
    )


def _authority(hostname: str) -> str:
    """What goes into the Host header.

    >>> _authority("news.example:8443"), _authority("яндекс.рф")
    ('news.example:8443', 'xn--d1acpjx3f.xn--p1ai')
    """
    return named(hostname).url.removeprefix("http://").removesuffix("/")


def _response(probing: Probing, place: WebAddress, head: Head, raw: bytes) -> None:
    """The samples of the last response; of a redirect that nobody follows the body is not read."""
    probing.say(f"Received HTTP response status_code={head.status}")
    version = re.search(r"\d(\.\d)?", head.protocol)
    declared = head.value(b"content-length") or ""
    probing.set("probe_http_status_code", head.status)
    probing.set("probe_http_version", float(version.group()) if version else 0)
    probing.set("probe_http_ssl", place.secure)
    probing.set("probe_http_uncompressed_body_length", len(raw))
    probing.set("probe_http_content_length", int(declared) if declared.isdecimal() and len(declared) < 16 else -1)
    modified = _moment(head.value(b"last-modified"))
    if modified is not None:
        probing.set("probe_http_last_modified_timestamp_seconds", modified)


def _moment(text: str | None) -> float | None:
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _onward(head: Head, place: WebAddress) -> WebAddress | None:
    location = head.value(b"location") if head.status in REDIRECTS else None
    if location is None:
        return None
    try:
        return follow(place, location)
    except ValueError as error:
        raise ProbeFailedError(f"a redirect leads nowhere: {error}") from error


def _judge(probing: Probing, config: HTTPProbe, place: WebAddress, head: Head, body: str) -> None:
    """In blackbox's order; each condition that fails is said, and the first decides."""
    valid = config.valid_status_codes
    if head.status not in valid if valid else not head.success:
        raise ProbeFailedError(f"Invalid HTTP response status code, wanted {valid or '2xx'} status_code={head.status}")
    if (why := _unlike(config, head, body)) is not None:
        probing.set("probe_failed_due_to_regex", 1)
        raise ProbeFailedError(why)
    if config.valid_http_versions and head.protocol not in map(_spelled, config.valid_http_versions):
        raise ProbeFailedError(f"Invalid HTTP version number version={head.protocol}")
    if config.fail_if_ssl and place.secure:
        raise ProbeFailedError("Final request was over SSL")
    if config.fail_if_not_ssl and not place.secure:
        raise ProbeFailedError("Final request was not over SSL")


def _spelled(version: str) -> str:
    """`HTTP/2.0` in blackbox.yml is `HTTP/2` on the wire's side."""
    return version.removesuffix(".0") if version in ("HTTP/2.0", "HTTP/3.0") else version


def _unlike(config: HTTPProbe, head: Head, body: str) -> str | None:
    """Which regular expression decided against the response; None where none did."""
    for pattern in config.fail_if_body_matches_regexp:
        if re.search(pattern, body):
            return f"Body matched regular expression regexp={pattern}"
    for pattern in config.fail_if_body_not_matches_regexp:
        if not re.search(pattern, body):
            return f"Body did not match regular expression regexp={pattern}"
    for match in config.fail_if_header_matches:
        if (found := _header(match, head)) is None and not match.allow_missing:
            return f"Missing required header header={match.header}"
        if found is not None and re.search(match.regexp, found):
            return f"Header matched regular expression header={match.header}"
    for match in config.fail_if_header_not_matches:
        if (found := _header(match, head)) is None and not match.allow_missing:
            return f"Missing required header header={match.header}"
        if found is not None and not re.search(match.regexp, found):
            return f"Header did not match regular expression header={match.header}"
    return None


def _header(match: HeaderMatch, head: Head) -> str | None:
    return head.value(match.header.lower().encode())
