"""The truth table of name swaps: from a censored network to the reading, and every line of the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model import Layer, Locus
from monitor.verdict.experiments import read_host_swap, read_sni_swap
from monitor.verdict.experiments.cells import OTHER_KEY, Cell
from monitor.verdict.experiments.swap import ROWS
from probes.kinds import host_swap, sni_swap
from probes.model import HTTPRoundTrip, Purpose, TCPConnect, TLSHandshake
from probes.testing import AddressBlock, HostBlock, Interception, Outage, SNIBlock, block_page, block_redirect
from tests.echo_lab import ALSO_AT_TARGET, AT_TARGET, ECHO_ONE, ECHO_TWO, INNOCUOUS, TARGET, echo_lab, site
from tests.scenes import measured

BY_NAME = {"names": (TARGET,)}


def here(*addresses: str, action: str = "drop") -> tuple[AddressBlock, ...]:
    return tuple(AddressBlock(address=address, action=action) for address in addresses)


@pytest.mark.parametrize(
    ("rules", "rule_id", "technique", "decisive"),
    [
        ((), "reached", None, False),
        ((SNIBlock(**BY_NAME, action="reset"),), "proven", "tls.reset.sni", True),
        ((SNIBlock(**BY_NAME, action="drop"),), "proven", "tls.timeout.sni", True),
        ((SNIBlock(**BY_NAME, action="close"),), "proven", "tls.eof.sni", True),
        ((SNIBlock(**BY_NAME, action=Interception()),), "replaced", "tls.mitm", True),
        (here(AT_TARGET), "address", "tcp.timeout", False),
        (here(AT_TARGET, action="refuse"), "address", "tcp.refused", False),
        ((SNIBlock(**BY_NAME, action="reset"), *here(AT_TARGET)), "name_and_address", "tls.reset.sni", True),
        ((SNIBlock(names=("*",), action="reset"),), "everything_fails", None, False),
        ((SNIBlock(names=("*",), action=Interception()),), "everything_replaced", None, False),
        ((Outage(),), "everything_fails", None, False),
        (here(ECHO_ONE, ECHO_TWO), "echo_fails", None, False),
        ((SNIBlock(**BY_NAME, action="reset"), *here(ECHO_ONE, ECHO_TWO)), "echo_fails", None, False),
    ],
)
async def test_server_names(rules, rule_id, technique, decisive) -> None:
    """Each way to censor by name or address gives its reading; chance and our own faults give none."""
    async with echo_lab() as lab:
        reading = read_sni_swap(await lab.measure(sni_swap, *rules))
    assert (reading.rule_id, reading.technique, reading.decisive) == (f"sni_swap.{rule_id}", technique, decisive)
    assert (reading.locus is Locus.NETWORK) is decisive
    assert reading.layer is (Layer(technique.partition(".")[0]) if technique else None)


@pytest.mark.parametrize(
    ("rules", "rule_id", "technique", "decisive"),
    [
        ((), "reached", None, False),
        ((HostBlock(**BY_NAME, action="reset"),), "proven", "http.reset.host", True),
        ((HostBlock(**BY_NAME, action="drop"),), "proven", "http.timeout.host", True),
        ((HostBlock(**BY_NAME, action=block_page(b"<h1>no</h1>")),), "replaced", "http.blockpage", True),
        ((HostBlock(**BY_NAME, action=block_page(b"", status="404 Not Found")),), "replaced", "http.blockpage", True),
        ((HostBlock(**BY_NAME, action=block_redirect("http://notice.test/")),), "replaced", "http.redirect", True),
        ((HostBlock(names=("*",), action=block_page(b"log in first")),), "everything_replaced", None, False),
        (here(AT_TARGET), "address", "tcp.timeout", False),
        ((Outage(how="unreachable"),), "everything_fails", None, False),
    ],
)
async def test_host_headers(rules, rule_id, technique, decisive) -> None:
    """A page that our server never sent, under the target's name only, is proof; under every name it is a portal."""
    async with echo_lab() as lab:
        reading = read_host_swap(await lab.measure(host_swap, *rules))
    assert (reading.rule_id, reading.technique, reading.decisive) == (f"host_swap.{rule_id}", technique, decisive)


async def test_a_server_that_dislikes_us() -> None:
    """What fails at the target's own address only may be its own doing, and is never called the network's."""
    async with echo_lab() as lab:
        payload = SNIBlock(**BY_NAME, action="reset")
        measurement = await lab.measure(sni_swap, payload)
        echoed = (await lab.measure(sni_swap)).steps
    steps = tuple(step for step in measurement.steps if step.purpose is not Purpose.TRIGGER_AT_ECHO)
    healthy = tuple(step for step in echoed if step.purpose is Purpose.TRIGGER_AT_ECHO)
    reading = read_sni_swap(replace(measurement, steps=steps + healthy))
    assert (reading.rule_id, reading.technique, reading.locus) == ("sni_swap.pair_or_server", None, Locus.UNKNOWN)


async def test_one_of_two_addresses() -> None:
    """Where another address of the target answers, a dead one is not the whole target."""
    async with echo_lab(target=site(second=True)) as lab:
        found = {
            read_sni_swap(await lab.measure(sni_swap, *here(address, action="refuse"))).rule_id
            for address in (AT_TARGET, ALSO_AT_TARGET)
            for _ in range(3)
        }
    assert found <= {"sni_swap.one_address", "sni_swap.reached"}


async def test_without_our_server() -> None:
    """Without the echo host a difference by name at the target's address is told, and not called proof."""
    async with echo_lab() as lab:
        reading = read_sni_swap(await lab.measure(sni_swap, SNIBlock(**BY_NAME, action="reset"), echo=None))
    assert (reading.rule_id, reading.decisive) == ("sni_swap.target_only", False)


async def test_without_a_pin() -> None:
    """A self-made certificate that is not pinned counts as reached; another one for the trigger alone does not."""
    async with echo_lab() as lab:
        echo = replace(lab.task.echo, pin="")
        assert read_sni_swap(await lab.measure(sni_swap, echo=echo)).rule_id == "sni_swap.reached"
        intercepted = await lab.measure(sni_swap, SNIBlock(**BY_NAME, action=Interception()), echo=echo)
        assert read_sni_swap(intercepted).rule_id == "sni_swap.replaced"


def steps(purpose: Purpose, cell: Cell):
    """What a probe records where a connection ended in this way."""
    common = {"hop": 0, "address": "192.0.2.1", "port": 443, "started": 0.0, "duration": 0.1, "purpose": purpose}
    connect = TCPConnect(**common, failure="generic_timeout_error" if cell is Cell.UNREACHED else None)
    shaken = {
        Cell.PASSED: {"failure": None},
        Cell.CUT: {"failure": "connection_reset"},
        Cell.FOREIGN: {"failure": "ssl_invalid_certificate", "reason": OTHER_KEY, "chain": (b"x",)},
    }
    if cell is Cell.UNKNOWN:
        return ()
    if cell is Cell.UNREACHED:
        return (connect,)
    return connect, TLSHandshake(**common, server_name="kloop.kg", **shaken[cell])


P, F, U, X = Cell.PASSED, Cell.CUT, Cell.UNREACHED, Cell.FOREIGN
NONE = Cell.UNKNOWN


@pytest.mark.parametrize(
    ("cells", "rule_id"),
    [
        ((F, P, F, P), "proven"),
        ((X, P, F, P), "proven"),
        ((F, P, P, P), "pair_or_server"),
        ((F, F, P, P), "address"),
        ((U, U, P, P), "address"),
        ((F, F, P, P, P), "one_address"),
        ((F, F, F, P), "name_and_address"),
        ((F, F, F, P, P), "residual_or_address"),
        ((F, F, F, F), "everything_fails"),
        ((U, U, U, U), "everything_fails"),
        ((P, P, F, P), "at_echo_only"),
        ((P, NONE, F, P), "at_echo_only"),
        ((NONE, NONE, F, P), "any_address"),
        ((P, P, P, P), "reached"),
        ((P, P, X, P), "replaced"),
        ((P, P, X, X), "everything_replaced"),
        ((X, P, P, P), "foreign_at_target"),
        ((F, P, F, F), "echo_fails"),
        ((P, P, P, F), "echo_fails"),
        ((F, P, NONE, NONE), "target_only"),
        ((F, P, U, P), "target_only"),
        ((U, P, P, P), "before_the_name"),
        ((NONE, NONE, NONE, NONE), "unclear"),
        ((F, F, NONE, NONE), "unclear"),
        ((P, P, U, P), "unclear"),
    ],
)
def test_every_line_of_the_table(cells, rule_id) -> None:
    """Each pattern of the four connections has the reading that techniques.md gives it."""
    order = (
        Purpose.TRIGGER_AT_TARGET,
        Purpose.INNOCUOUS_AT_TARGET,
        Purpose.TRIGGER_AT_ECHO,
        Purpose.INNOCUOUS_AT_ECHO,
        Purpose.INNOCUOUS_ELSEWHERE,
    )
    made = [step for purpose, cell in zip(order, cells, strict=False) for step in steps(purpose, cell)]
    reading = read_sni_swap(measured(*made))
    assert reading.rule_id == f"sni_swap.{rule_id}"
    assert reading.steps == tuple(range(len(made)))
    assert "{" not in reading.why


def test_every_line_is_in_the_tests() -> None:
    """No line of the table goes untested, and none is dead."""
    marks = test_every_line_of_the_table.pytestmark[0].args[1]
    assert {row.id for row in ROWS} == {rule_id for _, rule_id in marks}


def test_the_same_reason_as_the_probe_gives() -> None:
    """The word by which a foreign key is known is the one that the handshake step writes."""
    from probes.failure import NamedError
    from probes.steps.certificate import check_pin

    with pytest.raises(NamedError) as refused:
        check_pin((), "00")
    assert refused.value.reason == OTHER_KEY


def test_a_limited_visitor_proves_nothing() -> None:
    """An answer of 429 from the echo host is no sign of anybody else."""
    common = {"hop": 0, "address": "192.0.2.1", "port": 80, "started": 0.0, "duration": 0.1}
    made = []
    for purpose in (Purpose.TRIGGER_AT_ECHO, Purpose.INNOCUOUS_AT_ECHO):
        made += [
            TCPConnect(**common, purpose=purpose),
            HTTPRoundTrip(**common, url=f"http://{INNOCUOUS}/", status=429, purpose=purpose),
        ]
    assert read_host_swap(measured(*made)).rule_id == "host_swap.unclear"
