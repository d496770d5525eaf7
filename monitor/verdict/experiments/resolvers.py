"""What a visit shows of the resolvers that it asks beside the system's: is one of them kept from answering here?

The verdict on the visit is about the site. A public resolver that is cut off keeps nobody from it, and is told apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.model import Layer
from monitor.verdict import words
from monitor.verdict.experiments.reading import Reading
from probes.model import DNSLookup, Measurement, Purpose

_CUT_OFF = words.TIMEOUT | words.RESET | words.EOF | words.REFUSED | words.UNREACHABLE
"""How asking ends where nobody answers. An error that a resolver sends is an answer; a certificate that does not hold
may be this machine's clock or a company's proxy."""


def read_resolvers(measurement: Measurement, controls: Sequence[Measurement]) -> tuple[Reading, ...]:
    """One reading per resolver that no question reached here while the system's answers and most controls' do.

    `dns`, and no deeper: what a failure hangs on (address or name of the resolver) needs it as the target of a probe of
    its own. Never decisive, and never a reading of the site; nothing for a place where the system's resolver is silent.
    """
    if not any(one.failure is None for one in _asked(measurement, "system")):
        return ()
    engines = dict.fromkeys(one.engine for one in _lookups(measurement) if one.engine != "system")
    return tuple(_reading(measurement, engine) for engine in engines if _cut_off(measurement, engine, controls))


def _cut_off(measurement: Measurement, engine: str, controls: Sequence[Measurement]) -> bool:
    mine = _asked(measurement, engine)
    if not all(one.failure is not None and one.failure in _CUT_OFF for one in mine):
        return False
    beside = [_asked(control, engine) for control in controls]
    answered = [any(one.failure not in _CUT_OFF for one in theirs) for theirs in beside if theirs]
    return 2 * sum(answered) > len(answered)


def _reading(measurement: Measurement, engine: str) -> Reading:
    steps = [
        index
        for index, step in enumerate(measurement.steps)
        if isinstance(step, DNSLookup) and step.engine == engine and step.purpose is Purpose.VISIT
    ]
    return Reading(
        rule_id=f"resolvers.{engine}_cut_off",
        why="No question reaches this resolver from here, and most controls are answered by it.",
        technique="dns",
        layer=Layer.DNS,
        steps=tuple(steps),
    )


def _asked(measurement: Measurement, engine: str) -> list[DNSLookup]:
    return [one for one in _lookups(measurement) if one.engine == engine]


def _lookups(measurement: Measurement) -> list[DNSLookup]:
    steps = (step for step in measurement.steps if isinstance(step, DNSLookup))
    return [step for step in steps if step.purpose is Purpose.VISIT]
