"""Showing an operator what it is about, and asking: the risk text, the exact list, and what to leave out."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping

import typer
from rich.table import Table

from monitor.agent.enrolment import ASKED_FOR, Offered
from monitor.agent.risk import VERSION, risk_text
from monitor.cli.frame import USAGE, CommandError, out

_QUESTIONS: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "en": (
        "Targets or categories to leave out, with commas between them (none: press Enter)",
        "Have you read the text above, and do you agree? Type yes",
        frozenset({"yes", "y"}),
    ),
    "ru": (
        "Какие сайты (id) или категории не посещать, через запятую (никакие: Enter)",
        "Вы прочитали текст выше и согласны? Напишите да",
        frozenset({"да", "yes"}),
    ),
    "ky": (
        "Кайсы сайттарга (id) же категорияларга кирбеш керек, үтүр менен (эч бири: Enter)",
        "Жогорудагы текстти окудуңузбу жана макулсузбу? ооба деп жазыңыз",
        frozenset({"ооба", "yes"}),
    ),
}


def show(offered: Offered, language: str) -> None:
    """Print the risk text, whom it is agreed with, and every address that would be visited."""
    out.print(risk_text(language), markup=False)
    plan = offered.plan
    out.print(f"Collector's key: {offered.collector.fingerprint}", markup=False, soft_wrap=True)
    out.print(f"This vantage point: {plan.vantage.id}", markup=False)
    table = Table("category", "target", "addresses", "every", box=None, pad_edge=False)
    groups = defaultdict(list)
    for target in plan.targets:
        groups[target.category].append(target)
    for category in sorted(groups):
        left_out = " (left out unless asked for)" if category.lower() in ASKED_FOR else ""
        for target in sorted(groups[category], key=lambda each: each.id):
            marked = f"{target.id} (sensitive)" if target.sensitive else target.id
            every = f"{plan.interval_of(target.id) / 60:g} min"
            table.add_row(f"{category or '-'}{left_out}", marked, "\n".join(target.urls), every)
    out.print(table, markup=False)
    for kind, seconds in sorted(plan.beside.items()):
        out.print(f"Beside the visits: {kind}, every {seconds / 60:g} min", markup=False)


def ask(offered: Offered, language: str, accept: int | None) -> tuple[list[str], list[str]]:
    """What to leave out beside what the options say: categories and targets. CommandError where there is no consent.

    `accept` is the number of the risk text that a script agrees to; nobody is asked then.
    """
    if accept is not None:
        if accept != VERSION:
            raise CommandError(f"--accept {accept}: the risk text is number {VERSION} now; read it first", USAGE)
        return [], []
    if not sys.stdin.isatty():
        raise CommandError(f"nobody can be asked here; say --accept {VERSION} after reading the text above", USAGE)
    leave, agree, words = _QUESTIONS[language]
    answer = typer.prompt(leave, default="", show_default=False)
    named = [each.strip() for each in answer.split(",") if each.strip()]
    if typer.prompt(agree, default="", show_default=False).strip().lower() not in words:
        raise CommandError("nothing was agreed to, and nothing is kept", 1)
    categories = [each for each in named if each in offered.plan.categories]
    return categories, [each for each in named if each not in categories]
