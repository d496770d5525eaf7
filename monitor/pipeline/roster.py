"""Where the fleet's database is: beside the store's folder, or on the server that keeps the state."""

from __future__ import annotations

from monitor.fleet import Database, FolderDatabase
from monitor.store import EngineMissing, Location, Servers
from monitor.store.addresses import Address


def open_fleet(where: Location) -> Database:
    """The fleet of a store. It is not made, nor connected to, before it is first asked or written.

    EngineMissing where it is on a server and the extra is not installed.
    """
    if not isinstance(where, Servers):
        return FolderDatabase(where)
    if where.state is None:
        return FolderDatabase(where.folder)
    try:
        from monitor.fleet.postgres import ServerDatabase  # noqa: PLC0415 - the extra `server` may be absent
    except ImportError as missing:
        raise EngineMissing(
            "a fleet on PostgreSQL needs the extra `server`: pip install 'presscanary[server]'"
        ) from missing
    return ServerDatabase(_options(where.state), str(where.state))


def _options(address: Address) -> dict[str, str]:
    """What psycopg is told about a server.

    >>> _options(Address(scheme="postgresql", hosts=(("db", 5432),), database="press", user="canary"))
    {'host': 'db', 'port': '5432', 'dbname': 'press', 'target_session_attrs': 'read-write', 'user': 'canary'}
    """
    given = {
        "host": ",".join(host for host, _ in address.hosts),
        "port": ",".join(str(port) for _, port in address.hosts),
        "dbname": address.database,
        "target_session_attrs": "read-write",
    }
    secret = {name: value for name, value in (("user", address.user), ("password", address.password)) if value}
    return given | secret | dict(address.options)
