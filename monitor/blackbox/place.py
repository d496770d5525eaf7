"""A target that is a host and a port."""

from __future__ import annotations

from monitor.blackbox.probing import ProbeFailedError


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
        return host, default
    if not host or not number.isdecimal() or len(number) > 5 or not 0 < int(number) < 65536:
        raise ProbeFailedError(f"a host and a port were expected, not {target[:100]!r}")
    return host, int(number)
