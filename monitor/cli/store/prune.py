"""`presscanary store prune`: what is past its time goes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from monitor.cli.frame import USAGE, CommandError, err, load_settings, out, place, print_json
from monitor.cli.log.opened import bring_in
from monitor.cli.store.opened import AsJson, existing, progress, size
from monitor.store.policy import Policy
from monitor.store.retention import prune


def command(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what `store:` in targets.yaml no longer keeps, and write packs anew that are mostly dead.

    Events, their revisions and the measurements that prove them are never removed. Needs the data folder for itself;
    `presscanary run` does the same once a day. Exit code 1: no store, another writer, no room, or not confirmed. Exit
    code 2: nobody could be asked, and --yes was not said.
    """
    policy = load_settings(place(context).config).keeping
    if (policy.raw or policy.hourly or policy.daily) and not yes:
        if not sys.stdin.isatty():
            raise CommandError(f"this removes for good: {_words(policy)}; say --yes where nobody can be asked", USAGE)
        err.print(f"This removes for good: {_words(policy)}.", markup=False)
        typer.confirm("Go on?", abort=True, err=True)
    with existing(context) as store, progress("pruning") as told:
        bring_in(store)
        pruned = prune(store.upkeep, policy, told=told)
    if as_json:
        print_json(pruned)
    else:
        out.print(
            f"{pruned.rows:,} results, {pruned.counts:,} counts, {pruned.segments} segments and {pruned.packs} packs "
            f"({size(pruned.pack_bytes)} given back) removed.",
            markup=False,
        )


def _words(policy: Policy) -> str:
    spans = (("results", policy.raw), ("hourly counts", policy.hourly), ("daily counts", policy.daily))
    return ", ".join(f"{name} older than {span.days} days" for name, span in spans if span is not None)
