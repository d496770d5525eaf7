"""Targets that one network blocks at the same time."""

from __future__ import annotations


def blocked(series, controls, target, begin, network="AS8511"):
    """A target whose block two vantage points of a network see from the round `begin` on."""
    line = "o" * begin + "a" * (90 - begin)
    points = (f"{network}-1", f"{network}-2")
    cells = [cell for point in points for cell in series(line, vantage=point, network=network, target=target)]
    return cells + controls("o" * 90, target=target)


def test_targets_blocked_within_a_quarter_of_an_hour_on_one_network_name_each_other(series, controls, find):
    """One change of a network's rules shows as several events; what came later or elsewhere is not part of it."""
    cells = blocked(series, controls, "kloop", 30) + blocked(series, controls, "azattyk", 31)
    cells += blocked(series, controls, "24kg", 34) + blocked(series, controls, "kaktus", 30, network="AS12997")
    events = {event.target: event for event in find(cells)}
    assert {name: event.pushed_with for name, event in events.items()} == {
        "kloop": ("azattyk",), "azattyk": ("kloop",), "24kg": (), "kaktus": (),
    }  # fmt: skip


def test_a_disputed_event_is_pushed_with_nothing(series, controls, find):
    """One liar must not join what others see."""
    liar = series("o" * 30 + "a" * 60, vantage="AS8511-1", target="azattyk")
    mate = series("o" * 90, vantage="AS8511-2", target="azattyk")
    events = find(blocked(series, controls, "kloop", 30) + liar + mate + controls("o" * 90, target="azattyk"))
    assert [event.pushed_with for event in events] == [(), ()]
