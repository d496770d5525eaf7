"""`presscanary demo`: a censored country on this laptop, watched by the same program as `run`."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated

import typer
from rich.table import Table

from monitor.alert.letter import compose
from monitor.app import App, utc_now
from monitor.check import check
from monitor.cli.claims.text import render as render_check
from monitor.cli.events import render as render_events
from monitor.cli.frame import FAULT, CommandError, err, out, place, print_json
from monitor.cli.run import stop_on_signals
from monitor.cli.serve import Door, open_door, serve
from monitor.cli.tell import Teller
from monitor.demo.country import ECHO_ADDRESSES, LENGTH, with_echo
from monitor.demo.play import play, settings, views
from monitor.demo.readers import RECIPIENTS
from monitor.model import BlockingEvent, CheckReport, Fate, Outcome, State
from monitor.store import Store, StoreError
from probes.document import document
from probes.echo import Bounds, EchoServer, identity
from probes.model import Echo, Role
from probes.testing import Loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message as its recipient would read it."""

    recipient: str
    fate: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a demo found."""

    events: tuple[BlockingEvent, ...]
    check: CheckReport
    called: Mapping[str, Mapping[str, int]]
    """Measurements by target and by what its state was called, at the vantage points (controls left out)."""
    sick: tuple[str, ...]
    """Vantage points that were called sick for a while."""
    told: tuple[Told, ...]
    """What each recipient was told, or would be once somebody approves it."""


def command(
    context: typer.Context,
    *,
    seconds: Annotated[float, typer.Option(min=60, max=3600, help="How long the story takes.")] = LENGTH,
    host: Annotated[str, typer.Option(help="Where the page listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.")] = 8484,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the page open at the end, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON at the end.")] = False,
) -> None:
    """Play a censored country on loopback and watch it: no internet is needed, and nothing of it is real.

    Over about two minutes sites get blocked by DNS, by reset connections and by a block page, one site goes down for
    everybody, one vantage point breaks, and things recover. At the end the events are checked against the dates that
    the demo documents. The data go to --data-dir where one is named, else to a new temporary folder.
    """
    data_dir = place(context).named or Path(tempfile.mkdtemp(prefix="presscanary-demo-"))
    try:
        shown = asyncio.run(_demo(data_dir, seconds / LENGTH, host, port, keep=keep, quiet=as_json))
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json({"simulated": True} | document(shown))
    else:
        _render(shown)


async def _demo(data_dir: Path, pace: float, host: str, port: int, *, keep: bool, quiet: bool) -> Shown:
    console = err if quiet else out
    server = _echo_server()
    async with server, Loopback(with_echo(server.ports[0])) as lab:
        networks = views(lab)
        start = utc_now()
        echo = Echo(addresses=ECHO_ADDRESSES, token=server.token, pin=server.identity.pin)
        configured = settings(start, pace, echo)
        teller = Teller(console)
        with (
            open_door(host, port) as door,
            App(
                configured,
                data_dir,
                networks=networks,
                on_review=teller.reviewed,
                on_mistake=teller.mistaken,
            ) as app,
        ):
            stop_on_signals(app)
            for line in _greeting(door, data_dir):
                console.print(line, soft_wrap=True)
            tell = partial(console.print, "[dim]the script:[/dim]", soft_wrap=True)
            await _watch(app, door, asyncio.create_task(play(lab, networks, pace, tell)), keep=keep)
            await app.desk.turn()
            await app.desk.stop()
            events = app.store.events()
            report = check(events, configured.documented, app.store.days(), now=utc_now())
            rows = app.store.outcomes(role=Role.VANTAGE, since=start)
            return Shown(
                events=events, check=report, called=_called(rows), sick=_sick(rows), told=tuple(_told(app.store))
            )


def _echo_server() -> EchoServer:
    """Our own control server on loopback, for everybody in the demo at once: nobody here is asked to come slower."""
    return EchoServer(
        listen=[("127.0.0.1", 0)],
        token=token_urlsafe(24),
        identity=identity(None, utc_now()),
        clock=utc_now,
        bounds=Bounds(burst=100_000),
    )


async def _watch(app: App, door: Door, script: asyncio.Task[None], *, keep: bool) -> None:
    """Serve until the script has ended (and, where asked to, until a signal comes)."""
    if not keep:
        script.add_done_callback(lambda _: app.stop())
    try:
        await serve(app, door)
    finally:
        script.cancel()


def _greeting(door: Door, data_dir: Path) -> tuple[str, ...]:
    return (
        "[reverse]SIMULATED[/reverse] Demoland: a country on this machine's loopback interface. Nothing here is real.",
        *door.lines(),
        f"Data: {data_dir}",
    )


def _called(rows: Iterable[Outcome]) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row.target][row.verdict.state] += 1
    return counts


def _sick(rows: Iterable[Outcome]) -> tuple[str, ...]:
    return tuple(sorted({row.vantage for row in rows if row.verdict.rule_id == "vantage.sick"}))


def _told(store: Store) -> Iterator[Told]:
    """What left, and what waits for approval, in the words of the recipient's language."""
    for delivery in store.deliveries():
        recipient = next(each for each in RECIPIENTS if each.name == delivery.recipient)
        if delivery.fate in (Fate.SENT, Fate.PROPOSED):
            letter = compose(delivery, recipient, recipient.addresses[0])
            yield Told(recipient=recipient.name, fate=delivery.fate, subject=letter.subject, text=letter.short)


def _render_told(told: Iterable[Told]) -> None:
    out.print("\nAlerts that it would have sent (each to a file in the data folder):", style="bold")
    for message in told:
        waits = " (waits for approval)" if message.fate == Fate.PROPOSED else ""
        out.print(f"to {message.recipient}{waits}: {message.text}", markup=False, soft_wrap=True)


def _render(shown: Shown) -> None:
    out.rule("At the end of the demo (simulated)")
    table = Table(
        "target", *State, title="Measurements, by what was said of the target", title_justify="left", box=None
    )
    for target, counts in shown.called.items():
        table.add_row(target, *(str(counts.get(state, "")) for state in State))
    out.print(table)
    out.print(f"Vantage points called sick for a while: {', '.join(shown.sick) or 'none'}")
    render_events(shown.events, out)
    render_check(shown.check, out)
    _render_told(shown.told)
