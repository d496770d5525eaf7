"""Hosts and ports as a target names them."""

from __future__ import annotations

import re

from monitor.blackbox.probing import ProbeFailedError
from probes.steps.url import WebAddress, parse

_NO_HOST = re.compile(r"[\s/?#@\\]")


def named(text: str) -> WebAddress:
    """A host, with a port or without one, as it goes on the wire; ProbeFailedError where it cannot be a host.

    >>> named("яндекс.рф").host, named("news.example:8443").url, named("2001:db8::1").host
    ('xn--d1acpjx3f.xn--p1ai', 'http://news.example:8443/', '2001:db8::1')
    """
    bare = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    if _NO_HOST.search(bare):
        raise ProbeFailedError(f"{text[:100]!r} cannot be a host")
    try:
        return parse(f"http://{bare}/")
    except ValueError as error:
        raise ProbeFailedError(f"{text[:100]!r} cannot be a host: {error}") from error


def host_and_port(target: str, default: int | None = None) -> tuple[str, int]:
    """The two halves; an IPv6 address with a port stands in brackets. ProbeFailedError where there is no port.

    >>> host_and_port("[2001:db8::1]:53"), host_and_port("ns.example", 53), host_and_port("2001:db8::1", 53)
    (('2001:db8::1', 53), ('ns.example', 53), ('2001:db8::1', 53))
    """
    if target.startswith("["):
        host, _, rest = target[1:].partition("]")
        number = rest.removeprefix(":")
    elif target.count(":") == 1:
        host, _, number = target.partition(":")
    else:
        host, number = target, ""
    if not number and default is not None:
        return named(host).host, default
    if not host or not number.isdecimal() or len(number) > 5 or not 0 < int(number) < 65536:
        raise ProbeFailedError(f"a host and a port were expected, not {target[:100]!r}")
    return named(host).host, int(number)
