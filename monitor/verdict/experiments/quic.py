"""The truth table of names over QUIC: that of the other swaps, after what only datagrams can show.

Nobody has to answer a datagram, so silence may mean that a site speaks no QUIC. The question for versions, which shows
no name, tells that from a filter that goes by names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from monitor.model import Layer, Locus
from monitor.verdict import words
from monitor.verdict.experiments.cells import CELLS, OTHER_KEY, Cell, Grid
from monitor.verdict.experiments.reading import Reading, made_for, steps_of
from monitor.verdict.experiments.swap import ROWS, Row
from probes.model import HTTPRoundTrip, Measurement, Purpose, QUICHandshake

_ECHO = (Purpose.TRIGGER_AT_ECHO, Purpose.INNOCUOUS_AT_ECHO)
_TRIGGERS = (Purpose.TRIGGER_AT_TARGET, Purpose.TRIGGER_AT_ECHO)
_ASKED = (*CELLS, Purpose.VERSIONS, Purpose.VERSIONS_AT_ECHO)
_FAILED = frozenset({Cell.CUT, Cell.UNREACHED})
_NOT_PASSED = frozenset(Cell) - {Cell.PASSED}
_ALL_FAIL = Row(
    id="no_quic",
    why="Nothing answers over QUIC, our own server neither, to a question that shows no {name} neither: UDP port 443 "
    "does not work here, or our server speaks no QUIC.",
    trigger_at_target=_NOT_PASSED,
    innocuous_at_target=_NOT_PASSED,
    trigger_at_echo=_NOT_PASSED,
    innocuous_at_echo=_FAILED,
    by_address=True,
)
_AT_TARGET_FAIL = Row(
    id="silent_at_target",
    why="Our server is reached over QUIC under both names, and the target's address answers nothing, not even a "
    "question that shows no {name}: its QUIC is blocked, or it speaks none. Controls tell which.",
    trigger_at_target=_FAILED,
    innocuous_at_target=_FAILED,
    trigger_at_echo=frozenset({Cell.PASSED}),
    innocuous_at_echo=frozenset({Cell.PASSED}),
    by_address=True,
)
_NO_HANDSHAKE = replace(
    _ALL_FAIL,
    id="no_handshake",
    why="Our server answers a question that shows no {name}, and no handshake under any {name} works: QUIC handshakes "
    "as such do not pass.",
)
_ANY_NAME = replace(
    _AT_TARGET_FAIL,
    id="handshakes_at_target",
    why="The target's address answers a question that shows no {name}, and handshakes under any {name} fail there; our "
    "server is reached under both.",
)


def read_quic_reachability(measurement: Measurement) -> Reading:
    """What a `quic_reachability` shows; never raises for what a network did."""
    grid = quic_grid(measurement)
    row = next(row for row in (*_own_rows(measurement), *ROWS) if row.matches(grid))
    return Reading(
        rule_id=f"quic_reachability.{row.id}",
        why=row.why.format(name="server name"),
        technique=_technique(row, grid),
        layer=Layer.QUIC if row.by_name or row.by_address else None,
        locus=Locus.NETWORK if row.decisive else Locus.UNKNOWN,
        decisive=row.decisive,
        steps=made_for(measurement, _ASKED),
    )


def _own_rows(measurement: Measurement) -> tuple[Row, Row]:
    """The lines that depend on whether anybody told his versions."""
    at_echo, at_target = _told(measurement, Purpose.VERSIONS_AT_ECHO), _told(measurement, Purpose.VERSIONS)
    return (_NO_HANDSHAKE if at_echo else _ALL_FAIL, _ANY_NAME if at_target else _AT_TARGET_FAIL)


def _told(measurement: Measurement, purpose: Purpose) -> bool:
    return any(isinstance(step, QUICHandshake) and step.versions for step in steps_of(measurement, purpose))


def quic_grid(measurement: Measurement) -> Grid:
    """The cells of a `quic_reachability`."""
    failures: dict[Purpose, str] = {}
    for step in steps_of(measurement, *_TRIGGERS):
        if step.failure is not None:
            failures.setdefault(step.purpose, step.failure)
    cells = {purpose: _cell(measurement, purpose) for purpose in CELLS}
    return Grid(cells=cells, failures=failures, foreign=Layer.QUIC)


def _cell(measurement: Measurement, purpose: Purpose) -> Cell:
    steps = steps_of(measurement, purpose)
    shaken = next((step for step in steps if isinstance(step, QUICHandshake)), None)
    answered = next((step for step in steps if isinstance(step, HTTPRoundTrip)), None)
    if shaken is None or shaken.failure in words.LOCAL:
        return Cell.UNKNOWN
    if shaken.failure is None:
        broken = answered is not None and answered.failure is not None and answered.status is None
        return Cell.CUT if broken and purpose in _TRIGGERS else Cell.PASSED
    if shaken.failure in words.CERTIFICATE and shaken.chain:
        return _of_certificate(shaken, purpose)
    if not shaken.bytes_sent:
        return Cell.UNREACHED
    return Cell.PASSED if purpose is not Purpose.TRIGGER_AT_TARGET and _told_no(shaken) else Cell.CUT


def _of_certificate(shaken: QUICHandshake, purpose: Purpose) -> Cell:
    """Somebody else's certificate; at our server only where its key is known can that be told."""
    if purpose in _ECHO:
        return Cell.FOREIGN if shaken.reason == OTHER_KEY else Cell.PASSED
    return Cell.FOREIGN if purpose is Purpose.TRIGGER_AT_TARGET else Cell.PASSED


def _told_no(shaken: QUICHandshake) -> bool:
    """Whether the server turned the name, or our version, down in words: then the hello had reached it."""
    return shaken.failure in {"ssl_failed_handshake", "ssl_invalid_hostname", "quic_incompatible_version"}


_ACTIONS: Mapping[str, frozenset[str]] = {
    "reset": words.RESET,
    "timeout": words.TIMEOUT,
    "eof": words.EOF,
    "refused": words.REFUSED | words.UNREACHABLE,
}


def _technique(row: Row, grid: Grid) -> str | None:
    if not row.by_name and not row.by_address:
        return None
    if row.by_name and grid[Purpose.TRIGGER_AT_ECHO] is Cell.FOREIGN:
        return "quic.mitm"
    failure = grid.failures.get(Purpose.TRIGGER_AT_ECHO if row.by_name else Purpose.TRIGGER_AT_TARGET, "")
    action = next((action for action, failures in _ACTIONS.items() if failure in failures), None)
    if action is None:
        return "quic"
    return f"quic.{action}.sni" if row.by_name else f"quic.{action}"
