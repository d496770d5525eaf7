"""What one measurement says about a block: the logarithm of a likelihood ratio, in nats."""

from __future__ import annotations

from math import log

import numpy as np

from monitor.detect.series import EVIDENCE, Floats, Small
from monitor.detect.settings import DetectorSettings
from monitor.model import Evidence


def success(settings: DetectorSettings) -> float:
    """What a success adds: a block of which it leaked through would have made it fail with probability pi.

    >>> round(success(DetectorSettings()), 2)
    -2.3
    """
    return log(1 - settings.pi)


def failure(p0: float, evidence: Evidence, settings: DetectorSettings) -> float:
    """What a failure adds where failures happen with probability `p0` without a block; capped, and discounted for
    repeats.

    On a good line a timeout speaks for a block; where everything fails it says nothing, or rather the contrary.

    >>> round(failure(0.01, Evidence.AMBIGUOUS, DetectorSettings()), 2)
    2.25
    >>> failure(0.01, Evidence.ARTEFACT, DetectorSettings())
    3.2
    >>> failure(0.9, Evidence.AMBIGUOUS, DetectorSettings()) < 0
    True
    """
    return float(failures(np.array([p0]), np.array([EVIDENCE.index(evidence)]), settings)[0])


def failures(p0: Floats, evidence: Small, settings: DetectorSettings) -> Floats:
    """What each of many failures adds; `evidence` holds codes (`EVIDENCE`).

    >>> failures(np.array([0.01, 0.9]), np.array([1, 2]), DetectorSettings()).round(2).tolist()
    [3.2, -0.39]
    """
    shares = np.array([settings.shares(each) for each in EVIDENCE])
    ratio = np.log(shares[:, 0] / shares[:, 1])[evidence]
    p1 = 1 - (1 - p0) * (1 - settings.pi)
    nats: Floats = np.minimum(settings.failure_cap, settings.discount * (np.log(p1 / p0) + ratio))
    return nats


def experiments(failed: Small, decisive: Small, settings: DetectorSettings) -> Floats:
    """What the decisive experiments beside failures add: at most one for each failure, because those of one round are
    made over the same line in the same minute.

    >>> experiments(np.array([1, 1]), np.array([0, 4]), DetectorSettings()).round(2).tolist()
    [0.0, 2.64]
    """
    nats: Floats = np.minimum(failed, decisive) * _experiment(settings)
    return nats


def most(settings: DetectorSettings) -> float:
    """What one failure can add at most, with an experiment beside it.

    >>> round(most(DetectorSettings()), 2)
    5.84
    """
    return settings.failure_cap + _experiment(settings)


def _experiment(settings: DetectorSettings) -> float:
    in_blocks, elsewhere = settings.decisive
    return log(in_blocks / elsewhere)
