"""Measurements and state in PostgreSQL 15 and newer, through psycopg 3 (the extra `server`)."""

from __future__ import annotations

from monitor.store.addresses import Address
from monitor.store.admission import Claim
from monitor.store.postgres import schema
from monitor.store.postgres.database import Database
from monitor.store.postgres.measurements import PostgresMeasurements
from monitor.store.postgres.state import PostgresState
from probes.model import Clock

__all__ = ["open_measurements", "open_state"]


def open_state(address: Address, *, read_only: bool, clock: Clock) -> PostgresState:
    """What is concluded, kept at `address`; StoreMissing, StoreNewer, StoreDamaged, StoreError as for any store."""
    return PostgresState(_opened(address, read_only=read_only, clock=clock), clock)


def open_measurements(address: Address, claim: Claim, *, read_only: bool, clock: Clock) -> PostgresMeasurements:
    """Measurements kept at `address`; the same errors. Both halves may be in one database."""
    return PostgresMeasurements(_opened(address, read_only=read_only, clock=clock), claim)


def _opened(address: Address, *, read_only: bool, clock: Clock) -> Database:
    database = Database(address, read_only=read_only)
    try:
        if read_only:
            schema.check(database)
        else:
            schema.migrate(database, clock())
    except BaseException:
        database.close()
        raise
    return database
