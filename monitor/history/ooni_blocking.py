"""Rows with OONI's own conclusion (`blocking`), as they stand in tables beside posts on ooni.org.

The conclusion is web_connectivity's: `false`, or the layer at which the page differed from the control's (ts-017).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.history import CROWD, Series, Unreadable, country, moment, network, read_rows, target_for
from monitor.model import Cell, Evidence, Layer

SOURCE = "ooni-blocking"
"""What `presscanary import series --format` calls this source, and what stands in the cells."""
_NEEDED = ("measurement_start_time", "probe_cc", "probe_asn", "blocking")
_LAYERS = {"dns": Layer.DNS, "tcp_ip": Layer.TCP, "http-failure": Layer.HTTP, "http-diff": Layer.HTTP}


def read(path: Path, targets: Mapping[str, str]) -> Iterator[Cell | Unreadable]:
    """One cell per row, and an Unreadable with the line number for each row that cannot be used.

    A table without a column `domain` speaks of one site that only its file name tells: that name is the target then.
    """
    yield from read_rows(path, "a table of OONI's conclusions", _NEEDED, lambda row: _cell(row, path.stem, targets))


def _cell(row: Mapping[str, str], stem: str, targets: Mapping[str, str]) -> Cell:
    time, place = moment(row["measurement_start_time"]), network(row["probe_asn"])
    layer = _LAYERS.get(row["blocking"].strip())
    ok = row["blocking"].strip().lower() == "false"
    target = target_for(f"https://{row['domain'].strip()}", targets) if "domain" in row else stem
    if not target:
        raise ValueError(f"expected a host in `domain`, found {row['domain']!r:.60}")
    return Cell(
        target=target,
        country=country(row["probe_cc"]),
        network=place,
        vantage=f"{CROWD}:{place}",
        start=time,
        end=time,
        ok=int(ok),
        blocked=int(layer is not None),
        insufficient=int(not ok and layer is None),
        pooled=True,
        layer=layer,
        technique=layer.value if layer else None,
        evidence=Evidence.AMBIGUOUS if layer else Evidence.NONE,
        source=SOURCE,
    )


SERIES = Series(name=SOURCE, about="rows with OONI's conclusion (blocking), CSV", read=read, columns=_NEEDED)
