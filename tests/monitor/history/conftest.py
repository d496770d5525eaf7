"""Documents in OONI's format, and where the real ones are."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

REAL = Path(__file__).parents[4] / "shared" / "data"

DOCUMENT = {
    "input": "https://kloop.kg/",
    "measurement_start_time": "2023-09-12 06:30:00",
    "measurement_uid": "20230912063001.000000_KG_webconnectivity_0123456789abcdef",
    "probe_asn": "AS8511",
    "probe_cc": "KG",
    "probe_ip": "127.0.0.1",
    "report_id": "20230912T063000Z_webconnectivity_KG_8511_n1_AAAAAAAAAAAAAAAA",
    "software_name": "ooniprobe-android",
    "software_version": "3.18.1",
    "test_name": "web_connectivity",
    "test_runtime": 12.5,
    "test_version": "0.4.2",
    "test_keys": {
        "queries": [
            {
                "engine": "getaddrinfo",
                "hostname": "kloop.kg",
                "query_type": "A",
                "failure": None,
                "resolver_address": "10.0.0.1:53",
                "answers": [
                    {"answer_type": "CNAME", "hostname": "edge.kloop.kg."},
                    {"answer_type": "A", "ipv4": "192.0.2.10", "ttl": 60},
                ],
                "t0": 0.1,
                "t": 0.2,
            }
        ],
        "tcp_connect": [
            {"ip": "192.0.2.10", "port": 443, "status": {"failure": None, "success": True}, "t0": 0.2, "t": 0.3}
        ],
        "tls_handshakes": [
            {
                "address": "192.0.2.10:443",
                "server_name": "kloop.kg",
                "failure": "connection_reset",
                "peer_certificates": None,
                "t0": 0.3,
                "t": 0.4,
            }
        ],
        "requests": [
            {
                "failure": "connection_reset",
                "request": {"url": "https://kloop.kg/", "method": "GET", "headers": {"Accept": "*/*"}},
                "response": {"code": 0, "headers": {}, "body": ""},
            }
        ],
        "control": {
            "dns": {"failure": None, "addrs": ["192.0.2.10"]},
            "tcp_connect": {"192.0.2.10:443": {"status": True, "failure": None}},
            "tls_handshake": {"192.0.2.10:443": {"server_name": "kloop.kg", "status": True, "failure": None}},
            "http_request": {
                "body_length": 5000, "status_code": 200, "title": "Kloop", "failure": None, "headers": {"Server": "x"},
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def document():
    """A whole document of a site whose TLS was reset; each test gets its own."""
    return copy.deepcopy(DOCUMENT)


@pytest.fixture(scope="session")
def whole_document():
    """The same as text."""
    return json.dumps(DOCUMENT)


@pytest.fixture(scope="session")
def real():
    """The folder with real data; tests that need it are skipped where it is not."""
    if not REAL.is_dir():
        pytest.skip("needs the real measurements, which are not part of this repository")
    return REAL
