"""Hypothesis strategies for our records: arbitrary, but of the right types, and small enough to collide often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from probes.model import (
    Answer,
    Body,
    Datagram,
    DNSLookup,
    DNSSECValidation,
    HTTPRoundTrip,
    Measurement,
    Origin,
    Purpose,
    QUICHandshake,
    Role,
    Screened,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
    VantagePoint,
)

names = st.sampled_from(["kloop.kg", "KLOOP.KG.", "ky.kloop.kg", "notice.example", ""]) | st.text(max_size=6)
addresses = st.sampled_from(
    ["93.184.216.34", "93.184.216.35", "83.224.65.41", "10.10.34.35", "127.0.0.1", "2a02:26f0::1", "64:ff9b::a00:1", ""]
) | st.text(max_size=6)
urls = st.sampled_from(
    ["https://kloop.kg/", "http://kloop.kg/", "https://ky.kloop.kg/", "http://homeline.kg/access/", "http://[", "x"]
) | st.text(max_size=12)
failures = st.none() | st.sampled_from(
    [
        "generic_timeout_error",
        "connection_refused",
        "connection_reset",
        "eof_error",
        "network_unreachable",
        "host_unreachable",
        "permission_denied",
        "dns_nxdomain_error",
        "dns_refused_error",
        "dns_servfail_error",
        "dns_no_answer",
        "ssl_unknown_authority",
        "ssl_invalid_hostname",
        "ssl_invalid_certificate",
        "http_invalid_redirect_location_host",
        "unknown_failure: something new",
    ]
)
hops = st.integers(0, 2)
ports = st.sampled_from([80, 443, 8080])
seconds = st.floats(0, 60)
counts = st.integers(0, 100_000)
answers = st.builds(
    Answer, type=st.sampled_from(["A", "AAAA", "CNAME"]), value=addresses | names, ttl=st.none() | counts
)
datagrams = st.builds(
    Datagram,
    arrived=seconds,
    ip_ttl=st.none() | st.integers(0, 255),
    rcode=st.none() | st.integers(0, 5),
    answers=st.lists(answers, max_size=3).map(tuple),
    malformed=st.booleans(),
)
lookups = st.builds(
    DNSLookup,
    hop=hops,
    engine=st.sampled_from(["system", "udp", "doh"]),
    resolver=st.just(""),
    name=names,
    query_type=st.sampled_from(["A", "AAAA", "ANY"]),
    started=seconds,
    duration=seconds,
    failure=failures,
    rcode=st.none() | st.integers(0, 5),
    answers=st.lists(answers, max_size=3).map(tuple),
    datagrams=st.lists(datagrams, max_size=3).map(tuple),
)
screened = st.builds(Screened, hop=hops, address=addresses, port=ports, reason=st.just("private"), started=seconds)
connects = st.builds(
    TCPConnect, hop=hops, address=addresses, port=ports, started=seconds, duration=seconds, failure=failures
)
handshakes = st.builds(
    TLSHandshake,
    hop=hops,
    address=addresses,
    port=ports,
    server_name=names,
    started=seconds,
    duration=seconds,
    failure=failures,
    chain=st.lists(st.binary(max_size=8), max_size=2).map(tuple),
)
bodies = st.builds(
    Body,
    length=counts,
    sha256=st.none() | st.sampled_from(["a" * 64, "b" * 64]),
    title=st.none() | st.text(max_size=20) | st.sampled_from(["Kloop news", "Just a moment..."]),
    truncated=st.booleans(),
    kept=st.none() | st.binary(max_size=20),
)
headers = st.tuples(st.sampled_from(["Date", "Content-Length", "Location", "X-Kloop", "location"]), urls)
trips = st.builds(
    HTTPRoundTrip,
    hop=hops,
    url=urls,
    address=addresses,
    port=ports,
    started=seconds,
    duration=seconds,
    failure=failures,
    status=st.none() | st.sampled_from([200, 301, 302, 303, 304, 403, 404, 451, 503, 999]),
    protocol=st.sampled_from(["HTTP/1.0", "HTTP/1.1", "HTTP/2", ""]),
    headers=st.lists(headers, max_size=3).map(tuple),
    body=st.none() | bodies,
    first_byte=st.none() | seconds,
)
purposes = st.just(Purpose.VISIT) | st.sampled_from(Purpose)
errors = st.none() | st.sampled_from([(3, 1), (3, 13), (11, 0)])
trials = st.builds(
    TTLTrial,
    hop=hops,
    method=st.sampled_from(["syn", "tls", "http", "dns"]),
    name=names,
    address=addresses,
    port=ports,
    ttl=st.integers(1, 30),
    started=seconds,
    duration=seconds,
    failure=failures,
    icmp=errors,
    router=addresses,
    answers=st.lists(answers, max_size=2).map(tuple),
    purpose=purposes,
)
over_quic = st.builds(
    QUICHandshake,
    hop=hops,
    address=addresses,
    port=ports,
    server_name=names,
    started=seconds,
    duration=seconds,
    failure=failures,
    version=st.sampled_from(["", "1", "2"]),
    versions=st.lists(st.sampled_from(["1", "2", "0x1a2a3a4a"]), max_size=2).map(tuple),
    chain=st.lists(st.binary(max_size=8), max_size=2).map(tuple),
    bytes_received=counts,
    icmp=errors,
    router=addresses,
    purpose=purposes,
)
validations = st.builds(
    DNSSECValidation,
    hop=hops,
    engine=st.sampled_from(["system", "udp"]),
    resolver=st.just(""),
    name=names,
    query_type=st.sampled_from(["A", "AAAA"]),
    started=seconds,
    duration=seconds,
    failure=failures,
    result=st.sampled_from(["secure", "insecure", "bogus", "indeterminate"]),
    purpose=purposes,
)
steps = lookups | screened | connects | handshakes | trips | trials | over_quic | validations
vantage_points = st.builds(
    VantagePoint,
    id=st.sampled_from(["kg-1", "control-1", "control-2", "control-3"]),
    country=st.sampled_from(["KG", "ZZ"]),
    role=st.sampled_from(Role),
)
moments = st.integers(0, 3600).map(lambda late: datetime(2023, 9, 12, 12, tzinfo=UTC) + timedelta(seconds=late))
origins = st.none() | st.builds(Origin, source=st.just("ooni"), uid=st.text(max_size=4))


def measurements(*, url: st.SearchStrategy[str] = urls) -> st.SearchStrategy[Measurement]:
    """Measurements of whatever `url` gives, with up to eight steps of any kind in any order."""
    return st.builds(
        Measurement,
        kind=st.just("website"),
        kind_version=st.just("1"),
        target=st.just("kloop"),
        url=url,
        vantage=vantage_points,
        started=moments,
        duration=seconds,
        steps=st.lists(steps, max_size=8).map(tuple),
        failure=failures,
        innocuous=st.booleans(),
        origin=origins,
    )
