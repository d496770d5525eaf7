"""Whether a vantage point can be believed: read from the innocuous targets, from whether anything was reached, and from
what experiments that look at the place itself found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from monitor.model import Finding, Health, Outcome, State

WINDOW = timedelta(minutes=30)
"""Older results say nothing of now: three rounds of the default cadence of ten minutes."""
_NOTHING = "vantage.nothing_reached"
LOOKS = ("vantage_health", "resolver_health")
"""Experiments whose target is the place."""
UNWELL: Mapping[str, Health] = {
    "vantage_health.offline": Health.OFFLINE,
    "vantage_health.captive": Health.SICK,
    "vantage_health.intercepted": Health.SICK,
    "vantage_health.sick": Health.SICK,
}
"""What they find that makes a place unfit to accuse anybody. A wrong clock and an unwell resolver are only told: the
pages still come, and where they do not, the innocuous targets fail as well."""
_SHOWN = 3
"""Names of failing targets that fit into a sentence."""


def assess(
    outcomes: Sequence[Outcome], now: datetime, *, window: timedelta = WINDOW, findings: Sequence[Finding] = ()
) -> tuple[Health, str]:
    """The health of the one vantage point that `outcomes` and `findings` come from, and why, in words for people.

    Offline: of everything measured within `window` before `now`, nothing answered, or none of several innocuous
    targets showed a page by any way (a network without an uplink may still answer for everybody else). Sick: at least
    half of the innocuous targets, each by its newest result, fail (one that is down for the controls too does not
    count). Unknown: no innocuous target was measured. The order of `outcomes` does not matter.

    `findings` are those of `LOOKS` that hold at the time, one per kind. One that is in `UNWELL` goes before what the
    innocuous targets say, unless nothing was reached at all; any other that is not healthy is told beside it.
    """
    health, why = _by_outcomes(outcomes, now, window)
    for one in findings:
        if one.rule_id.endswith(".healthy"):
            continue
        found = UNWELL.get(one.rule_id)
        if found is None or health is Health.OFFLINE:
            why = f"{why} {one.why}"
        else:
            health, why = found, f"{one.why} {why}"
    return health, why


def _by_outcomes(outcomes: Sequence[Outcome], now: datetime, window: timedelta) -> tuple[Health, str]:
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
