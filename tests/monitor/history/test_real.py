"""Real documents of 2019 to 2023, web_connectivity 0.0.1 to 0.4.1."""

from __future__ import annotations

import hashlib
import json

import pytest

from monitor.history import Imported, Unreadable
from monitor.history.ooni import read
from probes.document import document as as_document
from probes.document import measurement_from
from probes.model import DNSLookup, HTTPRoundTrip, TLSHandshake


@pytest.fixture
def found(real):
    return {
        each.uid: each
        for file in sorted((real / "ooni-measurements").glob("*.json"))
        for each in read(file, {})
        if isinstance(each, Imported)
    }


def test_every_version_is_read(found, real):
    """All of them, with steps, and with a control wherever the document has one."""
    assert len(found) == len(list((real / "ooni-measurements").glob("*.json")))
    assert {each.measurement.kind_version for each in found.values()} == {"0.0.1", "0.1.0", "0.3.0", "0.4.1"}
    for each in found.values():
        assert any(isinstance(step, DNSLookup) for step in each.measurement.steps)
        assert any(isinstance(step, HTTPRoundTrip) for step in each.measurement.steps)
        assert measurement_from(as_document(each.measurement)) == each.measurement
    assert sum(len(each.controls) for each in found.values()) == len(found) - 1


def test_the_original_is_kept_byte_for_byte_but_for_the_probe_address(found, real):
    """The hash in the record is that of the file, except where the file tells who measured."""
    for file in (real / "ooni-measurements").glob("*.json"):
        raw = file.read_bytes()
        address = json.loads(raw)["probe_ip"].encode()
        origins = {each.measurement.origin.document for each in found.values()}
        changed = address != b"127.0.0.1"
        assert (hashlib.sha256(raw).hexdigest() in origins) is not changed
        assert not changed or all(address not in each.original for each in found.values())


def test_known_contents(found):
    """A block page in Russia, a reset in the Emirates, a page over TLS in the United States."""
    by_host = {each.measurement.target: each.measurement.steps for each in found.values()}
    assert by_host["rutor.org"][-1].url == "http://89.223.47.135/index.html"
    assert by_host["rutor.org"][-1].body.kept.startswith(b"<html")
    assert by_host["thepiratebay.org"][-1].failure == "connection_reset"
    assert by_host["www.pokerroom.com"][-1].failure == "eof_error"
    handshakes = [step for step in by_host["www.theguardian.com"] if isinstance(step, TLSHandshake)]
    assert len(handshakes) == 8
    assert all(step.address and step.chain and step.failure is None for step in handshakes)


def test_answers_of_the_api_are_no_measurements(real):
    """Lists and aggregates of the same source are reported, one by one."""
    folder = real / "ooni-measurements" / "api-responses"
    found = list(read(folder, {}))
    assert len(found) == len(list(folder.glob("*.json")))
    assert all(isinstance(each, Unreadable) and "test_name" in each.why for each in found)
