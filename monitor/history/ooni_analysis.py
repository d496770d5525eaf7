"""Scored rows of OONI's analysis as cells: one row per measurement, with (blocked, down, ok) scores per layer.

The scores are likelihoods, not probabilities; they need not sum to one, and (0, 0, 0) means that the layer was not
judged (ooni/data, docs/architecture.md). From 0.5 on a score decides, which is the threshold that OONI uses itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path

from monitor.history import CROWD, Series, Unreadable, country, moment, network, read_rows, target_for
from monitor.model import Cell, Evidence, Layer

SOURCE = "ooni-analysis"
"""What `presscanary import series --format` calls this source, and what stands in the cells."""
_LAYERS = (Layer.DNS, Layer.TCP, Layer.TLS)
_STATES = ("blocked", "down", "ok")
_SCORES = tuple(f"{layer}_{state}" for layer in _LAYERS for state in _STATES)
_NEEDED = ("input", "probe_asn", "probe_cc", "measurement_start_time", "measurement_uid", *_SCORES)
_DECIDES = 0.5
_CERTAIN = 1.0
"""Only the country's own block page in the DNS answer is scored so high (ooni/data, analysis/rules.py)."""
_NODES = {
    (Layer.DNS, "dns_nxdomain_error"): "dns.nxdomain",
    (Layer.DNS, "dns_refused_error"): "dns.refused",
    (Layer.DNS, "generic_timeout_error"): "dns.timeout",
    (Layer.TCP, "connection_refused"): "tcp.refused",
    (Layer.TCP, "connection_reset"): "tcp.reset",
    (Layer.TCP, "generic_timeout_error"): "tcp.timeout",
    (Layer.TLS, "connection_reset"): "tls.reset",
    (Layer.TLS, "generic_timeout_error"): "tls.timeout",
}
"""How deep a failure word carries; without one of these only the layer is known."""


def read(path: Path, targets: Mapping[str, str]) -> Iterator[Cell | Unreadable]:
    """One cell per row of the CSV file, and an Unreadable with the line number for each row that cannot be used.

    A file that is not there, is no text, or lacks a column gives one Unreadable and no cell.
    """
    yield from read_rows(path, "OONI's analysis", _NEEDED, lambda row: _cell(row, targets))


def _cell(row: Mapping[str, str], targets: Mapping[str, str]) -> Cell:
    time = moment(row["measurement_start_time"])
    target = target_for(row["input"], targets)
    if not target:
        raise ValueError(f"expected a URL in `input`, found {row['input']!r:.60}")
    scores = {(layer, state): _score(row, f"{layer}_{state}") for layer in _LAYERS for state in _STATES}
    blocked = next((layer for layer in _LAYERS if scores[layer, "blocked"] >= _DECIDES), None)
    state = "blocked" if blocked else _state(scores, row["input"])
    certain = blocked is Layer.DNS and scores[Layer.DNS, "blocked"] >= _CERTAIN
    return Cell(
        target=target,
        country=country(row["probe_cc"]),
        network=network(row["probe_asn"]),
        vantage=f"{CROWD}:{network(row['probe_asn'])}",
        start=time,
        end=time,
        ok=int(state == "ok"),
        down=int(state == "down"),
        blocked=int(state == "blocked"),
        insufficient=int(state == "insufficient"),
        pooled=True,
        layer=blocked,
        technique=_technique(blocked, row) if blocked else None,
        evidence=Evidence.NONE if not blocked else Evidence.ARTEFACT if certain else Evidence.AMBIGUOUS,
        witnesses=(row["measurement_uid"],) if blocked else (),
        source=SOURCE,
    )


def _score(row: Mapping[str, str], name: str) -> float:
    try:
        score = float(row[name] or 0)
    except ValueError:
        score = float("nan")
    if not isfinite(score):
        raise ValueError(f"expected a number in `{name}`, found {row[name]!r:.40}")
    return score


def _state(scores: Mapping[tuple[Layer, str], float], url: str) -> str:
    """Down where a layer says so; ok only after a TLS handshake, because no score looks at a page sent in the clear."""
    if any(scores[layer, "down"] >= _DECIDES for layer in _LAYERS):
        return "down"
    seen = url.lower().startswith("https:") and scores[Layer.TLS, "ok"] >= _DECIDES
    return "ok" if seen else "insufficient"


def _technique(layer: Layer, row: Mapping[str, str]) -> str:
    return _NODES.get((layer, row.get(f"top_{layer}_failure", "")), layer.value)


SERIES = Series(name=SOURCE, about="rows of OONI's analysis, CSV with scores per layer", read=read, columns=_NEEDED)
