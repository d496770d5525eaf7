"""`presscanary agent enrol`: join a collector, after its operator has read and agreed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from monitor.agent.clock import moments
from monitor.agent.enrolment import Offered, agreed, ask_offer, enrol
from monitor.agent.folder import AgentError, AgentFolder, Membership
from monitor.agent.spool import Spool
from monitor.agent.uplink import Uplink, checked
from monitor.cli.agent.asking import ask, show
from monitor.cli.agent.opened import Accept, Category, Language, Veto, VetoCategory, folder_of, language_of, told
from monitor.cli.frame import USAGE, CommandError, out
from monitor.sshsig import SigningKey
from monitor.wire import Letter

_MEGABYTE = 1024 * 1024


def command(
    context: typer.Context,
    *,
    urls: Annotated[
        list[str],
        typer.Argument(metavar="URL…", help="Addresses of the collector; tried in turn, the first one first."),
    ],
    token: Annotated[
        str, typer.Option(envvar="PRESSCANARY_TOKEN", help="The one-time token that the collector's people gave you.")
    ],
    language: Language = None,
    accept: Accept = None,
    category: Category = None,
    veto: Veto = None,
    veto_category: VetoCategory = None,
    ca: Annotated[
        Path | None, typer.Option(help="Only certificates signed by those in this PEM file vouch for the collector.")
    ] = None,
    proxy: Annotated[
        str, typer.Option(help="Reach the collector (not the sites) through http://, https:// or socks5://HOST:PORT.")
    ] = "",
    limit: Annotated[
        int, typer.Option(min=16, help="Megabytes of disk for what waits to be sent; the oldest goes first.")
    ] = 1024,
) -> None:
    """Join a collector: read the risk text and the exact list of sites, leave out what you like, agree.

    A key is made here and never leaves this machine. Onion addresses work with `--proxy socks5://127.0.0.1:9050`. Exit
    code 1: no answer, a token that is not taken, no agreement. Exit code 2: wrong input, or nobody could be asked.
    """
    folder, spoken = folder_of(context), language_of(language)
    try:
        addresses = tuple(checked(each) for each in urls)
        pinned = None if ca is None else ca.read_bytes()
    except (AgentError, OSError) as fault:
        raise CommandError(str(fault), USAGE) from fault
    with told():
        if folder.enrolled:
            raise CommandError(f"{folder.path} is enrolled already; `presscanary agent stop --wipe` ends that", USAGE)
        folder.prepare()
        if pinned is not None:
            folder.pin(pinned)
        with folder.locked():
            key = folder.new_key()
            join = _Joining(
                folder=folder, key=key, addresses=addresses, token=token, proxy=proxy, pinned=ca is not None
            )
            offered = asyncio.run(join.ask())
            show(offered, spoken)
            try:
                more, targets = ask(offered, spoken, accept)
            except CommandError:
                folder.wipe()
                raise
            try:
                consent = agreed(
                    offered.plan,
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
            vantage = asyncio.run(join.agree(offered, consent, limit * _MEGABYTE))
    out.print(f"Enrolled as {vantage}. `presscanary agent run` measures from now on.", markup=False)


class _Joining:
    """One enrolment: two requests with the operator between them."""

    def __init__(
        self, *, folder: AgentFolder, key: SigningKey, addresses: tuple[str, ...], token: str, proxy: str, pinned: bool
    ) -> None:
        self._folder, self._key, self._token = folder, key, token
        self._addresses, self._proxy, self._pinned = addresses, proxy, pinned

    def _uplink(self) -> Uplink:
        ca = self._folder.ca if self._pinned else None
        return Uplink(self._addresses, self._key, moments(), proxy=self._proxy, ca=ca)

    async def ask(self) -> Offered:
        async with self._uplink() as uplink:
            return await ask_offer(uplink, self._token)

    async def agree(self, offered: Offered, consent: Letter, limit: int) -> str:
        """Join, and write down all that the agent needs; the membership last, because it says that all is there."""
        async with self._uplink() as uplink:
            vantage = await enrol(uplink, self._token, consent)
        self._folder.keep_plan(offered.letter)
        self._folder.keep_consent(consent)
        Spool(self._folder.spool, limit=limit).close()
        self._folder.join(
            Membership(
                collectors=self._addresses,
                collector=offered.collector.line,
                vantage=vantage,
                proxy=self._proxy,
                pinned=self._pinned,
                limit=limit,
            )
        )
        return vantage
