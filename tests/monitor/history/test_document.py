"""One OONI document in our words, whole and in every broken form."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.history import Imported, Skipped, Unreadable
from monitor.history.ooni.document import understood
from probes.document import document as as_document
from probes.document import measurement_from, measurement_id
from probes.model import Answer, DNSLookup, HTTPRoundTrip, Role, TCPConnect, TLSHandshake


def read(document, targets=None):
    return understood(json.dumps(document).encode(), "here:1", "file.json", targets or {"kloop.kg": "kloop-ru"})


def steps(found, kind):
    return [step for step in found.measurement.steps if isinstance(step, kind)]


def test_a_whole_document_becomes_a_measurement(document):
    """Who, what, when and every step, in our words."""
    found = read(document)
    measurement = found.measurement
    assert (measurement.target, measurement.url) == ("kloop-ru", "https://kloop.kg/")
    assert (measurement.vantage.id, measurement.vantage.country, measurement.vantage.kind) == (
        "ooni:AS8511",
        "KG",
        "ooni",
    )
    assert measurement.vantage.role is Role.VANTAGE
    assert measurement.started.isoformat() == "2023-09-12T06:30:00+00:00"
    assert measurement.duration == 12.5
    (lookup,) = steps(found, DNSLookup)
    assert (lookup.engine, lookup.resolver, lookup.addresses) == ("system", "", ("192.0.2.10",))
    assert lookup.answers[0] == Answer(type="CNAME", value="edge.kloop.kg")
    (connect,) = steps(found, TCPConnect)
    assert (connect.address, connect.port, connect.failure) == ("192.0.2.10", 443, None)
    (handshake,) = steps(found, TLSHandshake)
    assert (handshake.address, handshake.server_name, handshake.failure) == (
        "192.0.2.10",
        "kloop.kg",
        "connection_reset",
    )
    (trip,) = steps(found, HTTPRoundTrip)
    assert (trip.failure, trip.status) == ("connection_reset", None)


def test_the_test_helper_becomes_a_control(document):
    """What the helper saw of the same URL at the same time is a measurement of a control vantage point."""
    found = read(document)
    (control,) = found.controls
    assert (control.vantage.id, control.vantage.role) == ("ooni:control", Role.CONTROL)
    assert (control.url, control.target, control.started) == (
        found.measurement.url, found.measurement.target, found.measurement.started,
    )  # fmt: skip
    assert [step.failure for step in control.steps] == [None, None, None, None]
    assert control.steps[-1].status == 200
    assert control.steps[-1].body.title == "Kloop"


def test_it_names_where_it_comes_from(document):
    """Source, id, licence and the hash of the very bytes that are kept."""
    found = read(document)
    origin = found.measurement.origin
    assert (origin.source, origin.uid) == ("ooni", document["measurement_uid"])
    assert origin.document == hashlib.sha256(found.original).hexdigest()
    assert "CC BY" in origin.licence
    assert found.uid == document["measurement_uid"]


def test_reading_twice_gives_the_same_id(document):
    """An import can be repeated, because the same document has the same id."""
    assert measurement_id(read(document).measurement) == measurement_id(read(document).measurement)


def test_without_a_uid_one_is_derived_from_what_identifies_the_measurement(document):
    """Lines of daily files carry no uid: report, input and time make one, always the same."""
    del document["measurement_uid"]
    one = read(document)
    document["input"] = "https://www.azattyk.org/"
    assert one.uid.startswith("derived-")
    assert read(document).uid != one.uid


def test_the_address_of_whoever_measured_is_not_kept(document):
    """A real probe address is replaced everywhere, in the kept original too, and nothing else is."""
    document["probe_ip"] = "198.51.100.7"
    document["test_keys"]["requests"][0]["response"] = {
        "code": 200, "headers": {"X-Client": "198.51.100.7"}, "body": "Your address 198.51.100.7, not 198.51.100.77",
    }  # fmt: skip
    found = read(document)
    assert b"198.51.100.7," not in found.original
    assert b'"198.51.100.7"' not in found.original
    assert b"198.51.100.77" in found.original
    assert "198.51.100.7," not in json.dumps(as_document(found.measurement))
    (trip,) = steps(found, HTTPRoundTrip)
    assert trip.headers == (("X-Client", "[scrubbed]"),)
    assert trip.body.kept == b"Your address [scrubbed], not 198.51.100.77"


def test_the_resolver_of_whoever_measured_is_not_in_the_record(document):
    """The machine's own resolver may be in the next room: its address stays out of the steps."""
    document["resolver_ip"] = document["test_keys"]["client_resolver"] = "10.0.0.1"
    assert "10.0.0.1" not in json.dumps(as_document(read(document).measurement))


def test_redirects_are_put_in_order(document):
    """Documents list the newest request first; hops count from the URL that was asked for, and a retry is no hop."""
    keys = document["test_keys"]
    keys["requests"] = [
        {"failure": None, "request": {"url": "https://ky.kloop.asia/"}, "response": {"code": 200}},
        {"failure": None, "request": {"url": "https://kloop.kg/"}, "response": {"code": 302}},
        {"failure": "eof_error", "request": {"url": "https://kloop.kg/"}, "response": None},
    ]  # fmt: skip
    keys["tls_handshakes"].append({"address": "192.0.2.11:443", "server_name": "ky.kloop.asia", "failure": None})
    found = read(document)
    assert [(trip.hop, trip.url, trip.status) for trip in steps(found, HTTPRoundTrip)] == [
        (0, "https://kloop.kg/", None),
        (0, "https://kloop.kg/", 302),
        (1, "https://ky.kloop.asia/", 200),
    ]
    assert [step.hop for step in steps(found, TLSHandshake)] == [0, 1]


def test_headers_and_bodies_in_every_form(document):
    """Header values as text, list or base64; bodies as text, base64 or nothing."""
    requests = document["test_keys"]["requests"]
    requests[0] = {"failure": None, "request": {"url": "https://kloop.kg/"}, "response": {"code": 200}}
    response = requests[0]["response"]
    response["headers"] = {"A": ["1", "2"], "B": {"format": "base64", "data": "4Q=="}}
    response["body"] = {"format": "base64", "data": "PHRpdGxlPkE8L3RpdGxlPg=="}
    (trip,) = steps(read(document), HTTPRoundTrip)
    assert trip.headers == (("A", "1"), ("A", "2"), ("B", "\ufffd"))
    assert (trip.body.length, trip.body.title, trip.body.kept) == (16, "A", b"<title>A</title>")
    response["headers_list"] = [["C", "3"]]
    response["body"] = None
    (trip,) = steps(read(document), HTTPRoundTrip)
    assert (trip.headers, trip.body) == ((("C", "3"),), None)


def test_handshakes_without_address_find_it_in_the_network_events(document):
    """Version 0.4 noted a handshake's address only in the events around it."""
    keys = document["test_keys"]
    keys["tls_handshakes"] = [{"server_name": "kloop.kg", "failure": None, "t": 0.9}]
    keys["network_events"] = [
        {"operation": "connect", "address": "[2001:db8::10]:443", "t": 0.5},
        {"operation": "tls_handshake_start", "t": 0.5},
        {"operation": "tls_handshake_done", "t": 0.9},
    ]
    (handshake,) = steps(read(document), TLSHandshake)
    assert (handshake.address, handshake.port, handshake.started) == ("2001:db8::10", 443, 0.5)
    assert round(handshake.duration, 6) == 0.4


def test_a_helper_that_could_not_be_asked_is_no_control(document):
    """An empty control is the absence of a control, not a contrary one."""
    for control in ({}, None, {"dns": {}, "http_request": None}):
        document["test_keys"]["control"] = control
        assert read(document).controls == ()


def test_a_helper_that_failed_says_so_in_our_words(document):
    """The helper's own vocabulary is translated, and its -1 stands for nothing."""
    document["test_keys"]["control"] = {
        "dns": {"failure": "dns_name_error", "addrs": []},
        "tcp_connect": {"192.0.2.10:443": {"status": False, "failure": "connection_refused_error"}, "nonsense": {}},
        "http_request": {"body_length": -1, "status_code": -1, "failure": "dns_lookup_error", "headers": {}},
    }
    (control,) = read(document).controls
    assert [step.failure for step in control.steps] == [
        "dns_nxdomain_error", "connection_refused", "dns_server_misbehaving",
    ]  # fmt: skip
    assert (control.steps[-1].status, control.steps[-1].body) == (None, None)


@pytest.mark.parametrize(
    ("asn", "network"), [(8511, "AS8511"), ("AS8511", "AS8511"), ("8511", "AS8511"), (None, "AS0"), ("AS", "AS0")]
)
def test_networks_as_number_or_text(document, asn, network):
    """Some sources write the AS as a number."""
    document["probe_asn"] = asn
    assert read(document).measurement.vantage.network == network


def test_other_tests_are_skipped(document):
    """A whole document of another test is no fault."""
    document["test_name"] = "ndt"
    assert read(document) == Skipped(where="here:1", reason="ndt")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("test_name", "test_name"),
        ("input", "input"),
        ("test_keys", "test_keys"),
        ("measurement_start_time", "time"),
    ],
)
def test_what_a_measurement_cannot_be_without_is_named(document, key, why):
    """A document that lacks an essential key is unreadable, with place and key."""
    del document[key]
    found = read(document)
    assert isinstance(found, Unreadable)
    assert found.where == "here:1"
    assert why in found.why


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"5", b"\xff\xfe", b"[" * 100_000, b'{"test_name": "web_connectivity", "input"', b"{}"],
)
def test_what_is_no_document_is_unreadable(raw):
    """Cut off, binary, nested beyond reason: one short reason, no exception."""
    found = understood(raw, "here", "x", {})
    assert isinstance(found, Unreadable)
    assert len(found.why) < 120


@pytest.mark.parametrize("time", ["yesterday", "9999-12-31 23:59:59", "0001-01-01 00:00:00", 5, None])
def test_impossible_times_are_unreadable(document, time):
    """A time that cannot be is no time."""
    document["measurement_start_time"] = time
    assert isinstance(read(document), Unreadable)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["192.0.2.1:443"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_place_is_survived(whole_document, data):
    """Whatever stands in a document, the result is a measurement that can be stored, or a reason."""
    document = json.loads(whole_document)
    place = document
    while isinstance(place, dict | list) and place:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    found = understood(json.dumps(document).encode(), "here", "x", {})
    assert isinstance(found, Imported | Skipped | Unreadable)
    if isinstance(found, Imported):
        for measurement in (found.measurement, *found.controls):
            assert measurement_from(as_document(measurement)) == measurement
