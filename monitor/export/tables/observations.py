"""Observations: one fact at one layer each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.export.dataset import Dataset, Value, column
from monitor.export.words import INTEGER, NUMBER, PLACE, SIMULATED, STRING, TIME
from monitor.model import Observation, Outcome


def _rows(record: tuple[Outcome, tuple[Observation, ...]]) -> Iterator[Mapping[str, Value]]:
    row, seen = record
    for each in seen:
        yield {
            "time": row.time,
            "target": row.target,
            "vantage": row.vantage,
            "country": row.country,
            "network": row.network,
            "layer": each.layer.value,
            "hop": each.hop,
            "subject": each.subject,
            "failure": each.failure,
            "controls_ok": each.control.ok,
            "controls_failed": each.control.failed,
            "engine": each.engine,
            "query_type": each.query_type,
            "rcode": each.rcode,
            "addresses": " ".join(each.addresses),
            "server_name": each.server_name,
            "certificate": each.certificate,
            "seconds": each.lasted,
            "measurement": each.measurement,
            "simulated": row.simulated,
        }


DATASET = Dataset(
    name="observations",
    title="Observations: one fact at one layer each, beside the controls' facts",
    rows=_rows,
    columns=(
        column("time", TIME, "when the measurement began, UTC"),
        *PLACE,
        column("layer", STRING, "dns, tcp, tls, http or quic"),
        column("hop", INTEGER, "hop of the redirect chain, from 0"),
        column("subject", STRING, "the name, address and port, or URL that this is about"),
        column("failure", STRING, "what failed, in OONI's words; empty where it worked"),
        column("controls_ok", INTEGER, "controls for whom the same thing worked"),
        column("controls_failed", INTEGER, "controls for whom it failed"),
        column("engine", STRING, "of a lookup: system, udp, doh, dot"),
        column("query_type", STRING, "of a lookup: A, AAAA …"),
        column("rcode", INTEGER, "of a lookup: the answer's code"),
        column("addresses", STRING, "the answers, or the address that was dialled; parted by spaces"),
        column("server_name", STRING, "of a handshake: the name that was asked for"),
        column("certificate", STRING, "of a handshake: SHA-256 of the leaf (hex)"),
        column("seconds", NUMBER, "how long the step took"),
        column("measurement", STRING, "id of the measurement"),
        SIMULATED,
    ),
)
