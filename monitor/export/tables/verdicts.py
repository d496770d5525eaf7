"""Results: one visit each, with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.export.dataset import Dataset, Value, column
from monitor.export.words import BOOLEAN, INTEGER, NUMBER, PLACE, SIMULATED, STRING, TIME
from monitor.model import Outcome


def _rows(row: Outcome) -> Iterator[Mapping[str, Value]]:
    verdict, times = row.verdict, row.timings
    yield {
        "time": row.time,
        "target": row.target,
        "vantage": row.vantage,
        "country": row.country,
        "network": row.network,
        "url": row.url,
        "role": row.role.value,
        "innocuous": row.innocuous,
        "state": verdict.state.value,
        "rule": verdict.rule_id,
        "layer": verdict.layer and verdict.layer.value,
        "technique": verdict.technique,
        "locus": verdict.locus.value,
        "evidence": verdict.evidence.value,
        "failure": verdict.failure,
        "controls_agree": verdict.controls_agree,
        "controls_total": verdict.controls_total,
        "ruleset": verdict.ruleset,
        "dns_seconds": times.dns,
        "tcp_seconds": times.tcp,
        "tls_seconds": times.tls,
        "first_byte_seconds": times.first_byte,
        "total_seconds": times.total,
        "status": row.status,
        "certificate_expiry": row.certificate_expiry,
        "body_length": row.body_length,
        "redirects": row.redirects,
        "source": row.vantage_kind,
        "measurement": row.measurement,
        "simulated": row.simulated,
    }


DATASET = Dataset(
    name="verdicts",
    title="Results: one visit each, with its verdict",
    rows=_rows,
    columns=(
        column("time", TIME, "when the visit began, UTC"),
        *PLACE,
        column("url", STRING, "the address that was asked for"),
        column("role", STRING, "vantage (inside) or control (where no censor sits)"),
        column("innocuous", BOOLEAN, "a site that nobody blocks, measured to see whether the place works"),
        column("state", STRING, "ok, blocked, down, or insufficient (cannot be said; never to be read as ok)"),
        column("rule", STRING, "the rule that said so"),
        column("layer", STRING, "where the difference showed: dns, tcp, tls, http, quic"),
        column("technique", STRING, "how the block shows, where it is one"),
        column("locus", STRING, "who made the difference: network, server_side or unknown"),
        column("evidence", STRING, "how much a failure proves"),
        column("failure", STRING, "what failed, in OONI's words (df-007)"),
        column("controls_agree", INTEGER, "so many controls agree with the verdict"),
        column("controls_total", INTEGER, "of so many that were asked"),
        column("ruleset", STRING, "version of the rules"),
        column("dns_seconds", NUMBER, "seconds of the lookup"),
        column("tcp_seconds", NUMBER, "seconds of the connection"),
        column("tls_seconds", NUMBER, "seconds of the handshake"),
        column("first_byte_seconds", NUMBER, "seconds until the first byte"),
        column("total_seconds", NUMBER, "seconds of the deciding path"),
        column("status", INTEGER, "HTTP status"),
        column("certificate_expiry", TIME, "when the certificate ends, UTC"),
        column("body_length", INTEGER, "bytes of the page, decoded"),
        column("redirects", INTEGER, "redirects that were followed"),
        column("source", STRING, "kind of the vantage point: local, ooni …"),
        column("measurement", STRING, "id: the first half of the SHA-256 of its document"),
        SIMULATED,
    ),
)
