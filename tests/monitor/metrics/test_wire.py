"""What is remembered of a measurement's last connection."""

from __future__ import annotations

from monitor.metrics import wire
from monitor.metrics.wire import Wires, ip_hash, seconds_of, wire_of
from tests.scenes import SITE, V6, connected, fetched, looked, measured, redirected, shook, visit


def test_the_last_response_says_address_length_and_transfer() -> None:
    """Of a redirect and its page the page's connection counts; its length is the declared one."""
    found = wire_of(
        measured(redirected("http://kloop.kg/", "https://kloop.kg/"), *visit(address=V6, hop=1), url="http://kloop.kg/")
    )

    assert found.address == V6
    assert found.content_length == 9000
    assert found.transfer > 0


def test_without_a_response_the_farthest_address_counts() -> None:
    """A visit that ended in the handshake has an address and neither length nor transfer."""
    found = wire_of(measured(looked([SITE]), connected(), shook(failure="connection_reset")))

    assert (found.address, found.content_length, found.transfer) == (SITE, 0, 0.0)


def test_nothing_dialled_is_no_address() -> None:
    """A name that could not be found leaves nothing to hash."""
    found = wire_of(measured(looked("dns_nxdomain_error")))

    assert found.address == ""
    assert ip_hash(found.address) == 0.0


def test_a_length_that_is_no_number_is_unknown() -> None:
    """A server that declares nonsense, or nothing, has -1 as in blackbox_exporter."""
    for headers in ((("Content-Length", "-4"),), (("Content-Length", "9" * 400),), ()):
        assert wire_of(measured(fetched(headers=headers))).content_length == -1


def test_steps_are_counted_by_layer_and_result() -> None:
    """A failed step counts as failed, with its own duration."""
    steps = (looked([SITE]), connected(), shook(failure="connection_reset"))
    found = list(seconds_of(measured(*steps)))

    assert [(layer, result) for layer, result, _ in found] == [("dns", "ok"), ("tcp", "ok"), ("tls", "failed")]
    assert [seconds for _, _, seconds in found] == [step.duration for step in steps]


def test_memory_is_bounded(monkeypatch) -> None:
    """The URL that was measured longest ago is forgotten first."""
    monkeypatch.setattr(wire, "_REMEMBERED", 2)
    wires = Wires()
    for number in range(3):
        wires.keep(measured(*visit(), url=f"https://kloop.kg/{number}"), f"m{number}")

    assert wires.of("m0", "https://kloop.kg/0", "kg-1") is None
    assert wires.of("m2", "https://kloop.kg/2", "kg-1") is not None
