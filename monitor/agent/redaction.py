"""The last look before a measurement is kept and signed: nothing in it leads to this machine.

Each step was looked through while it was made (`probes.own`). Here all of it is looked through once more, with what was
learned meanwhile; and a certificate that tells who we are, which only a forger's can, is left out.
"""

from __future__ import annotations

from dataclasses import replace

from probes.model import Measurement, QUICHandshake, Step, TLSHandshake
from probes.own import Own, machine

WITHHELD = b"scrubbed"
"""In the place of a certificate that had something of ours in it: that there was one can still be seen."""


def redacted(measurement: Measurement) -> Measurement:
    """The same measurement without any form of what is known of this machine."""
    own = Own(machine())
    steps: tuple[Step, ...] = own.hide_in(measurement.steps)
    failure = measurement.failure if measurement.failure is None else own.hide(measurement.failure)
    return replace(measurement, steps=tuple(_without(step, own) for step in steps), failure=failure)


def _without(step: Step, own: Own) -> Step:
    match step:
        case TLSHandshake() | QUICHandshake() if any(own.is_told_by(each) for each in step.chain):
            return replace(step, chain=tuple(WITHHELD if own.is_told_by(each) else each for each in step.chain))
    return step
