"""IPv4 and IPv6 apart: each address family has a state of its own beside the verdict."""

from __future__ import annotations

import pytest

from monitor.model import Health, State
from monitor.observe import observe
from monitor.verdict import judge
from tests.scenes import HTTP, HTTPS, SITE, V6, connected, fetched, looked, measured, shook, three, visit

TIMEOUT, NO_ROUTE, RESET = "generic_timeout_error", "network_unreachable", "connection_reset"
NAMES = (looked([SITE]), looked([V6], kind="AAAA"), looked([SITE], engine="doh"), looked([V6], engine="doh"))
BOTH = (*NAMES, connected(SITE), connected(V6), shook(SITE), shook(V6), fetched(HTTPS))


def families(*steps, beside=BOTH, health=Health.HEALTHY, url=HTTPS):
    """The states of IPv4 and IPv6 in a visit beside three controls that saw the same."""
    made = measured(*steps, url=url)
    verdict = judge(made, observe(made, three(*beside, url=url)), health=health)
    return verdict.ipv4, verdict.ipv6


def with_v6(*, tcp=None, tls=None, v4=None):
    """A visit in which IPv6 (or IPv4) fails so; the page comes where IPv4 works."""
    shaken = () if tcp else (shook(V6, tls),)
    page = () if v4 else (shook(SITE), fetched(HTTPS))
    return (*NAMES, connected(SITE, v4), connected(V6, tcp), *shaken, *page)


@pytest.mark.parametrize(
    ("steps", "beside", "found"),
    [
        pytest.param(BOTH, BOTH, (State.OK, State.OK), id="both work"),
        pytest.param(with_v6(tcp=TIMEOUT), BOTH, (State.OK, State.BLOCKED), id="IPv6 alone cut off"),
        pytest.param(with_v6(tls=RESET), BOTH, (State.OK, State.BLOCKED), id="IPv6 alone reset in the handshake"),
        pytest.param(with_v6(v4=TIMEOUT), BOTH, (State.BLOCKED, State.OK), id="IPv4 alone cut off"),
        pytest.param(with_v6(tcp=TIMEOUT), with_v6(tcp=TIMEOUT), (State.OK, State.DOWN), id="IPv6 down for all"),
        pytest.param(with_v6(tcp=NO_ROUTE), BOTH, (State.OK, State.INSUFFICIENT), id="a place without IPv6"),
        pytest.param(
            with_v6(tcp=NO_ROUTE, v4=TIMEOUT), BOTH, (State.BLOCKED, State.INSUFFICIENT), id="… where IPv4 is cut off"
        ),
        pytest.param(
            with_v6(tcp=TIMEOUT), with_v6(tcp=NO_ROUTE), (State.OK, State.INSUFFICIENT), id="controls without IPv6"
        ),
        pytest.param(with_v6(tcp=TIMEOUT), visit(), (State.OK, State.INSUFFICIENT), id="an address of nobody else's"),
        pytest.param(visit(), visit(), (State.OK, None), id="a site without IPv6"),
        pytest.param((looked([SITE]), connected(SITE, TIMEOUT)), visit(), (State.BLOCKED, None), id="one family"),
        pytest.param(
            (looked([SITE]), connected(SITE)), visit(), (State.INSUFFICIENT, None), id="a handshake that is not known"
        ),
    ],
)
def test_each_family_is_read_beside_the_controls_that_dialled_it(steps, beside, found):
    """A failure is blocked where controls get through at the same address, down where they fail, else insufficient."""
    assert families(*steps, beside=beside) == found


def test_an_answer_speaks_for_the_family_that_it_came_over():
    """Where the page is another's, the family over which it came shares the verdict, the other one is not known."""
    names = (looked([SITE]), looked([V6], kind="AAAA"))
    dialled = (*names, connected(SITE, port=80), connected(V6, port=80))
    page = fetched(HTTP, status=200, title="Access to this site is restricted", length=700, sha256="0" * 64)
    made = measured(*dialled, page, url=HTTP)
    verdict = judge(made, observe(made, three(*dialled, fetched(HTTP), url=HTTP)), health=Health.HEALTHY)

    assert verdict.state is not State.OK
    assert (verdict.ipv4, verdict.ipv6) == (verdict.state, State.INSUFFICIENT)


@pytest.mark.parametrize("health", [Health.SICK, Health.OFFLINE])
def test_a_place_that_cannot_be_believed_says_nothing_of_either(health):
    """What was dialled from a sick place is insufficient, whether it worked or failed."""
    assert families(*with_v6(tcp=TIMEOUT), health=health) == (State.INSUFFICIENT, State.INSUFFICIENT)
