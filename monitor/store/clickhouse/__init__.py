"""Measurements in ClickHouse, over plain HTTP: 18.16 and newer, one server or a cluster (`?cluster=NAME`)."""

from __future__ import annotations

from monitor.store.addresses import Address
from monitor.store.admission import Claim
from monitor.store.clickhouse import schema
from monitor.store.clickhouse.http import Server
from monitor.store.clickhouse.measurements import ClickHouseMeasurements
from probes.model import Clock

__all__ = ["open_measurements"]


def open_measurements(address: Address, claim: Claim, *, read_only: bool, clock: Clock) -> ClickHouseMeasurements:
    """Measurements kept at `address`; StoreMissing, StoreNewer, StoreDamaged, StoreError as for any store."""
    server = Server(address)
    try:
        build = schema.find(server)
        if read_only:
            schema.check(server, build)
        else:
            schema.migrate(server, build, clock())
    except BaseException:
        server.close()
        raise
    return ClickHouseMeasurements(server, build, claim, clock, read_only=read_only)
