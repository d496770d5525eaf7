"""`presscanary agent consent`: read it all again, and agree to other things than before."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata

import typer

from monitor.agent.enrolment import Offered, agreed
from monitor.agent.folder import AgentError
from monitor.cli.agent.asking import ask, show
from monitor.cli.agent.opened import Accept, Category, Language, Veto, VetoCategory, folder_of, language_of, told
from monitor.cli.frame import USAGE, CommandError, out
from monitor.sshsig import PublicKey


def command(
    context: typer.Context,
    *,
    language: Language = None,
    accept: Accept = None,
    category: Category = None,
    veto: Veto = None,
    veto_category: VetoCategory = None,
) -> None:
    """Show the risk text and the list of sites in force, and take another consent, which replaces the one before.

    It holds from this moment, also for a running agent. What was left out before has to be named again. Exit code 1:
    not enrolled, no agreement. Exit code 2: wrong input, or nobody could be asked.
    """
    folder, spoken = folder_of(context), language_of(language)
    with told():
        key, collector = folder.key(), PublicKey.read(folder.membership().collector)
        plan, _ = folder.plan(collector)
        offered = Offered(collector=collector, letter=folder.plan_letter(), plan=plan)
        show(offered, spoken)
        more, targets = ask(offered, spoken, accept)
        try:
            consent = agreed(
                plan,
                offered.letter.sha256,
                key,
                language=spoken,
                now=datetime.now(UTC),
                software=f"presscanary {metadata.version('presscanary')}",
                wanted=category or (),
                vetoed_categories=[*(veto_category or ()), *more],
                vetoed_targets=[*(veto or ()), *targets],
            )
        except AgentError as fault:
            raise CommandError(str(fault), USAGE) from fault
        folder.keep_consent(consent)
    out.print("Kept; the collector is told at the next contact.", markup=False)
