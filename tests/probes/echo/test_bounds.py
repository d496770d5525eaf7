"""How much one visitor may have, and what is remembered of visitors."""

from __future__ import annotations

from probes.echo.bounds import Admission, Bounds, Gate


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_places_come_back_with_time() -> None:
    """The bucket leaks: who waited is served again."""
    time = Time()
    gate = Gate(Bounds(burst=1, drop_after=1, rate=0.5), time)
    assert [gate.admit("192.0.2.7") for _ in range(3)] == [Admission.SERVE, Admission.LIMIT, Admission.DROP]
    time.now += 60
    assert gate.admit("192.0.2.7") is Admission.SERVE


def test_each_for_himself() -> None:
    """One address does not use up another's places; all of one /64 count together, and a mapped IPv4 as itself."""
    gate = Gate(Bounds(burst=1, rate=0.0), Time())
    assert gate.admit("192.0.2.7") is Admission.SERVE
    assert gate.admit("192.0.2.8") is Admission.SERVE
    assert gate.admit("::ffff:192.0.2.7") is Admission.LIMIT
    assert gate.admit("2001:db8::1") is Admission.SERVE
    assert gate.admit("2001:db8::2%eth0") is Admission.LIMIT
    assert gate.admit("2001:db8:0:1::1") is Admission.SERVE


def test_memory_is_bounded_and_holds_no_address() -> None:
    """However many come, only so many are remembered, and only as hashes."""
    gate = Gate(Bounds(peers=10, burst=1, rate=0.0), Time())
    for number in range(100):
        gate.admit(f"192.0.2.{number}")
    assert len(gate._levels) == 10
    assert not any(b"192.0.2." in key for key in gate._levels)
    assert gate.admit("192.0.2.0") is Admission.SERVE
