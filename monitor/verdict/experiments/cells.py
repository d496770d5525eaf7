"""How each connection of a name swap ended: the four cells of the truth table, from the steps of one measurement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from monitor.model import Layer
from monitor.verdict import words
from probes.model import HTTPRoundTrip, Measurement, Purpose, Step, TCPConnect, TLSHandshake

OTHER_KEY = "another public key than the pinned one"
"""The reason that a probe gives where somebody else than our echo host answered the handshake."""
NOTHING_HERE = b"Not found\n"
"""What the echo host says to whom it does not know."""


class Cell(Enum):
    """How a connection under one name to one place ended."""

    PASSED = "passed"
    CUT = "cut"
    """After the name was shown."""
    UNREACHED = "unreached"
    """Before any name was shown: the connection itself did not come about."""
    FOREIGN = "foreign"
    """Somebody else answered in the server's place."""
    UNKNOWN = "unknown"
    """It was not tried, or tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The truth table's input, and the words of the failures that the trigger met."""

    cells: Mapping[Purpose, Cell]
    failures: Mapping[Purpose, str]
    foreign: Layer | None = None
    location: bool = False
    """Whether the foreign answer was a redirect."""

    def __getitem__(self, purpose: Purpose) -> Cell:
        """The cell of one kind of connection."""
        return self.cells.get(purpose, Cell.UNKNOWN)


CELLS = (
    Purpose.TRIGGER_AT_TARGET,
    Purpose.INNOCUOUS_AT_TARGET,
    Purpose.TRIGGER_AT_ECHO,
    Purpose.INNOCUOUS_AT_ECHO,
    Purpose.INNOCUOUS_ELSEWHERE,
)


def sni_grid(measurement: Measurement) -> Grid:
    """The cells of a `sni_swap`."""
    leaves = {purpose: _leaf(measurement, purpose) for purpose in CELLS}
    cells = {}
    for purpose in CELLS:
        found = [step for step in measurement.steps if step.purpose is purpose]
        cells[purpose] = _tls_cell(purpose, found)
    if _differ(leaves, cells):
        cells[Purpose.TRIGGER_AT_ECHO] = Cell.FOREIGN
    return Grid(cells=cells, failures=_failures(measurement), foreign=Layer.TLS)


def host_grid(measurement: Measurement) -> Grid:
    """The cells of a `host_swap`."""
    cells = {}
    for purpose in CELLS:
        found = [step for step in measurement.steps if step.purpose is purpose]
        cells[purpose] = _http_cell(found, at_echo=purpose in _ECHO)
    return Grid(
        cells=cells, failures=_failures(measurement), foreign=Layer.HTTP, location=_redirects(measurement, cells)
    )


_ECHO = (Purpose.TRIGGER_AT_ECHO, Purpose.INNOCUOUS_AT_ECHO)
_TRIGGERS = (Purpose.TRIGGER_AT_TARGET, Purpose.TRIGGER_AT_ECHO)


def _tls_cell(purpose: Purpose, steps: list[Step]) -> Cell:
    connect = next((step for step in steps if isinstance(step, TCPConnect)), None)
    shaken = next((step for step in steps if isinstance(step, TLSHandshake)), None)
    if connect is None or shaken is None:
        return _unconnected(connect)
    answered = next((step for step in steps if isinstance(step, HTTPRoundTrip)), None)
    if purpose in _ECHO:
        return _echo_cell(shaken, answered)
    if shaken.failure is None:
        return Cell.PASSED
    if shaken.failure in words.CERTIFICATE and shaken.chain:
        return Cell.FOREIGN if purpose is Purpose.TRIGGER_AT_TARGET else Cell.PASSED
    return Cell.PASSED if purpose is not Purpose.TRIGGER_AT_TARGET and _alerted(shaken) else Cell.CUT


def _unconnected(connect: TCPConnect | None) -> Cell:
    """A connection that was cut short by the total limit, or refused by this machine, tells nothing."""
    if connect is None or connect.failure is None or connect.failure in words.LOCAL:
        return Cell.UNKNOWN
    return Cell.UNREACHED


def _echo_cell(shaken: TLSHandshake, answered: HTTPRoundTrip | None) -> Cell:
    if shaken.failure in words.CERTIFICATE and shaken.chain:
        return Cell.FOREIGN if shaken.reason == OTHER_KEY else Cell.PASSED
    if shaken.failure is not None or (answered is not None and answered.failure is not None):
        return Cell.CUT
    return Cell.PASSED


def _alerted(shaken: TLSHandshake) -> bool:
    """Whether the server itself turned the name down in words (RFC 6066 §3): the hello had reached it."""
    cut = words.TIMEOUT | words.RESET | words.EOF
    return shaken.bytes_received > 0 and shaken.failure not in cut


def _leaf(measurement: Measurement, purpose: Purpose) -> bytes | None:
    chains = (step.chain for step in measurement.steps if isinstance(step, TLSHandshake) and step.purpose is purpose)
    return next((chain[0] for chain in chains if chain), None)


def _differ(leaves: Mapping[Purpose, bytes | None], cells: Mapping[Purpose, Cell]) -> bool:
    """Whether the echo host, which has one certificate for all names, seems to have shown another to the trigger."""
    trigger, innocuous = (leaves[purpose] for purpose in _ECHO)
    both = all(cells[purpose] is Cell.PASSED for purpose in _ECHO)
    return both and trigger is not None and innocuous is not None and trigger != innocuous


def _http_cell(steps: list[Step], *, at_echo: bool) -> Cell:
    connect = next((step for step in steps if isinstance(step, TCPConnect)), None)
    trip = next((step for step in steps if isinstance(step, HTTPRoundTrip)), None)
    if connect is None or trip is None:
        return _unconnected(connect)
    if trip.failure is not None and trip.status is None:
        return Cell.CUT
    if not at_echo:
        return Cell.PASSED
    if trip.status == 429:
        return Cell.UNKNOWN
    return Cell.PASSED if is_ours(trip) else Cell.FOREIGN


def is_ours(trip: HTTPRoundTrip) -> bool:
    """Whether the echo host answered: it repeats the Host that reached it, or knows nobody."""
    kept = trip.body.kept if trip.body else None
    if trip.status == 404:
        return kept == NOTHING_HERE
    try:
        said = json.loads(kept or b"")
    except ValueError:
        return False
    host = trip.url.partition("://")[2].partition("/")[0]
    return isinstance(said, dict) and said.get("host") == host


def _failures(measurement: Measurement) -> dict[Purpose, str]:
    """The first failure of each trigger."""
    met: dict[Purpose, str] = {}
    for step in measurement.steps:
        if step.purpose in _TRIGGERS and step.failure is not None:
            met.setdefault(step.purpose, step.failure)
    return met


def _redirects(measurement: Measurement, cells: Mapping[Purpose, Cell]) -> bool:
    foreign = {purpose for purpose, cell in cells.items() if cell is Cell.FOREIGN}
    trips = (step for step in measurement.steps if isinstance(step, HTTPRoundTrip) and step.purpose in foreign)
    return any(trip.status is not None and 300 <= trip.status < 400 for trip in trips)
