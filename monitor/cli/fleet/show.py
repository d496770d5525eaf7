"""`presscanary fleet show`: everything that is known of one vantage point of the fleet."""

from __future__ import annotations

import json

import typer
from rich.table import Table

from monitor.cli.fleet.list_ import gathered
from monitor.cli.fleet.opened import AsJson, Vantage, opened
from monitor.cli.frame import out, print_json
from monitor.fleet import audit, flags, members
from probes.document import document


def command(context: typer.Context, vantage: Vantage, *, as_json: AsJson = False) -> None:
    """Show one vantage point: its key, consent and vetoes, what it delivered, its flags, and its record.

    Exit code 2: there is none of that id.
    """
    with opened(context) as fleet:
        member = members.named(fleet, vantage)
        row = next(each for each in gathered(context, fleet, every=True) if each.key == member.key)
        waved = [flag for flag in flags.every(fleet) if flag.key == member.key]
        entries = audit.entries(fleet, vantage=vantage)
    consent = json.loads(member.consent)["document"] if member.consent else None
    facts = document(row) | {"refused": member.refused, "dropped": member.dropped, "batches": member.sequence}
    if as_json:
        print_json(facts | {"public": member.public, "consent": consent, "flags": waved, "record": entries})
        return
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    table.columns[1].overflow = "fold"
    for name, value in facts.items():
        table.add_row(name, ", ".join(value) if isinstance(value, list) else "" if value is None else str(value))
    for name in ("categories", "vetoed_categories", "vetoed_targets"):
        table.add_row(name, ", ".join(map(str, (consent or {}).get(name, ()))) or "none")
    out.print(table, markup=False)
    for flag in waved:
        out.print(
            f"{flag.kind}: {flag.said} ({flag.count} times, last {flag.last:%Y-%m-%d %H:%M} UTC)",
            style="yellow", markup=False, soft_wrap=True,
        )  # fmt: skip
    for entry in entries:
        out.print(f"{entry.time:%Y-%m-%d %H:%M}  {entry.action}  {entry.said}".rstrip(), markup=False, soft_wrap=True)
