"""At which of three routers it is done, found without a single privilege."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from monitor.verdict.experiments import Fate, read_hop
from probes.model import Limits, Measurement, TTLTrial
from tests.lab.behaviour import BLACK_HOLE, BLACK_HOLE_6, NOTHING, PROHIBITED, SNI_DROP_6, Behaviour
from tests.lab.lab import Lab
from tests.lab.place import Order
from tests.lab.topology import INNOCUOUS, INNOCUOUS_6, ROUTERS, ROUTERS_6, TARGET, TARGET_6
from tests.lab.visit import task

HEADING = "network lab: at which router of three (r2 where nothing else is said)"
LIMITS = Limits(dns=0.5, dns_linger=0.1, tcp=0.5, tls=0.5, http=0.5, total=30.0)
"""More than the 0.2 s after which a kernel on a virtual cable notices a word from the first router."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A behaviour, and what must be found: which message shows it, how it fares, what that is called, and where."""

    does: Behaviour
    shows: tuple[str, Fate, str]
    scheme: str = "https"
    hops: int = 2
    router: str = ROUTERS[1]
    decisive: bool = True
    names: tuple[str, str] = (TARGET, INNOCUOUS)


SNI_RESET = ("tls", Fate.RESET, "tls.reset.sni")
SNI_SILENCE = ("tls", Fate.SILENT, "tls.timeout.sni")
CASES = {
    "SNI reset in the path": Case(does=Behaviour(sni="reset"), shows=SNI_RESET),
    "SNI reset beside it": Case(does=Behaviour(sni="race"), shows=SNI_RESET),
    "SNI reset at r1": Case(does=Behaviour(node="r1", sni="reset"), shows=SNI_RESET, hops=1, router=""),
    "SNI reset at r3": Case(does=Behaviour(node="r3", sni="reset"), shows=SNI_RESET, hops=3, router=ROUTERS[2]),
    "SNI dropped": Case(does=Behaviour(sni="drop"), shows=SNI_SILENCE),
    # Seen with one number of hops only: silence may be chance.
    "SNI dropped at r3": Case(
        does=Behaviour(node="r3", sni="drop"), shows=SNI_SILENCE, hops=3, router=ROUTERS[2], decisive=False
    ),
    "Host page": Case(does=Behaviour(host="page"), shows=("http", Fate.ANSWERED, "http"), scheme="http"),
    "Host reset": Case(does=Behaviour(host="reset"), shows=("http", Fate.RESET, "http.reset.host"), scheme="http"),
    "DNS injection race": Case(does=Behaviour(dns="race"), shows=("dns", Fate.ANSWERED, "dns.injection")),
    "DNS question dropped": Case(does=Behaviour(dns="drop"), shows=("dns", Fate.SILENT, "dns.timeout")),
    "address dropped": Case(does=BLACK_HOLE, shows=("syn", Fate.SILENT, "tcp.timeout"), decisive=False),
    "SNI dropped, IPv6": Case(does=SNI_DROP_6, shows=SNI_SILENCE, router=ROUTERS_6[1], names=(TARGET_6, INNOCUOUS_6)),
    "address dropped, IPv6": Case(
        does=BLACK_HOLE_6,
        shows=("syn", Fate.SILENT, "tcp.timeout"),
        router=ROUTERS_6[1],
        decisive=False,
        names=(TARGET_6, INNOCUOUS_6),
    ),
    # This filter comes after routing: what r2 itself gives up is not filtered, so the next number of hops shows it.
    "address prohibited": Case(
        does=PROHIBITED, shows=("syn", Fate.UNREACHABLE, "ip.unreachable"), hops=3, decisive=False
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_router(lab: Lab, table: dict[str, list[str]], name: str) -> None:
    """The fates part at the router that does it; it is named, unless it is the first, which is the operator's own."""
    case = CASES[name]
    lab.behave(case.does)
    found = read_hop(_measured(lab, case.scheme, case.names))
    [parting] = found.partings
    table.setdefault(HEADING, []).append(
        f"{name:24} {parting.method:5} hops {parting.hops}  {parting.router:14} {parting.trigger.name.lower():12}"
        f"{found.reading.technique!s:17} {found.reading.rule_id:11} {'decisive' if found.reading.decisive else ''}"
    )
    assert (parting.hops, parting.earliest, parting.router) == (case.hops, case.hops, case.router)
    assert (parting.method, parting.trigger, found.reading.technique) == case.shows
    assert (found.reading.rule_id, found.reading.decisive) == ("hop.parted", case.decisive)


def test_no_censor(lab: Lab) -> None:
    """Where nothing is done nothing parts; the routers are named, except for the first, which is the operator's own."""
    lab.behave(NOTHING)
    found = read_hop(_measured(lab, "https"))
    assert (found.reading.rule_id, found.partings) == ("hop.together", ())
    assert dict(found.routers) == {2: ROUTERS[1], 3: ROUTERS[2]}


def test_every_message_is_tried_at_every_router(lab: Lab) -> None:
    """Three routers and the server: what is sent with few hops expires, and with four it arrives."""
    lab.behave(NOTHING)
    trials = [step for step in _measured(lab, "https").steps if isinstance(step, TTLTrial) and step.ttl <= 4]
    fates = {(one.method, one.ttl, one.purpose): one.failure for one in trials}
    assert {method for method, _, _ in fates} == {"syn", "tls", "http", "dns"}
    assert len(fates) == 4 * 4 * 2
    assert {key[1] for key, failure in fates.items() if failure is None} == {4}
    assert {failure for key, failure in fates.items() if key[1] < 4} == {"host_unreachable"}


def _measured(lab: Lab, scheme: str, names: tuple[str, str] = (TARGET, INNOCUOUS)) -> Measurement:
    target, innocuous = names
    asked = task("client", f"{scheme}://{target}/")
    order = Order(kind="hop", task=replace(asked, limits=LIMITS, innocuous_names=(innocuous,)))
    return lab.measure({"client": [order]})["client"][0]
