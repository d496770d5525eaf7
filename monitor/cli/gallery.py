"""`presscanary gallery`: measure known censors, played on loopback, and compare our verdicts with another tool's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from monitor.cli.frame import FAULT, USAGE, err, fail, out, print_json
from monitor.export.formats import ooni
from monitor.model import Health, Verdict
from monitor.observe import observe
from monitor.verdict import judge
from probes.model import Measurement, Role, Target, Task
from probes.registry import all_probes
from probes.scrub import scrub
from probes.testing import Loopback
from probes.testing.cases import CONTROL, LIMITS, PROBE, Case, CaseError, on_android, read_cases
from probes.testing.loopback import utc_now
from probes.testing.view import View

_AT_ONCE = 4
"""Cases played at a time: most of a case is waiting, but more would make two slow cores miss deadlines."""

_COMPARED = ("blocking", "accessible")
"""The other tool's verdict: the keys that agreement is about."""


def command(
    file: Annotated[Path, typer.Argument(help="Case file (JSON).", show_default=False)],
    case: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this case; may be repeated.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 unless every case agrees.")] = False,
) -> None:
    """Measure known censors, played on loopback, and compare our verdicts with those that the file expects.

    Nothing leaves this machine. For each case: our state, layer, technique and rule, the same in the other tool's terms
    (blocking, accessible), and what the file expects.
    """
    chosen = _chosen(file, case or [])
    played = _play_all(chosen)
    if json:
        print_json({"cases": played})
    else:
        _show(played)
    if strict and not all(map(_agrees, played)):
        raise typer.Exit(FAULT)


def _chosen(file: Path, names: Sequence[str]) -> tuple[Case, ...]:
    try:
        cases = read_cases(file)
    except CaseError as fault:
        fail(str(fault), USAGE)
    unknown = [name for name in names if name not in {case.name for case in cases}]
    if unknown:
        fail(f"{file}: no case is called {', '.join(map(repr, unknown))}", USAGE)
    return tuple(case for case in cases if not names or case.name in names)


def _play_all(cases: Sequence[Case]) -> list[dict[str, Any]]:
    columns = TextColumn("cases"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        bar = progress.add_task("cases", total=len(cases))
        return asyncio.run(_gather(cases, lambda: progress.advance(bar)))


async def _gather(cases: Sequence[Case], advance: Callable[[], None]) -> list[dict[str, Any]]:
    """Play the cases, a few at a time; one that cannot be played says so and stops no other."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(case: Case) -> dict[str, Any]:
        async with room:
            entry = await _play(case)
        advance()
        return entry

    return list(await asyncio.gather(*map(one, cases)))


async def _play(case: Case) -> dict[str, Any]:
    if case.unsupported:
        return _entry_of(case, unsupported=case.unsupported)
    try:
        return _judged(case, *await _measure(case))
    except Exception as fault:  # noqa: BLE001 - a fault of the lab, a probe or a rule belongs to its case, and is told there
        return _entry_of(case, error=scrub(f"{type(fault).__name__}: {fault}"))


def _judged(case: Case, measurement: Measurement, control: Measurement | None) -> dict[str, Any]:
    observations = observe(measurement, [control] if control else [])
    verdict = judge(measurement, observations, health=Health.HEALTHY)
    return _entry_of(case, verdict, ooni.derived_keys(measurement, control, asn=case.networks))


async def _measure(case: Case) -> tuple[Measurement, Measurement | None]:
    """The case's URL from the network that censors and, where the case has one, from the control."""
    async with Loopback(case.internet) as lab:
        censored = lab.network(PROBE, rules=case.rules, resolver=case.resolver, allow=case.allow)
        if not case.control_reachable:
            return _on_platform(case, await _visit(case, censored)), None
        free = lab.network(CONTROL, allow=case.allow)
        measurement, control = await asyncio.gather(_visit(case, censored), _visit(case, free))
        return _on_platform(case, measurement), control


def _on_platform(case: Case, measurement: Measurement) -> Measurement:
    return on_android(measurement) if case.android else measurement


async def _visit(case: Case, view: View) -> Measurement:
    vantage = case.vantage
    if view.name == CONTROL:
        vantage = replace(vantage, id="control", country="ZZ", network="AS0", role=Role.CONTROL)
    task = Task(target=Target(id=case.name, urls=(case.url,)), url=case.url, vantage=vantage, limits=LIMITS)
    return await all_probes()["website"].measure(task, view, utc_now)


def _entry_of(
    case: Case, verdict: Verdict | None = None, keys: Mapping[str, Any] | None = None, **trouble: str
) -> dict[str, Any]:
    """What is printed of a case; `trouble` says why it has no verdict (`unsupported`, `error`)."""
    ours = {name: getattr(verdict, name, None) for name in ("state", "layer", "technique", "rule_id")}
    theirs = {name: keys[name] if keys else None for name in _COMPARED}
    return {"name": case.name, **ours, **theirs, "expected": case.expected, **trouble}


def _agrees(entry: Mapping[str, Any]) -> bool:
    return entry["state"] is not None and all(entry[key] == entry["expected"].get(key) for key in _COMPARED)


def _show(played: Sequence[dict[str, Any]]) -> None:
    whole = [Column(name, overflow="fold") for name in ("case", "ours")]
    table = Table(*whole, "in its terms", "expected", "", box=SIMPLE_HEAD)
    for entry in played:
        mark = "[green]agrees" if _agrees(entry) else "[red]differs" if entry["state"] else "[red]not played"
        ours = " ".join(filter(None, (entry["state"], entry["technique"])))
        table.add_row(escape(entry["name"]), ours, _verdict(entry), escape(_verdict(entry["expected"])), mark)
    out.print(table)
    for entry in played:
        if trouble := entry.get("error", entry.get("unsupported")):
            err.print(f"{entry['name']}: {trouble}", markup=False, soft_wrap=True)
    out.print(f"{sum(map(_agrees, played))} of {len(played)} agree")


def _verdict(keys: Any) -> str:
    """`blocking` and `accessible` as one phrase.

    >>> _verdict({"blocking": "dns", "accessible": False}), _verdict({"blocking": False, "accessible": True})
    ('dns', 'accessible')
    """
    if keys.get("blocking"):
        return str(keys["blocking"])
    return {True: "accessible", False: "down"}.get(keys.get("accessible"), "unknown")
