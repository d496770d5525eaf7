"""`presscanary evaluate`: how good the detector is, beside others, on simulated countries whose truth is known."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from monitor.cli.frame import USAGE, CommandError, err, load_settings, out, place, print_json
from monitor.evaluate.bench import HELD_OUT, Case, cases, rows, run
from monitor.evaluate.score import Score
from monitor.evaluate.table import Row
from monitor.evaluate.world import World

WIDE = 150
_QUICK_DAYS, _DAYS = 21, 45
_MOST_SEEDS = 200


def command(
    context: typer.Context,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Shorter worlds and no sweeps; minutes on two cores.")] = False,
    seeds: Annotated[str, typer.Option(help="Seeds, such as 201-205 or 1,2,7.")] = f"{HELD_OUT[0]}-{HELD_OUT[-1]}",
    days: Annotated[
        int | None, typer.Option(min=4, max=366, help="Length of each world.", show_default="45, with --quick 21")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes at a time.", show_default="all cores")] = None,
    as_json: Annotated[bool, typer.Option("--json", help='Print {"rows": […]}.')] = False,
) -> None:
    """Measure the detector on simulated countries and print one table, with the baselines beside it.

    Everything here is simulated: no figure says how often a real network blocks. The same seeds give the same table.
    Seeds 201-205 are held out: the detector was never tuned on them.
    """
    chosen = parse(seeds)
    world = World(days=days or (_QUICK_DAYS if quick else _DAYS))
    settings = load_settings(place(context).config).detection
    work = [(case, seed) for case in cases(world, settings, sweep=not quick) for seed in chosen]
    table = rows(_worked(work, jobs or os.cpu_count() or 1))
    if as_json:
        print_json({"rows": table, "seeds": chosen, "days": world.days, "simulated": True})
    else:
        render(table, out, chosen, world)


def parse(text: str) -> tuple[int, ...]:
    """The seeds that a text names; CommandError where it names none.

    >>> parse("201-203,7")
    (201, 202, 203, 7)
    """
    found: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"\s*([0-9]{1,9})(?:-([0-9]{1,9}))?\s*", part)
        first, last = (int(ends[1]), int(ends[2] or ends[1])) if ends else (1, 0)
        if not first <= last < first + _MOST_SEEDS:
            raise CommandError(f"--seeds {text!r}: expected numbers or ranges such as 201-205 or 1,2,7", USAGE)
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))


def _worked(work: Sequence[tuple[Case, int]], jobs: int) -> list[Mapping[str, Score]]:
    """The scores in the order of the work, however the processes finish."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    done: dict[int, Mapping[str, Score]] = {}
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("simulating", total=len(work))
        for index, scores in _each(work, min(jobs, len(work))):
            done[index] = scores
            bar.advance(task)
    return [done[index] for index in range(len(work))]


def _each(work: Sequence[tuple[Case, int]], jobs: int) -> Iterator[tuple[int, Mapping[str, Score]]]:
    if jobs == 1:
        yield from ((index, run(case, seed)) for index, (case, seed) in enumerate(work))
        return
    # Spawned, not forked: the progress bar has a thread, and a fork would copy its locks.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(run, case, seed): index for index, (case, seed) in enumerate(work)}
        yield from ((waiting[future], future.result()) for future in as_completed(waiting))


def render(table: Sequence[Row], console: Console, seeds: Sequence[int], world: World) -> None:
    """Print the table, and below it what the figures mean and the recall by kind."""
    console.print("SIMULATED: worlds with a known truth, no measurements of real networks.", style="bold yellow")
    width = None if console.is_terminal or console.width >= WIDE else WIDE
    console.print(_figures(table, width), crop=False)
    console.print(_kinds(table, width), crop=False)
    for line in _notes(table, seeds, world):
        console.print(line, soft_wrap=True, markup=False)


def _figures(table: Sequence[Row], width: int | None) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width)
    made.add_column("detector", overflow="fold")
    for heading in (
        "precision", "recall", "false/unit-yr", "its range", "detect p50/p90", "onset p50/p90", "middle p50/p90",
        "in interval", "end p50/p90", "fragments", "alerts/event",
    ):  # fmt: skip
        made.add_column(heading, justify="right")
    for each in table:
        spread = each.over_seeds["false_alarms_per_unit_year"]
        made.add_row(
            each.detector, _number(each.precision, 3), _number(each.recall, 3),
            _number(each.false_alarms_per_unit_year, 2), f"{_number(spread.lowest, 2)}-{_number(spread.highest, 2)}",
            f"{_number(each.time_to_detect_p50_min)}/{_number(each.time_to_detect_p90_min)}",
            f"{_number(each.onset_error_p50_min)}/{_number(each.onset_error_p90_min)}",
            f"{_number(each.onset_middle_p50_min)}/{_number(each.onset_middle_p90_min)}",
            _number(each.onset_in_interval, 2),
            f"{_number(each.end_error_p50_min)}/{_number(each.end_error_p90_min)}",
            str(each.fragments), _number(each.alerts_per_event, 1),
        )  # fmt: skip
    return made


def _kinds(table: Sequence[Row], width: int | None) -> Table:
    kinds = list(dict.fromkeys(kind for each in table for kind in each.recall_by_kind))
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width, title="recall by kind", title_justify="left")
    made.add_column("detector", overflow="fold")
    for kind in kinds:
        made.add_column(kind, justify="right")
    for each in table:
        made.add_row(each.detector, *(_number(each.recall_by_kind.get(kind), 2) for kind in kinds))
    return made


def _number(value: float | None, digits: int = 0) -> str:
    """A figure as the table shows it.

    >>> _number(0.98765, 3), _number(12.6), _number(None)
    ('0.988', '13', '')
    """
    return "" if value is None else f"{value:.{digits}f}"


def _notes(table: Sequence[Row], seeds: Sequence[int], world: World) -> Iterator[str]:
    first = table[0]
    yield (
        f"{len(seeds)} seeds ({', '.join(map(str, seeds))}) of {world.days} days: {first.unit_years:.1f} unit-years "
        f"(a unit is a target on a network), {first.blocks} true blocks of units."
    )
    yield "Onset: the first failure that counts, and the middle of the interval that it ends."
    yield "Times in minutes. The range is from seed to seed. A tier counts what ever reached it, when it reached it."
