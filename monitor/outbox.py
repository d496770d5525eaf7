"""The desk of alerts, wired to a store and a configuration that may be reloaded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from monitor.alert.desk import Desk, View
from monitor.alert.outside import Outside
from monitor.config import Settings
from monitor.pipeline.view import view
from monitor.store import Location, Servers, Store, StoreError
from probes.model import Clock


class Wired(Protocol):
    """What the desk needs of the monitor around it."""

    settings: Settings
    data_dir: Location
    store: Store
    clock: Clock


def desk_of(
    app: Wired,
    do: Callable[[Callable[[], Any]], Awaitable[Any]],
    *,
    stop: Callable[[StoreError], None],
    on_mistake: Callable[[Exception], None],
) -> Desk:
    """A desk whose deliveries are in the app's store; what people say while it runs is left in the data folder.

    `stop` hears of a store that cannot be written, `on_mistake` of a mistake of ours: measuring goes on then.
    """
    judged: datetime | None = None

    def look() -> View:
        nonlocal judged
        now, known = app.clock(), app.settings
        due = judged is None or now - judged >= known.alerts.check
        judged = now if due else judged
        return view(
            app.store,
            now=now,
            targets=known.targets,
            claims=known.documented,
            least=known.alerts.coverage,
            judged=due and any(known.documented),
        )

    def failed(fault: Exception) -> None:
        if isinstance(fault, StoreError):
            stop(fault)
        else:
            on_mistake(fault)

    return Desk(
        app.store,
        settings=lambda: app.settings.alerts,
        view=look,
        do=do,
        outside=lambda: Outside(folder=folder_of(app.data_dir), allow=app.settings.alerts.allow),
        clock=app.clock,
        orders_in=orders_in(app.data_dir),
        received_in=folder_of(app.data_dir) / "alerts" / "received",
        on_fault=failed,
    )


def folder_of(where: Location) -> Path:
    """The data folder, in which relative paths of file channels begin."""
    return where.folder if isinstance(where, Servers) else where


def orders_in(where: Location) -> Path:
    """Where words for a running monitor are left."""
    return folder_of(where) / "alerts" / "orders"
