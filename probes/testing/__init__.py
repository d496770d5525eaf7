"""Networks that censor on purpose, as data, played on loopback sockets: for tests, demos and documentation.

    internet = Internet(sites=(Site(names=("news.example",), addresses=("93.184.216.34",)),))
    async with Loopback(internet) as lab:
        censored = lab.network("home", rules=(SNIBlock(names=("news.example",), action="reset"),))

`censored` is a `probes.network.Network`: every probe runs on it as it does on the system's.
docs/reference/testing-networks.md tells what can be described.
"""

from probes.testing.censor import (
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    AddressBlock,
    DNSForgery,
    Freeze,
    HostBlock,
    Injection,
    Interception,
    NoIPv6,
    Outage,
    PayloadBlock,
    Punishment,
    QUICBlock,
    Rule,
    SNIBlock,
    Throttle,
    block_page,
    block_redirect,
)
from probes.testing.internet import PUBLIC_RESOLVERS, Internet, Response, Route, Site, page, redirect
from probes.testing.loopback import Loopback
from probes.testing.view import View

__all__ = [
    "NXDOMAIN",
    "PUBLIC_RESOLVERS",
    "REFUSED",
    "SERVFAIL",
    "AddressBlock",
    "DNSForgery",
    "Freeze",
    "HostBlock",
    "Injection",
    "Interception",
    "Internet",
    "Loopback",
    "NoIPv6",
    "Outage",
    "PayloadBlock",
    "Punishment",
    "QUICBlock",
    "Response",
    "Route",
    "Rule",
    "SNIBlock",
    "Site",
    "Throttle",
    "View",
    "block_page",
    "block_redirect",
    "page",
    "redirect",
]
