"""Measurements in OONI's terms: for now the keys that OONI derives, later the whole document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.export.classic.decision import consistency, decide, final_difference
from monitor.export.classic.seen import Entry, Kind, control_of, entries
from probes.model import Failure, Measurement


def test_keys(measurement: Measurement, control: Measurement | None) -> dict[str, Any]:
    """The derived keys where nothing is known of the networks that addresses belong to; see `derived_keys`."""
    return derived_keys(measurement, control, asn={})


def derived_keys(measurement: Measurement, control: Measurement | None, *, asn: Mapping[str, int]) -> dict[str, Any]:
    """The keys that web_connectivity 0.5 derives (ts-017) for one measurement beside one control; None: no control.

    `asn` maps addresses to the numbers of their networks: an answer from the control's network counts as consistent.
    Nothing is raised for what a network did; what the peer would leave open is None.
    """
    seen = entries(measurement)
    beside = control_of(control, measurement.url) if control is not None else None
    fits = consistency(seen, beside, asn)
    decision = decide(seen, beside, inconsistent=fits == "inconsistent")
    difference = final_difference(seen, beside)
    return {
        "dns_experiment_failure": _dns_failure(seen),
        "dns_consistency": fits,
        "http_experiment_failure": decision.failure,
        "body_proportion": difference.body_proportion,
        "body_length_match": difference.body_length_match,
        "headers_match": difference.headers_match,
        "status_code_match": difference.status_code_match,
        "title_match": difference.title_match,
        "accessible": decision.accessible,
        "blocking": decision.blocking,
    }


def _dns_failure(seen: tuple[Entry, ...]) -> Failure:
    """The failure of the system's lookup on the first hop."""
    lookups = [entry for entry in seen if entry.kind is Kind.DNS and entry.depth == 0]
    return next((entry.failure for entry in lookups if entry.failure is not None), None)
