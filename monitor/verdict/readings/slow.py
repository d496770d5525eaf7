"""Answers that began and did not end in time: stopped after some kilobytes, or too slow; beside the controls' speed.

One visit cannot tell a name that is slowed down from a bad line. So a slow answer counts as throttled only where sites
that nobody blocks are well here in the same minutes, and controls get the same answer ten times faster.
"""

from __future__ import annotations

from monitor.model import Health, Observation
from monitor.verdict import words
from monitor.verdict.case import Case
from monitor.verdict.pace import far_slower, frozen, trickled
from monitor.verdict.readings.answered import cut_off


def stopped(case: Case) -> Observation | None:
    """The answer that stands still after its first kilobytes; most controls were given it to its end."""
    seen = cut_off(case, failures=words.TIMEOUT)
    return seen if seen and frozen(seen.arrivals, seen.lasted) else None


def throttled(case: Case, *, secure: bool) -> Observation | None:
    """The answer that came all the time and far too slowly, over TLS (`secure`) or in the clear."""
    seen = cut_off(case, failures=words.TIMEOUT)
    if seen is None or case.last.secure is not secure or case.health is not Health.HEALTHY:
        return None
    slow = trickled(seen.arrivals, seen.lasted) and far_slower(seen.arrivals, seen.lasted, seen.control.goodputs)
    return seen if slow else None


def unended(case: Case) -> Observation | None:
    """The answer that did not come, or not to its end, in a way that the readings above do not explain."""
    seen = cut_off(case, failures=words.TIMEOUT)
    explained = stopped(case) or throttled(case, secure=True) or throttled(case, secure=False)
    return None if explained else seen
