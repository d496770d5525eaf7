"""Made-up measurements for the store's tests, and a process that appends them until it is killed.

`appender.py FOLDER FIRST [THREADS]` prints the number of each measurement after its append returned.
"""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.model import Evidence, Layer, Locus, Outcome, State, Timings, Verdict
from monitor.store import open_store
from probes.document import measurement_id
from probes.model import Answer, DNSLookup, Measurement, Origin, Role, VantagePoint

START = datetime(2024, 3, 1, 23, 50, tzinfo=UTC)
STATES = tuple(State)


def entry(
    number: int = 0,
    *,
    state: State | None = None,
    time: datetime | None = None,
    target: str = "kloop",
    url: str = "https://kloop.example/",
    vantage: str = "kg-1",
    role: Role = Role.VANTAGE,
    innocuous: bool = False,
    simulated: bool = True,
    origin: Origin | None = None,
) -> tuple[Measurement, Outcome]:
    """One measurement and its outcome; `number` makes it differ, in time and in content, from the others."""
    started = time or START + timedelta(minutes=number, microseconds=number)
    measurement = Measurement(
        kind="website",
        kind_version="1",
        target=target,
        url=url,
        vantage=VantagePoint(id=vantage, country="KG", network="AS8449", role=role, simulated=simulated),
        started=started,
        duration=0.25 + number,
        steps=(lookup(number),),
        innocuous=innocuous,
        origin=origin,
    )
    return measurement, outcome_of(measurement, state or STATES[number % len(STATES)])


def lookup(number: int) -> DNSLookup:
    """A step that tells the measurements apart."""
    answer = Answer(type="A", value=f"203.0.113.{number % 250}", ttl=60)
    return DNSLookup(
        hop=0,
        engine="udp",
        resolver="9.9.9.9:53",
        name="kloop.example",
        query_type="A",
        started=0.0,
        duration=number / 1000,
        answers=(answer,),
    )


def outcome_of(measurement: Measurement, state: State) -> Outcome:
    """An outcome in which every field says something."""
    verdict = Verdict(
        measurement=measurement_id(measurement),
        state=state,
        rule_id=f"test.{state.value}",
        layer=Layer.TLS if state is State.BLOCKED else None,
        technique="tls.reset.sni" if state is State.BLOCKED else None,
        locus=Locus.NETWORK,
        evidence=Evidence.AMBIGUOUS,
        failure=None if state is State.OK else "connection_reset",
        controls_agree=2,
        controls_total=3,
        ruleset="2024-03-01",
        also=("dns.answer.bogon",) if state is State.BLOCKED else (),
        ipv4=state,
        ipv6=State.INSUFFICIENT if state is State.OK else None,
    )
    return Outcome(
        measurement=verdict.measurement,
        time=measurement.started,
        target=measurement.target,
        url=measurement.url,
        vantage=measurement.vantage.id,
        country=measurement.vantage.country,
        network=measurement.vantage.network,
        role=measurement.vantage.role,
        innocuous=measurement.innocuous,
        verdict=verdict,
        timings=Timings(dns=0.1, tcp=None, tls=1 / 3, first_byte=0.25, total=measurement.duration),
        status=200 if state is State.OK else None,
        certificate_expiry=datetime(2025, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        protocol="h2",
        tls_version="TLSv1.3",
        body_length=70_000,
        redirects=1,
        simulated=measurement.vantage.simulated,
        vantage_kind=measurement.vantage.kind,
    )


def main(folder: str, first: str, threads: str = "1") -> None:
    """Append without end, each thread its own numbers, saying so after each."""
    store = open_store(Path(folder))
    say = threading.Lock()

    def append(offset: int) -> None:
        number = int(first) + offset
        while True:
            measurement, outcome = entry(number)
            store.append(measurement, outcome, original=b"the original of %d" % (number // 2))
            with say:
                print(number, flush=True)
            number += int(threads)

    others = [threading.Thread(target=append, args=(offset,), daemon=True) for offset in range(1, int(threads))]
    for other in others:
        other.start()
    append(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
