"""ClickHouse over plain HTTP: one request a statement, tried at the next host where one does not answer.

Every statement that is sent can be sent twice: reads, DDL that says IF NOT EXISTS, and inserts that are known by key.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import httpx

from monitor.store.addresses import Address
from monitor.store.clickhouse.literal import fill
from monitor.store.errors import StoreError, StoreFull

Row: TypeAlias = tuple[Any, ...]

PATIENCE = 60.0
"""Seconds for which hosts that do not answer are tried again: twice ZooKeeper's session of 30 s, after which a dead
replica is known to be dead."""

_PAUSE = 0.2
_PASSING = frozenset({159, 209, 210, 225, 242, 252, 279, 285, 286, 289, 319, 999})
"""Timeouts, lost connections, read-only replicas, too many parts, missing quorum: ErrorCodes that pass."""
_NO_ROOM = frozenset({243})
_CODE = re.compile(r"Code: (\d+)")


class _Passing(Exception):  # noqa: N818 - it says what it is
    """One host could not answer now."""


class Server:
    """One ClickHouse, or the nodes of a cluster. State: which host answered last, the client's connections, closed."""

    def __init__(self, address: Address, *, patience: float = PATIENCE) -> None:
        self.address, self._patience = address, patience
        scheme = "https" if address.scheme == "clickhouses" else "http"
        self._urls = [
            f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"
            for host, port in address.hosts
        ]
        login = (address.user, address.password) if address.user else None
        self._client = httpx.Client(auth=login, timeout=httpx.Timeout(60, connect=5), trust_env=False)
        self._first = 0
        self._closed = False
        self._gate = threading.Lock()

    def rows(self, statement: str, given: Mapping[str, Any] | None = None, **settings: Any) -> list[Row]:
        """The answer to a question; parameters are `%(name)s`."""
        settings |= {"output_format_json_quote_64bit_integers": 0, "wait_end_of_query": 1}
        body = f"{fill(statement, given or {})} FORMAT JSONCompact".encode()
        answer = self._send({}, body, settings)
        try:
            return [tuple(row) for row in json.loads(answer)["data"]]
        except (ValueError, KeyError) as fault:
            raise StoreError(f"{self.address} gave an answer that is cut off: try again") from fault

    def execute(self, statement: str, **settings: Any) -> None:
        """Do what needs no answer."""
        self._send({}, statement.encode(), settings)

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]], **settings: Any) -> None:
        """Write rows, all of the same columns; on return the server says that they are kept."""
        columns = ", ".join(f'"{name}"' for name in rows[0])
        body = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
        self._send({"query": f"INSERT INTO {table} ({columns}) FORMAT JSONEachRow"}, body, settings)

    def close(self) -> None:
        """Let go of the connections; closing twice is once."""
        self._closed = True
        self._client.close()

    def _send(self, query: Mapping[str, str], body: bytes, settings: Mapping[str, Any]) -> str:
        if self._closed:
            raise StoreError("the store is closed")
        parameters = {"database": self.address.database, **query, **settings}
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._send_somewhere(parameters, body)
            except _Passing as fault:
                if time.monotonic() >= deadline:
                    raise StoreError(f"the store at {self.address} cannot be reached or used: {fault}") from fault
                time.sleep(_PAUSE)

    def _send_somewhere(self, parameters: Mapping[str, Any], body: bytes) -> str:
        """Ask the hosts in turn, beginning with the one that answered last."""
        first, last = self._first, _Passing("no host")
        for step in range(len(self._urls)):
            index = (first + step) % len(self._urls)
            try:
                answer = self._send_to(self._urls[index], parameters, body)
            except _Passing as fault:
                last = fault
                continue
            with self._gate:
                self._first = index
            return answer
        raise last

    def _send_to(self, url: str, parameters: Mapping[str, Any], body: bytes) -> str:
        try:
            answer = self._client.post(url, params=dict(parameters), content=body)
        except httpx.TransportError as fault:
            raise _Passing(str(fault) or type(fault).__name__) from fault
        if answer.status_code == httpx.codes.OK:
            return answer.text
        found = _CODE.search(answer.text)
        code = int(found.group(1)) if found else 0
        said = answer.text.strip().splitlines()[0][:300] if answer.text.strip() else f"status {answer.status_code}"
        if code in _PASSING or (not code and answer.status_code in (502, 503, 504)):
            raise _Passing(said)
        if code in _NO_ROOM:
            raise StoreFull(f"the disk of {self.address} is full: make room, and it goes on; nothing stored is lost")
        raise StoreError(f"the store at {self.address} refused: {said}")


def listed(names: Iterable[str]) -> str:
    """Columns as a SELECT names them.

    >>> listed(("start", "end"))
    '"start", "end"'
    """
    return ", ".join(f'"{name}"' for name in names)
