"""Reading first data: what real clients send, cut anywhere, and what nobody sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.testing.flight import read_flight


@pytest.mark.parametrize("name", ["news.example", "NEWS.example", "xn--d1acpjx3f.xn--p1ai"])
def test_a_real_client_hello_names_its_server(client_hello, name):
    """The name that OpenSSL asks for is read, in lower case."""
    assert read_flight(client_hello(name)).server_name == name.lower()


def test_a_client_hello_is_not_judged_before_it_is_whole(client_hello):
    """Cut anywhere, a ClientHello says nothing yet; at the end of the data it has no name, and nothing breaks."""
    hello = client_hello("news.example")
    cuts = [hello[:length] for length in range(len(hello))]
    assert {read_flight(cut) for cut in cuts} == {None}
    assert {read_flight(cut, ended=True).server_name for cut in cuts} == {None}


def test_a_client_hello_may_span_records(client_hello):
    """A handshake message that is cut into several TLS records is put together."""
    header, message = client_hello("news.example")[:3], client_hello("news.example")[5:]
    parts = message[:10], message[10:100], message[100:]
    records = b"".join(header + len(part).to_bytes(2, "big") + part for part in parts)
    assert read_flight(records).server_name == "news.example"


@pytest.mark.parametrize(
    ("head", "host"),
    [
        (b"GET / HTTP/1.1\r\nHost: News.Example\r\n\r\n", "news.example"),
        (b"GET / HTTP/1.1\r\nAccept: */*\r\nhOsT:news.example:8080\r\n\r\nbody", "news.example"),
        (b"GET / HTTP/1.0\r\n\r\n", None),
        (b"GET / HTTP/1.1\r\n\r\nHost: news.example\r\n", None),
    ],
)
def test_a_request_names_its_host(head, host):
    """The Host header is found whatever its case and place, and only in the head."""
    assert read_flight(head).host == host


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x16\x03\x01", b"\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03", b"GET "]),
)
def test_noise_is_never_an_error(noise, start):
    """Any bytes are either not enough yet or a first flight; at their end they are one, unchanged."""
    seen = read_flight(start + noise)
    assert seen is None or seen.raw == start + noise
    assert read_flight(start + noise, ended=True).raw == start + noise
