"""Rows of OONI's whatsapp test, as they stand in tables beside posts on ooni.org (ts-018)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.history import CROWD, Series, Unreadable, country, moment, network, read_rows
from monitor.model import Cell, Evidence

SOURCE = "ooni-whatsapp"
"""What `presscanary import series --format` calls this source, and what stands in the cells."""
TARGET = "whatsapp"
_NEEDED = (
    "test_start_time", "probe_cc", "probe_asn", "registration_server_status", "anomaly_color", "whatsapp_web_status",
)  # fmt: skip


def read(path: Path, _: Mapping[str, str]) -> Iterator[Cell | Unreadable]:
    """One cell per row, and an Unreadable with the line number for each row that cannot be used.

    Blocked where the registration or the web service is; ok only where both work and OONI saw no anomaly in the
    rest. Whatever is neither, such as an anomaly of some endpoints, is insufficient.
    """
    yield from read_rows(path, "OONI's whatsapp test", _NEEDED, _cell)


def _cell(row: Mapping[str, str]) -> Cell:
    time, place = moment(row["test_start_time"]), network(row["probe_asn"])
    statuses = row["registration_server_status"], row["whatsapp_web_status"]
    blocked = "blocked" in statuses
    ok = statuses == ("ok", "ok") and row["anomaly_color"] == "green"
    return Cell(
        target=TARGET,
        country=country(row["probe_cc"]),
        network=place,
        vantage=f"{CROWD}:{place}",
        start=time,
        end=time,
        ok=int(ok),
        blocked=int(blocked),
        insufficient=int(not ok and not blocked),
        pooled=True,
        evidence=Evidence.AMBIGUOUS if blocked else Evidence.NONE,
        source=SOURCE,
    )


SERIES = Series(name=SOURCE, about="rows of OONI's whatsapp test, CSV", read=read, columns=_NEEDED)
