"""How a vantage point reaches the network, and where its proxy is: `127.0.0.1:9050`, or with a user and a password."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from monitor.config.values import wrong
from probes.proxied import Proxy, Speech

_PROXY = re.compile(r"(?:([!-9;-~]{1,255}):([!-~]{1,255})@)?(\[[0-9a-fA-F:.]+\]|[0-9.]+):([0-9]{1,5})", re.ASCII)


def proxy_of(speech: Speech, text: str) -> Proxy:
    """The proxy that a text stands for; ValueError where it stands for none. The address is no name.

    >>> proxy_of("socks5", "127.0.0.1:9050")
    Proxy(speech='socks5', address='127.0.0.1', port=9050)
    >>> proxy_of("http_proxy", "me:secret@[2001:db8::1]:3128").password
    'secret'
    """
    found = _PROXY.fullmatch(text)
    if found is None:
        raise ValueError("no address and port")
    user, password, host, port = found.groups(default="")
    address = str(ip_address(host.strip("[]")))
    if not 0 < int(port) < 65536:
        raise ValueError("no port")
    return Proxy(speech=speech, address=address, port=int(port), user=user, password=password)


def _kind(value: Any) -> Any:
    if value == "agent":
        raise wrong("agents are invited, not listed (`presscanary fleet token`)", "a kind such as 'local'")
    if value == "netns":
        raise wrong("a namespace needs no kind of its own", "'local', and `namespace` beside it")
    return value


def _proxy(value: Any) -> str:
    try:
        if isinstance(value, str):
            proxy_of("socks5", value)
            return value
    except ValueError:
        pass  # and the message does not repeat it: a password may stand in it
    raise wrong("this is no proxy", "an IP address and a port such as 127.0.0.1:9050, or user:password@ before them")


ProxyAt: TypeAlias = Annotated[
    str, BeforeValidator(_proxy), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:9050"]})
]
WayKind: TypeAlias = Annotated[Literal["local", "socks5", "http_proxy"], BeforeValidator(_kind)]
