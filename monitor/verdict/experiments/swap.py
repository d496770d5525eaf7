"""The truth table of name swaps (techniques.md §3, S8 and S9): where which name fails says what it hangs on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from monitor.model import Layer, Locus
from monitor.verdict import words
from monitor.verdict.experiments.cells import CELLS, Cell, Grid, host_grid, sni_grid
from monitor.verdict.experiments.reading import Reading, made_for
from probes.model import Measurement, Purpose

_ANY = frozenset(Cell)
_PASSED = frozenset({Cell.PASSED})
_CUT = frozenset({Cell.CUT})
_FOREIGN = frozenset({Cell.FOREIGN})
_FAILED = frozenset({Cell.CUT, Cell.UNREACHED})
_UNREACHED = frozenset({Cell.UNREACHED})
_UNKNOWN = frozenset({Cell.UNKNOWN})
_NOT_PASSED = _ANY - _PASSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table: it matches where each cell is one of those that it allows. `{name}` stands in `why`."""

    id: str
    why: str
    trigger_at_target: Collection[Cell] = field(default=_ANY)
    innocuous_at_target: Collection[Cell] = field(default=_ANY)
    trigger_at_echo: Collection[Cell] = field(default=_ANY)
    innocuous_at_echo: Collection[Cell] = field(default=_ANY)
    innocuous_elsewhere: Collection[Cell] = field(default=_ANY)
    decisive: bool = False
    by_name: bool = False
    """Whether a technique that goes by the name is what this shows."""
    by_address: bool = False

    def matches(self, grid: Grid) -> bool:
        """Whether the table's line is about this grid."""
        allowed = (
            self.trigger_at_target,
            self.innocuous_at_target,
            self.trigger_at_echo,
            self.innocuous_at_echo,
            self.innocuous_elsewhere,
        )
        return all(grid[purpose] in cells for purpose, cells in zip(CELLS, allowed, strict=True))


ROWS = (
    Row(
        id="replaced",
        why="Under the target's {name} somebody else answers in our server's place; under another one our server does.",
        trigger_at_echo=_FOREIGN,
        innocuous_at_echo=_PASSED,
        decisive=True,
        by_name=True,
    ),
    Row(
        id="everything_replaced",
        why="Somebody else answers in our server's place under any {name}: a filter of this place, not of the target.",
        innocuous_at_echo=_FOREIGN,
    ),
    Row(
        id="proven",
        why="The target's {name} fails at the target's address and at our server, another {name} works at both.",
        trigger_at_target=_CUT | _FOREIGN,
        innocuous_at_target=_PASSED,
        trigger_at_echo=_CUT,
        innocuous_at_echo=_PASSED,
        decisive=True,
        by_name=True,
    ),
    Row(
        id="residual_or_address",
        why="The target's {name} fails at our server, another one works there; at the target's address both fail, and "
        "another address of the target answers: the first may be blocked too, or punished for the name shown before.",
        trigger_at_target=_FAILED | _FOREIGN,
        innocuous_at_target=_FAILED,
        trigger_at_echo=_CUT,
        innocuous_at_echo=_PASSED,
        innocuous_elsewhere=_PASSED,
        decisive=True,
        by_name=True,
    ),
    Row(
        id="name_and_address",
        why="The target's {name} fails at our server, where another one works, and its address fails under any {name}.",
        trigger_at_target=_FAILED | _FOREIGN,
        innocuous_at_target=_FAILED,
        trigger_at_echo=_CUT,
        innocuous_at_echo=_PASSED,
        decisive=True,
        by_name=True,
        by_address=True,
    ),
    Row(
        id="at_echo_only",
        why="The target itself is reached; its {name} fails at our server, where another works: an exempted server, or "
        "the echo of an earlier trigger.",
        trigger_at_target=_PASSED,
        trigger_at_echo=_CUT,
        innocuous_at_echo=_PASSED,
        by_name=True,
    ),
    Row(
        id="any_address",
        why="The target's {name} fails at our server, where another one works; the target's own address tells nothing.",
        trigger_at_echo=_CUT,
        innocuous_at_echo=_PASSED,
        decisive=True,
        by_name=True,
    ),
    Row(
        id="foreign_at_target",
        why="A certificate that is not the target's comes from its address; our server is reached under its {name}.",
        trigger_at_target=_FOREIGN,
        trigger_at_echo=_PASSED,
        innocuous_at_echo=_PASSED,
    ),
    Row(
        id="pair_or_server",
        why="The target's {name} fails only at the target's address: its server dislikes us, or {name} and address "
        "together are what is blocked.",
        trigger_at_target=_CUT,
        innocuous_at_target=_PASSED,
        trigger_at_echo=_PASSED,
        innocuous_at_echo=_PASSED,
    ),
    Row(
        id="one_address",
        why="One address of the target fails under any {name}, another one answers, and our server is reached.",
        trigger_at_target=_FAILED,
        innocuous_at_target=_FAILED,
        trigger_at_echo=_PASSED,
        innocuous_at_echo=_PASSED,
        innocuous_elsewhere=_PASSED,
    ),
    Row(
        id="address",
        why="The target's address fails under any {name}, our server is reached under both: the address is blocked, or "
        "the way to it or the server is broken.",
        trigger_at_target=_FAILED,
        innocuous_at_target=_FAILED,
        trigger_at_echo=_PASSED,
        innocuous_at_echo=_PASSED,
        by_address=True,
    ),
    Row(
        id="everything_fails",
        why="Every connection fails, to our own server under an innocuous {name} too: this place, or our way to speak.",
        trigger_at_target=_NOT_PASSED,
        innocuous_at_target=_NOT_PASSED,
        trigger_at_echo=_NOT_PASSED,
        innocuous_at_echo=_FAILED,
    ),
    Row(
        id="echo_fails",
        why="Our server is not reached under the innocuous {name} either, so nothing can be compared.",
        innocuous_at_echo=_FAILED,
    ),
    Row(
        id="reached",
        why="The target's {name} is reached at its own address and at our server.",
        trigger_at_target=_PASSED,
        trigger_at_echo=_PASSED,
    ),
    Row(
        id="before_the_name",
        why="One connection failed before any {name} was shown, and others did not: chance, or a punished address.",
        trigger_at_target=_UNREACHED,
        innocuous_at_target=_PASSED,
    ),
    Row(
        id="target_only",
        why="At the target's address its own {name} fails, another works; our server, which could tell, was not asked.",
        trigger_at_target=_CUT | _FOREIGN,
        innocuous_at_target=_PASSED,
        trigger_at_echo=_UNKNOWN | _UNREACHED,
    ),
    Row(id="unclear", why="Too few of the connections tell anything, or they contradict each other."),
)
"""First match speaks. P passed, F failed, in the order of techniques.md: F P F P proven; F P P P pair_or_server;
F F P P address; F F F P name_and_address; F F F F everything_fails; P - F P at_echo_only."""


def read_sni_swap(measurement: Measurement) -> Reading:
    """What a `sni_swap` shows; never raises for what a network did."""
    return _read(measurement, sni_grid(measurement), "sni_swap", "server name", Layer.TLS)


def read_host_swap(measurement: Measurement) -> Reading:
    """What a `host_swap` shows; never raises for what a network did."""
    return _read(measurement, host_grid(measurement), "host_swap", "Host header", Layer.HTTP)


def _read(measurement: Measurement, grid: Grid, kind: str, name: str, layer: Layer) -> Reading:
    row = next(row for row in ROWS if row.matches(grid))
    blocked = row.by_name or row.by_address
    return Reading(
        rule_id=f"{kind}.{row.id}",
        why=row.why.format(name=name),
        technique=_technique(row, grid, layer),
        layer=(layer if row.by_name else _layer_of_address(grid, layer)) if blocked else None,
        locus=Locus.NETWORK if row.decisive else Locus.UNKNOWN,
        decisive=row.decisive,
        exonerating=row.id == "address" and _shown_and_cut(grid),
        steps=made_for(measurement, CELLS),
    )


def _shown_and_cut(grid: Grid) -> bool:
    """Whether both names were shown at the target's address, and failed alike: who blocks an address lets nobody in,
    who blocks a name lets the other one through. What was never let in may be a blocked address as well as a dead way.
    """
    return grid[Purpose.TRIGGER_AT_TARGET] is Cell.CUT and grid[Purpose.INNOCUOUS_AT_TARGET] is Cell.CUT


_ACTIONS: Mapping[str, Collection[str]] = {
    "reset": words.RESET,
    "timeout": words.TIMEOUT,
    "eof": words.EOF,
}


def _technique(row: Row, grid: Grid, layer: Layer) -> str | None:
    qualifier = "sni" if layer is Layer.TLS else "host"
    if row.by_name and grid[Purpose.TRIGGER_AT_ECHO] is Cell.FOREIGN:
        return "tls.mitm" if layer is Layer.TLS else "http.redirect" if grid.location else "http.blockpage"
    if row.by_name:
        action = _action(grid.failures.get(Purpose.TRIGGER_AT_ECHO, ""))
        return f"{layer}.{action}.{qualifier}" if action else str(layer)
    return _address_technique(grid, layer) if row.by_address else None


def _action(failure: str) -> str | None:
    return next((action for action, failures in _ACTIONS.items() if failure in failures), None)


def _layer_of_address(grid: Grid, layer: Layer) -> Layer:
    return Layer.TCP if grid[Purpose.TRIGGER_AT_TARGET] is Cell.UNREACHED else layer


def _address_technique(grid: Grid, layer: Layer) -> str:
    """The technique where any name fails at an address: at the connection itself, or in what follows it."""
    failure = grid.failures.get(Purpose.TRIGGER_AT_TARGET, "")
    if failure in words.UNREACHABLE:
        return "ip.unreachable"
    where = _layer_of_address(grid, layer)
    action = "refused" if failure in words.REFUSED else _action(failure)
    return f"{where}.{action}" if action else str(where)
