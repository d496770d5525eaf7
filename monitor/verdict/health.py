"""Whether a vantage point can be believed: read from the innocuous targets, and from whether anything was reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.model import Health, Outcome, State

WINDOW = timedelta(minutes=30)
"""Older results say nothing of now: three rounds of the default cadence of ten minutes."""
_NOTHING = "vantage.nothing_reached"
_SHOWN = 3
"""Names of failing targets that fit into a sentence."""


def assess(outcomes: Sequence[Outcome], now: datetime, *, window: timedelta = WINDOW) -> tuple[Health, str]:
    """The health of the one vantage point that `outcomes` come from, and why, in words for people.

    Offline: of everything measured within `window` before `now`, nothing answered, or none of several innocuous
    targets showed a page by any way (a network without an uplink may still answer for everybody else). Sick: at least
    half of the innocuous targets, each by its newest result, fail (one that is down for the controls too does not
    count). Unknown: no innocuous target was measured. The order of `outcomes` does not matter.
    """
    newest = _newest([one for one in outcomes if now - window <= one.time <= now])
    if not newest:
        return Health.UNKNOWN, "Nothing was measured here lately."
    if all(one.verdict.rule_id == _NOTHING for one in newest):
        return (
            Health.OFFLINE,
            f"Nothing was reached: {_count(len(newest), 'address', 'addresses')} tried, no answer from any.",
        )
    innocuous = [one for one in newest if one.innocuous and one.verdict.state is not State.DOWN]
    if len(innocuous) > 1 and all(one.status is None for one in newest):
        return Health.OFFLINE, f"None of the {len(innocuous)} sites that nobody blocks showed a page."
    if not innocuous:
        return Health.UNKNOWN, "No innocuous target was measured here lately, so there is nothing to compare with."
    return _by_innocuous(innocuous)


def _by_innocuous(innocuous: Sequence[Outcome]) -> tuple[Health, str]:
    failing = [one for one in innocuous if one.verdict.state is not State.OK]
    share = f"{len(failing)} of {_count(len(innocuous), 'innocuous target', 'innocuous targets')}"
    if 2 * len(failing) < len(innocuous):
        return Health.HEALTHY, f"{share} failing."
    return Health.SICK, f"{share} failing: {_names(failing)}."


def _newest(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The newest outcome of each URL, ordered by target and URL."""
    by_url: dict[tuple[str, str], Outcome] = {}
    for one in sorted(outcomes, key=lambda one: (one.time, one.measurement)):
        by_url[one.target, one.url] = one
    return tuple(by_url[key] for key in sorted(by_url))


def _names(outcomes: Sequence[Outcome]) -> str:
    names = sorted({one.target for one in outcomes})
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _count(number: int, one: str, many: str) -> str:
    """A number and its noun.

    >>> _count(1, "address", "addresses"), _count(2, "address", "addresses")
    ('1 address', '2 addresses')
    """
    return f"{number} {one if number == 1 else many}"
