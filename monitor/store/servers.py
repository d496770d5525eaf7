"""Opening a store on servers: which engine keeps which half."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec

from monitor.store.addresses import Address, Servers
from monitor.store.admission import Claim
from monitor.store.errors import EngineMissing, StoreError
from monitor.store.joined import JoinedStore
from monitor.store.opening import open_reading, open_writing
from monitor.store.protocols import MeasurementStore, StateStore
from probes.model import Clock


def open_servers(where: Servers, *, read_only: bool, clock: Clock) -> JoinedStore:
    """The store on these servers, its tables made where they are missing; StoreError says what is in the way."""
    with ExitStack() as held:
        state = _state(where, read_only=read_only, clock=clock)
        held.callback(state.close)
        measurements = _measurements(where.measurements, state.claim, read_only=read_only, clock=clock)
        held.pop_all()
    return JoinedStore(measurements, state)


def _state(where: Servers, *, read_only: bool, clock: Clock) -> StateStore:
    match where.state:
        case None:
            return open_reading(where.folder) if read_only else open_writing(where.folder, clock)
        case Address(scheme="postgresql"):
            _need_psycopg()
            from monitor.store.postgres import open_state  # noqa: PLC0415 - the extra `server` may be absent

            return open_state(where.state, read_only=read_only, clock=clock)
    raise StoreError(f"state is kept in PostgreSQL or in the data folder, not at {where.state}")


def _measurements(address: Address, claim: Claim, *, read_only: bool, clock: Clock) -> MeasurementStore:
    if address.scheme == "postgresql":
        _need_psycopg()
        from monitor.store.postgres import open_measurements  # noqa: PLC0415 - the extra `server` may be absent

        return open_measurements(address, claim, read_only=read_only, clock=clock)
    from monitor.store import clickhouse  # noqa: PLC0415 - a store in a folder does not wait for an HTTP client

    return clickhouse.open_measurements(address, claim, read_only=read_only, clock=clock)


def _need_psycopg() -> None:
    if find_spec("psycopg") is None:
        raise EngineMissing("a store on PostgreSQL needs the extra `server`: pip install 'presscanary[server]'")
