"""The lab's map as data: who is linked to whom, under which addresses, and who serves what.

    client - r1 - r2 - r3 - servers
                        |
                     control

r2 is where the censor sits; control reaches the servers without passing it. Nothing is linked to this machine's own
network, so the public addresses used here lead nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

NODES = ("client", "r1", "r2", "r3", "servers", "control")
TARGET, INNOCUOUS, OTHER = "kloop.test", "library.test", "museum.test"
AT_TARGET, AT_INNOCUOUS, AT_OTHER = "93.184.216.34", "104.154.89.105", "151.101.1.91"
BLOCK_PAGE = "84.54.200.10"
"""Where a lying resolver sends readers to: a site of its own, with a certificate of its own."""
SYSTEM_RESOLVER, PUBLIC_RESOLVER, DOH_RESOLVER = "84.54.200.53", "9.9.9.9", "8.8.8.8"
DOH_NAME = "dns.google"
LYING_RESOLVER = "84.54.200.66"
ECHO_ONE, ECHO_TWO = "185.199.108.8", "185.199.109.9"
NO_DNS = "185.199.110.10"
"""An address that is routed to the servers and on which nobody answers questions."""
TARGET_6, INNOCUOUS_6 = "kloop6.test", "library6.test"
AT_TARGET_6, AT_INNOCUOUS_6 = "2a02:4780:1::34", "2a04:4e42:2::91"
ZONE_6 = {TARGET_6: AT_TARGET_6, INNOCUOUS_6: AT_INNOCUOUS_6}
"""Names of their own, so that what is measured of the others stays a matter of IPv4."""
ZONE = {TARGET: AT_TARGET, INNOCUOUS: AT_INNOCUOUS, OTHER: AT_OTHER}
ROUTERS = ("198.18.1.1", "198.18.12.2", "198.18.23.2")
"""How r1, r2 and r3 call themselves towards the client."""
ROUTERS_6 = ("2001:db8:1::1", "2001:db8:12::2", "2001:db8:23::2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A cable between two nodes; each end is a node and its addresses there, of either version, with prefix lengths."""

    ends: tuple[tuple[str, str, str], tuple[str, str, str]]

    @property
    def interfaces(self) -> tuple[str, str]:
        """The names of both ends: each is called by whom it leads to."""
        (one, *_), (other, *_) = self.ends
        return f"to-{other}", f"to-{one}"


LINKS = (
    Link(ends=(("client", "198.18.1.2/24", "2001:db8:1::2/64"), ("r1", "198.18.1.1/24", "2001:db8:1::1/64"))),
    Link(ends=(("r1", "198.18.12.1/30", "2001:db8:12::1/64"), ("r2", "198.18.12.2/30", "2001:db8:12::2/64"))),
    Link(ends=(("r2", "198.18.23.1/30", "2001:db8:23::1/64"), ("r3", "198.18.23.2/30", "2001:db8:23::2/64"))),
    Link(ends=(("r3", "198.18.34.1/30", "2001:db8:34::1/64"), ("servers", "198.18.34.2/30", "2001:db8:34::2/64"))),
    Link(ends=(("r3", "198.18.5.1/24", "2001:db8:5::1/64"), ("control", "198.18.5.2/24", "2001:db8:5::2/64"))),
)

ROUTES = {
    "client": ("default via 198.18.1.1", "default via 2001:db8:1::1"),
    "r1": ("default via 198.18.12.2", "default via 2001:db8:12::2"),
    "r2": (
        "default via 198.18.23.2",
        "198.18.1.0/24 via 198.18.12.1",
        "default via 2001:db8:23::2",
        "2001:db8:1::/64 via 2001:db8:12::1",
    ),
    "r3": (
        "default via 198.18.34.2",
        "198.18.1.0/24 via 198.18.23.1",
        "198.18.12.0/30 via 198.18.23.1",
        "default via 2001:db8:34::2",
        "2001:db8:1::/64 via 2001:db8:23::1",
    ),
    "servers": (
        "default via 198.18.34.1",
        "default via 2001:db8:34::1",
        # A whole range may be bound by servers without an interface of its own ("AnyIP").
        *(
            f"local {address} dev lo"
            for address in (
                *ZONE.values(),
                *ZONE_6.values(),
                BLOCK_PAGE,
                SYSTEM_RESOLVER,
                PUBLIC_RESOLVER,
                DOH_RESOLVER,
                LYING_RESOLVER,
                ECHO_ONE,
                ECHO_TWO,
                NO_DNS,
            )
        ),
    ),
    "control": ("default via 198.18.5.1", "default via 2001:db8:5::1"),
}
