"""What the box on r2 does, as data: to questions, to server names, to hosts, and by rules of the kernel's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.lab.topology import AT_TARGET, AT_TARGET_6, BLOCK_PAGE, LYING_RESOLVER, TARGET, TARGET_6

DNSAction: TypeAlias = Literal["race", "replace", "drop"]
SNIAction: TypeAlias = Literal["reset", "race", "drop", "throttle"]
QUICAction: TypeAlias = Literal["drop"]
HostAction: TypeAlias = Literal["reset", "drop", "redirect", "page"]

MARK = 7
MITM_PORT = 8443
RATE = "24kb/s"
"""What a throttled connection is left with; a reader's page of some hundred kilobytes does not arrive in time."""
SIDES = {"r1": ("to-client", "to-r2"), "r2": ("to-r1", "to-r3"), "r3": ("to-r2", "to-servers")}
"""The interfaces of a box on each router: `INSIDE` towards the client, `OUTSIDE` towards the servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One way to censor the names in `names`; a field that is None leaves that layer alone.

    `node` is the router that the box is. `race` is a box beside the path: what it forges runs against the truth, which
    it cannot stop. Everything else is done by a box in the path. `kernel` are rules in the form of iptables, each led
    by its table; INSIDE and OUTSIDE stand for the box's own interfaces.
    """

    node: str = "r2"
    names: tuple[str, ...] = (TARGET,)
    dns: DNSAction | None = None
    forged: str | None = BLOCK_PAGE
    """The address in a forged answer; None forges that the name does not exist."""
    sni: SNIAction | None = None
    host: HostAction | None = None
    quic: QUICAction | None = None
    kernel: tuple[str, ...] = ()
    kernel_6: tuple[str, ...] = ()
    """The same for IPv6, which nothing else here touches."""
    down: tuple[str, ...] = ()
    """Nodes whose way to the next router is cut."""

    @property
    def rules(self) -> tuple[str, ...]:
        """All rules of the kernel that this needs, for IPv4."""
        asks = _ASK if self.dns or self.sni or self.host or self.quic else ()
        rules = asks + (_SLOW if self.sni == "throttle" else ()) + self.kernel
        return self._placed(rules)

    @property
    def rules_6(self) -> tuple[str, ...]:
        """The same for IPv6."""
        return self._placed(self.kernel_6)

    def _placed(self, rules: tuple[str, ...]) -> tuple[str, ...]:
        inside, outside = SIDES[self.node]
        return tuple(rule.replace("INSIDE", inside).replace("OUTSIDE", outside) for rule in rules)


_TO_PROGRAM = "-j NFQUEUE --queue-num 1 --queue-bypass"
# The table is the one before routing: a tap on the line sees packets whose time to live this very router would end.
_ASK = (
    f"mangle -A PREROUTING -i INSIDE -p udp -m multiport --dports 53,443 {_TO_PROGRAM}",
    f"mangle -A PREROUTING -i INSIDE -p tcp -m multiport --dports 80,443 {_TO_PROGRAM}",
)
_TOO_FAST = (
    f"-m hashlimit --hashlimit-above {RATE} --hashlimit-burst 30kb --hashlimit-mode dstip,dstport --hashlimit-name slow"
)
_SLOW = (
    f"mangle -A POSTROUTING -m mark --mark {MARK} -j CONNMARK --save-mark",
    f"mangle -A POSTROUTING -o INSIDE -m connmark --mark {MARK} {_TOO_FAST} -j DROP",
)

NOTHING = Behaviour()
BLACK_HOLE = Behaviour(kernel=(f"mangle -A PREROUTING -i INSIDE -d {AT_TARGET} -j DROP",))
BLACK_HOLE_6 = Behaviour(kernel_6=(f"mangle -A PREROUTING -i INSIDE -d {AT_TARGET_6} -j DROP",))
SNI_DROP_6 = Behaviour(
    kernel_6=(f"mangle -A PREROUTING -i INSIDE -p tcp --dport 443 -m string --algo bm --string {TARGET_6} -j DROP",)
)
REFUSED = Behaviour(kernel=(f"filter -A FORWARD -p tcp -d {AT_TARGET} -j REJECT --reject-with tcp-reset",))
PROHIBITED = Behaviour(kernel=(f"filter -A FORWARD -d {AT_TARGET} -j REJECT --reject-with icmp-admin-prohibited",))
QUIC_DROPPED = Behaviour(kernel=("mangle -A PREROUTING -i INSIDE -p udp --dport 443 -j DROP",))
QUIC_PROHIBITED = Behaviour(
    kernel=("filter -A FORWARD -p udp --dport 443 -j REJECT --reject-with icmp-admin-prohibited",)
)
HIJACK = Behaviour(
    kernel=tuple(
        f"nat -A PREROUTING -i INSIDE -p {protocol} --dport 53 -j DNAT --to-destination {LYING_RESOLVER}"
        for protocol in ("udp", "tcp")
    )
)
INTERCEPTION = Behaviour(
    kernel=(f"nat -A PREROUTING -i INSIDE -p tcp -d {AT_TARGET} --dport 443 -j REDIRECT --to-ports {MITM_PORT}",)
)
LOSS = Behaviour(
    kernel=tuple(
        f"mangle -A PREROUTING -i {side} -m statistic --mode nth --every 6 --packet 3 -j DROP"
        for side in ("INSIDE", "OUTSIDE")
    )
)
"""One packet in six, in both directions; counted and not drawn, so that every run is alike."""
CUT_OFF = Behaviour(down=("client",))
