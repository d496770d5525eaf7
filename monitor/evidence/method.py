"""The method of a package: settings, rules, fingerprints, versions, and how often the detector is wrong."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from importlib import metadata
from typing import Any

from monitor.detect.settings import DetectorSettings
from monitor.pipeline import PipelineSettings
from monitor.verdict import RULES, RULESET
from monitor.verdict.fingerprints import Fingerprints
from probes.document import DocumentError, record_from

PACKAGES = ("presscanary", "cryptography", "dnspython", "h11", "h2", "httpx", "numpy", "pyopenssl")
"""What a measurement or a conclusion is made with."""

KNOWN_ERRORS: Mapping[str, Any] = {
    "worlds": "simulated, seeds 201-205, held out",
    "unit-years": 18.5,
    "blocks": 341,
    "detector": "bernoulli-cusum/4",
    "likely": {"precision": 0.914, "recall": 0.938, "false alarms per unit-year": 1.62},
    "confirmed": {"precision": 1.0, "recall": 0.572, "false alarms per unit-year": 0.0},
    "likely, with bursts": {"precision": 0.997, "recall": 0.994, "false alarms per unit-year": 0.05},
    "confirmed, with bursts": {"precision": 0.997, "recall": 0.980, "false alarms per unit-year": 0.05},
    "onset error, minutes (median, 90th percentile)": [4, 16],
    "source": "docs/reference/evaluation.md, `presscanary evaluate --quick --days 45 --seeds 201-205`",
}
"""How often this detector is wrong, on simulated worlds whose truth is known (docs/reference/evaluation.md)."""


def settings_document(settings: PipelineSettings) -> dict[str, Any]:
    """The settings as JSON: durations in seconds.

    >>> settings_document(PipelineSettings())["beside"]
    1200.0
    """
    told = {name: _plain(getattr(settings, name)) for name in ("beside", "reach", "held", "lookback", "cell")}
    detector = {field.name: _plain(getattr(settings.detector, field.name)) for field in fields(DetectorSettings)}
    return told | {"detector": detector}


def settings_from(raw: Any, fingerprints: Any) -> PipelineSettings:
    """The settings that two documents describe; DocumentError where they are none."""
    try:
        detector = {name: _value(DetectorSettings(), name, value) for name, value in raw["detector"].items()}
        told = {name: _value(PipelineSettings(), name, raw[name]) for name in raw if name != "detector"}
        bare = replace(PipelineSettings(), **told, detector=replace(DetectorSettings(), **detector))
    except (TypeError, ValueError, KeyError, AttributeError) as fault:
        raise DocumentError(f"these are no settings: {fault}") from fault
    return replace(bare, fingerprints=record_from(Fingerprints, fingerprints))


def rules() -> list[Mapping[str, Any]]:
    """Every rule with what it says."""
    return [{"id": rule.id, "state": rule.state.value, "technique": _said(rule.technique)} for rule in RULES]


def versions(detector: str) -> Mapping[str, Any]:
    """What the conclusions were made with."""
    return {
        "ruleset": RULESET,
        "detector": detector,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }


def _said(technique: object) -> str:
    """A technique that a rule always says; empty where it depends on what was seen."""
    return technique if isinstance(technique, str) else ""


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return list(value) if isinstance(value, tuple) else value


def _value(like: Any, name: str, value: Any) -> Any:
    """A number as what the field of that name holds: a duration, a pair, or itself. AttributeError for no field."""
    known = getattr(like, name)
    if isinstance(known, timedelta):
        return None if value is None else timedelta(seconds=value)
    return tuple(value) if isinstance(known, tuple) else value
