"""What vantage points of others still keep, read of the fleet for the metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.fleet import FleetError, Status, members
from monitor.fleet.sqlite import NAME
from monitor.metrics.runtime import Spool
from monitor.pipeline.roster import open_fleet
from monitor.store import EngineMissing, Location, Servers


def spools_in(where: Location) -> Callable[[], Sequence[Spool]]:
    """A reader of the fleet beside a store; it finds nothing where there is no fleet, or where it cannot be read."""

    def read() -> Sequence[Spool]:
        if not _is_there(where):
            return ()
        try:
            fleet = open_fleet(where)
        except EngineMissing:
            return ()
        try:
            approved = [one for one in members.every(fleet) if one.status is Status.APPROVED]
        except FleetError:
            return ()
        finally:
            fleet.close()
        return tuple(
            Spool(
                vantage=one.vantage,
                waiting=one.waiting,
                dropped=one.dropped,
                seen=one.seen.timestamp() if one.seen else None,
            )
            for one in approved
        )

    return read


def _is_there(where: Location) -> bool:
    """A fleet in a folder is made when it is first read, which a page must not do."""
    if isinstance(where, Servers):
        return where.state is not None or (where.folder / NAME).exists()
    return (where / NAME).exists()
