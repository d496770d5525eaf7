"""`presscanary alerts digest`: what a recipient's digest would say now."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from monitor.alert.digest import listed, noted
from monitor.alert.letter import compose
from monitor.alert.plan import Moment
from monitor.alert.settings import AlertSettings, Recipient
from monitor.alert.story import alert_of
from monitor.app import utc_now
from monitor.cli.frame import USAGE, CommandError, load_settings, out, place, print_json
from monitor.cli.reading import reading
from monitor.model import Delivery, Form
from monitor.pipeline.view import view
from monitor.store import Store
from probes.model import Target


def command(
    context: typer.Context,
    recipient: Annotated[str, typer.Argument(help="Whose digest.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="Over so many days.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print its stories and its text as JSON.")] = False,
) -> None:
    """Print a recipient's digest as it would be sent now, in their language; nothing is sent."""
    here = place(context)
    settings = load_settings(here.config)
    who = settings.alerts.recipient(recipient)
    if who is None:
        raise CommandError(f"{here.config} has no recipient {recipient[:60]!r} under alerts", USAGE)
    with reading(here.where) as store:
        delivery = _delivery(store, who, settings.alerts, settings.targets, timedelta(days=days))
    letter = compose(delivery, who, who.addresses[0])
    if as_json:
        print_json({"recipient": who.name, "stories": delivery.alerts, "subject": letter.subject, "text": letter.long})
    else:
        out.print(letter.long, markup=False, soft_wrap=True)


def _delivery(
    store: Store | None, who: Recipient, settings: AlertSettings, targets: tuple[Target, ...], span: timedelta
) -> Delivery:
    now = utc_now()
    known = None if store is None else view(store, now=now, targets=targets, claims=(), least=0)
    events = () if known is None else known.seen.events
    alerts = tuple(alert_of(event, now, settings.settle, known.knowledge) for event in events if known is not None)
    before = () if store is None else store.deliveries(recipient=who.name)
    moment = Moment(now=now, alerts=alerts)
    return Delivery(
        key="digest",
        recipient=who.name,
        address=who.addresses[0].name,
        alerts=listed(who, moment, now - span),
        created=now,
        due=now,
        form=Form.DIGEST,
        note=noted(moment, before, now - span),
    )
