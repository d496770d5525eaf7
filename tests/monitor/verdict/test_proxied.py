"""What a vantage point behind a proxy can prove: that a page comes, or another one; hardly ever how it is kept back."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest

from monitor.model import Health, State
from monitor.observe import observe
from monitor.verdict import judge
from probes.model import Limits, Role, Target, Task, VantagePoint
from probes.network import SystemNetwork
from probes.proxied import Proxied, Proxy
from probes.registry import all_probes
from probes.testing import AddressBlock, HostBlock, Internet, Loopback, Site, SNIBlock, block_page
from probes.testing.proxy import FarSide

NEWS, ADDRESS = "news.example", "93.184.216.34"
INTERNET = Internet(sites=(Site(names=(NEWS,), addresses=(ADDRESS,)),))
LIMITS = Limits(dns=1, dns_linger=0.05, tcp=5, tls=1, http=1, total=20)


async def visit(network, url, **point):
    """One visit by the real probe."""
    task = Task(target=Target(id="news", urls=(url,)), url=url, vantage=VantagePoint(**point), limits=LIMITS)
    return await all_probes()["website"].measure(task, network, lambda: datetime.now(UTC))


async def judged(*rules, url=f"https://{NEWS}/"):
    """The verdict of a vantage point behind a proxy in a network with these rules, beside three honest controls."""
    async with Loopback(INTERNET) as lab:
        controls = [await visit(lab.network(f"c{n}"), url, id=f"c{n}", role=Role.CONTROL) for n in range(3)]
        far = lab.network("far", rules=rules)
        async with FarSide("socks5", far, INTERNET) as door:
            found = await visit(Proxied(SystemNetwork(roots=far.roots), door.proxy), url, id="far", kind="socks5")
    return judge(found, observe(found, controls), health=Health.HEALTHY)


async def test_a_page_that_comes_is_ok() -> None:
    """As for anybody."""
    assert (await judged()).state is State.OK


@pytest.mark.parametrize(
    ("rule", "scheme", "failure"),
    [
        (SNIBlock(names=(NEWS,), action="close"), "https", "eof_error"),
        (AddressBlock(address=ADDRESS, action="refuse"), "https", "connection_refused"),
        (HostBlock(names=(NEWS,), action="close"), "http", "eof_error"),
    ],
)
async def test_a_failure_at_an_address_that_only_the_proxy_knows_accuses_nobody(rule, scheme, failure) -> None:
    """A forged answer to the proxy's resolver would look the same, so no technique is named and nobody is accused."""
    verdict = await judged(rule, url=f"{scheme}://{NEWS}/")
    assert (verdict.state, verdict.technique, verdict.failure) == (State.INSUFFICIENT, None, failure)


async def test_a_notice_in_the_place_of_the_page_is_a_block() -> None:
    """What is shown is shown, whoever looked the name up."""
    notice = block_page(b"<title>Blocked</title>")
    verdict = await judged(HostBlock(names=(NEWS,), action=notice), url=f"http://{NEWS}/")
    assert (verdict.state, verdict.technique) == (State.BLOCKED, "http.blockpage")


async def test_a_dead_proxy_says_nothing_of_the_target() -> None:
    """Nothing was sent to the target, so nothing is said of it."""
    async with Loopback(INTERNET) as lab:
        url = f"https://{NEWS}/"
        controls = [await visit(lab.network(f"c{n}"), url, id=f"c{n}", role=Role.CONTROL) for n in range(3)]
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = Proxy(speech="socks5", address="127.0.0.1", port=closed.getsockname()[1])
            found = await visit(Proxied(SystemNetwork(), nobody), url, id="far", kind="socks5")
    verdict = judge(found, observe(found, controls), health=Health.HEALTHY)
    assert (verdict.state, verdict.rule_id) == (State.INSUFFICIENT, "vantage.nothing_reached")
