"""From exceptions to OONI's words."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl

import dns.exception
import dns.message
import h11
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.failure import MEANINGS, NamedError, failure_of, rcode_failure, unknown


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] something")
    error.reason = reason
    return error


def verification_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (OSError(errno.ECONNREFUSED, "x"), "connection_refused"),
        (OSError(errno.ECONNRESET, "x"), "connection_reset"),
        (OSError(errno.EHOSTUNREACH, "x"), "host_unreachable"),
        (OSError(errno.ENETUNREACH, "x"), "network_unreachable"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "address_not_available"),
        (OSError(errno.ETIMEDOUT, "x"), "timed_out"),
        (TimeoutError(), "generic_timeout_error"),
        (asyncio.CancelledError(), "generic_timeout_error"),
        (EOFError(), "eof_error"),
        (asyncio.IncompleteReadError(b"", 2), "eof_error"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "eof_error"),
        (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), "eof_error"),
        (verification_error(10), "ssl_invalid_certificate"),
        (verification_error(62), "ssl_invalid_hostname"),
        (verification_error(18), "ssl_unknown_authority"),
        (verification_error(19), "ssl_unknown_authority"),
        (verification_error(20), "ssl_unknown_authority"),
        (tls_error("TLSV1_UNRECOGNIZED_NAME"), "ssl_invalid_hostname"),
        (tls_error("TLSV1_ALERT_INTERNAL_ERROR"), "unknown_failure: remote error: tls: internal error"),
        (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), "unknown_failure: remote error: tls: protocol version"),
        (tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), "unknown_failure: remote error: tls: handshake failure"),
        (tls_error("WRONG_VERSION_NUMBER"), "unknown_failure: tls: wrong version number"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "dns_nxdomain_error"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "dns_temporary_failure"),
        (socket.gaierror(socket.EAI_FAMILY, "x"), "dns_server_misbehaving"),
        (dns.exception.Timeout(), "generic_timeout_error"),
        (dns.message.ShortHeader(), "dns_server_misbehaving"),
        (httpx.ReadTimeout(""), "generic_timeout_error"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "eof_error"),
        (h11.RemoteProtocolError("peer closed connection without sending complete message body"), "eof_error"),
        (h11.RemoteProtocolError("illegal status line"), "unknown_failure: illegal status line"),
        (NamedError("ssl_unknown_authority", "self-signed certificate"), "ssl_unknown_authority"),
        (ExceptionGroup("several", [OSError(errno.ECONNRESET, "x")]), "connection_reset"),
        (RuntimeError(), "unknown_failure: RuntimeError"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_each_fault_has_its_word(error, word) -> None:
    """Every way a step can end has one name."""
    assert failure_of(error) == word


def test_the_cause_is_found_down_the_chain() -> None:
    """A library's empty error is named by what caused it."""
    error = httpx.ReadError("")
    error.__cause__ = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    assert failure_of(error) == "connection_reset"


def test_a_state_of_the_tls_engine_is_no_cause() -> None:
    """A reset that comes while TLS waits for more is a reset, not a want for bytes, whichever is the outer error."""
    want, broken = ssl.SSLWantReadError(2, "did not complete"), ConnectionResetError(errno.ECONNRESET, "x")
    broken.__context__ = want
    assert failure_of(broken) == "connection_reset"
    broken.__context__, want.__context__ = None, broken
    assert failure_of(want) == "connection_reset"


def test_a_chain_that_bites_its_tail_ends() -> None:
    """Causes that lead in a circle are walked once."""
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__cause__, two.__cause__ = two, one
    assert failure_of(one) == "unknown_failure: one"


@given(
    text=st.text(max_size=300),
    address=st.ip_addresses().filter(lambda address: str(address) != "::"),
    kind=st.sampled_from(
        [RuntimeError, OSError, ValueError, ssl.SSLError, h11.RemoteProtocolError, KeyError, EOFError]
    ),
)
def test_no_text_breaks_it_and_no_address_leaks(text, address, kind) -> None:
    """Whatever an exception says, the word is one short printable line without addresses."""
    word = failure_of(kind(f"{text} {address} {text}"))
    assert str(address) not in word.split()
    assert word.isprintable()
    assert len(word) <= 220
    word.encode()


def test_long_texts_are_cut() -> None:
    """An unknown failure is a line, not a page."""
    assert len(unknown("x" * 10_000)) == len("unknown_failure: ") + 200


@pytest.mark.parametrize(
    ("rcode", "found", "word"),
    [
        (0, True, None),
        (0, False, "dns_no_answer"),
        (1, False, "dns_server_misbehaving"),
        (2, False, "dns_servfail_error"),
        (3, False, "dns_nxdomain_error"),
        (3, True, "dns_nxdomain_error"),
        (4, False, "dns_server_misbehaving"),
        (5, False, "dns_refused_error"),
    ],
)
def test_response_codes(rcode, found, word) -> None:
    """Response codes have OONI's words, and an answer without an address is none."""
    assert rcode_failure(rcode, found=found) == word


def test_meanings_are_sentences_for_people() -> None:
    """Every meaning is there, and none is the word itself."""
    assert all(meaning and "_" not in meaning for meaning in MEANINGS.values())
