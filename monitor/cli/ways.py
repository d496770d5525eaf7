"""Whether this machine may use the ways out that the configuration names; said before anything is measured."""

from __future__ import annotations

from monitor.app import system_network
from monitor.cli.frame import FAULT, CommandError
from monitor.config import Settings

_NAMESPACE = (
    "vantage point {id}: its network namespace cannot be entered: {why}. "
    "It has to exist (`ip netns list`), and entering takes root or CAP_SYS_ADMIN"
)


def refuse_unfit(settings: Settings) -> None:
    """CommandError where a network namespace cannot be entered: all of its rounds would be faults of this machine."""
    for station in settings.vantage_points:
        if station.namespace is None:
            continue
        try:
            opened, _ = system_network(station).open("192.0.2.1", 443, "tcp")
        except OSError as error:
            raise CommandError(_NAMESPACE.format(id=station.point.id, why=error.strerror), FAULT) from None
        opened.close()
