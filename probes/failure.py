"""The one door from an exception to OONI's words (df-007), so that every step names the same fault the same way."""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import dns.exception

from probes.model import Failure
from probes.scrub import scrub

TIMEOUT = "generic_timeout_error"
EOF = "eof_error"
MISBEHAVING = "dns_server_misbehaving"
NO_ANSWER = "dns_no_answer"
UNKNOWN = "unknown_failure"
_LONGEST = 200
_DEEPEST = 32

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "address_family_not_supported": "this machine has no such address family (often: no IPv6)",
        "address_not_available": "this machine has no such source address",
        "connection_aborted": "the connection was given up by this machine",
        "connection_already_closed": "the connection had been closed before",
        "connection_refused": "the address answered that nothing listens there (or somebody answered so in its place)",
        "connection_reset": "the connection was torn down from outside (RST)",
        "dns_no_answer": "the name exists but has no address of this type",
        "dns_nxdomain_error": "the resolver says that the name does not exist",
        "dns_refused_error": "the resolver refuses to answer",
        "dns_reply_with_wrong_query_id": "only answers to some other question arrived",
        "dns_servfail_error": "the resolver failed",
        "dns_server_misbehaving": "the resolver's answer makes no sense",
        "dns_temporary_failure": "no resolver could be asked",
        "dns_non_recoverable_failure": "the resolver failed for good",
        "eof_error": "the other side closed the connection before it had answered",
        "generic_timeout_error": "no answer in time",
        "host_unreachable": "a router says that the host cannot be reached",
        "http_invalid_redirect_location_host": "the page redirects to a place that does not exist",
        "network_down": "this machine's network is down",
        "network_unreachable": "there is no route to this network (often: no IPv6)",
        "operation_would_block": "this machine could not do it now",
        "permission_denied": "this machine is not allowed to do that",
        "quic_incompatible_version": "the other side speaks other versions of QUIC than this probe does",
        "ssl_failed_handshake": "the other side broke the TLS handshake off",
        "ssl_invalid_certificate": "the certificate is expired, not valid yet, or otherwise defective",
        "ssl_invalid_hostname": "the certificate is for another name",
        "ssl_unknown_authority": "the certificate was signed by nobody whom browsers trust",
        "timed_out": "this machine's system gave up waiting",
        "unknown_failure": "something that has no common name; the text says what",
    }
)
"""What the words mean, for people; only the ones that a probe of ours can meet."""

_ERRNO: Mapping[int, str] = MappingProxyType(
    {
        errno.EACCES: "permission_denied",
        errno.EADDRINUSE: "address_in_use",
        errno.EADDRNOTAVAIL: "address_not_available",
        errno.EAFNOSUPPORT: "address_family_not_supported",
        errno.EAGAIN: "operation_would_block",
        errno.EALREADY: "connection_already_in_progress",
        errno.EBADF: "bad_file_descriptor",
        errno.ECONNABORTED: "connection_aborted",
        errno.ECONNREFUSED: "connection_refused",
        errno.ECONNRESET: "connection_reset",
        errno.EDESTADDRREQ: "destination_address_required",
        errno.EFAULT: "bad_address",
        errno.EHOSTUNREACH: "host_unreachable",
        errno.EINTR: "interrupted",
        errno.EINVAL: "invalid_argument",
        errno.EISCONN: "already_connected",
        errno.EMSGSIZE: "message_size",
        errno.ENETDOWN: "network_down",
        errno.ENETRESET: "network_reset",
        errno.ENETUNREACH: "network_unreachable",
        errno.ENOBUFS: "no_buffer_space",
        errno.ENOPROTOOPT: "no_protocol_option",
        errno.ENOTCONN: "not_connected",
        errno.ENOTSOCK: "not_a_socket",
        errno.EPERM: "permission_denied",
        errno.EPIPE: "connection_already_closed",
        errno.EPROTONOSUPPORT: "protocol_not_supported",
        errno.EPROTOTYPE: "wrong_protocol_type",
        errno.ETIMEDOUT: "timed_out",
    }
)
"""OONI's names of the errno values (ooni/probe-cli netxlite; EPIPE and EPERM by what they mean)."""

_RESOLUTION: Mapping[int, str] = MappingProxyType(
    {
        -2: "dns_nxdomain_error",
        -3: "dns_temporary_failure",
        -4: "dns_non_recoverable_failure",
        -5: NO_ANSWER,
        8: "dns_nxdomain_error",
        2: "dns_temporary_failure",
        4: "dns_non_recoverable_failure",
        7: NO_ANSWER,
    }
)

"""getaddrinfo's EAI_NONAME, EAI_AGAIN, EAI_FAIL and EAI_NODATA: negative on Linux, positive on the BSDs and macOS."""

_RCODE: Mapping[int, str] = MappingProxyType({2: "dns_servfail_error", 3: "dns_nxdomain_error", 5: "dns_refused_error"})

_VERIFY: Mapping[int, str] = MappingProxyType(
    dict.fromkeys((62, 64), "ssl_invalid_hostname") | dict.fromkeys((2, 18, 19, 20, 21, 27), "ssl_unknown_authority")
)
"""OpenSSL's X509_V_ERR codes (x509_vfy.h): 62 name, 64 address; the others: no issuer, self-signed, not trusted."""

_CRYPTO_ERROR = range(0x100, 0x200)
"""A TLS alert in the place of a QUIC error (RFC 9001 §4.8)."""
_QUIC_REFUSED = 0x02
_QUIC_NO_VERSION = "could not find a common protocol version"
_QUIC_IDLE = "idle timeout"
"""aioquic's own words for what it closes a connection with by itself."""
_QUIC_ALERT: Mapping[int, str] = MappingProxyType(
    dict.fromkeys((42, 43, 44, 45, 46), "ssl_invalid_certificate")
    | {48: "ssl_unknown_authority", 112: "ssl_invalid_hostname"}
)
"""OONI's words for TLS alerts over QUIC (ooni/probe-cli netxlite); other alerts are `ssl_failed_handshake`."""

_ALERT = re.compile(r"^(?:SSLV3|TLSV1|TLSV13|SSL/TLS)_(?:ALERT_)?(.+)$")
_CLEAN_FIN = re.compile(
    r"closed connection|ConnectionClosed|disconnected without sending|incomplete (?:read|message)", re.IGNORECASE
)


class NamedError(Exception):
    """A fault of the network that a step recognised by itself: it carries its OONI word and a reason for people."""

    def __init__(self, failure: str, reason: str | None = None) -> None:
        super().__init__(reason or failure)
        self.failure = failure
        self.reason = reason


def unknown(text: str) -> str:
    """`unknown_failure: …` with the text scrubbed, on one line, and cut after 200 characters.

    >>> unknown("peer 192.0.2.7 said\\n no")
    'unknown_failure: peer [scrubbed] said no'
    """
    printable = "".join(character if character.isprintable() else " " for character in text[: 4 * _LONGEST])
    return f"{UNKNOWN}: {' '.join(scrub(printable).split())[:_LONGEST]}".rstrip()


def rcode_failure(rcode: int, *, found: bool) -> Failure:
    """The failure that a DNS response code means (RFC 1035 §4.1.1); `found`: a record of the asked type was there.

    >>> rcode_failure(3, found=False), rcode_failure(4, found=False)
    ('dns_nxdomain_error', 'dns_server_misbehaving')
    >>> rcode_failure(0, found=False), rcode_failure(0, found=True)
    ('dns_no_answer', None)
    """
    if rcode:
        return _RCODE.get(rcode, MISBEHAVING)
    return None if found else NO_ANSWER


def quic_failure(code: int, reason: str) -> tuple[str, str]:
    """The OONI word for the error code that a QUIC connection was closed with (RFC 9000 §20), and a reason for people.

    >>> quic_failure(0x178, "no common application protocol")
    ('ssl_failed_handshake', 'TLS alert 120: no common application protocol')
    >>> quic_failure(1, "Could not find a common protocol version")[0], quic_failure(0, "")
    ('quic_incompatible_version', ('eof_error', 'closed with code 0x0'))
    """
    said = " ".join("".join(each if each.isprintable() else " " for each in scrub(reason[:_LONGEST])).split())
    lowered = said.lower()
    if lowered == _QUIC_NO_VERSION:
        return "quic_incompatible_version", said
    if lowered == _QUIC_IDLE:
        return TIMEOUT, said
    if code in _CRYPTO_ERROR:
        alert = code - _CRYPTO_ERROR.start
        return _QUIC_ALERT.get(alert, "ssl_failed_handshake"), f"TLS alert {alert}: {said}".rstrip(": ")
    word = "connection_refused" if code == _QUIC_REFUSED else EOF
    return word, f"closed with code {code:#x}: {said}".rstrip(": ")


def failure_of(error: BaseException) -> str:
    """The OONI word for whatever was raised, found along its causes; `unknown_failure: <scrubbed>` where none fits.

    The first error of the chain that has a name decides: what lies deeper is often only the state in which it happened.

    >>> failure_of(ConnectionResetError(errno.ECONNRESET, "reset by 192.0.2.7"))
    'connection_reset'
    >>> failure_of(RuntimeError("no idea about 192.0.2.7"))
    'unknown_failure: no idea about [scrubbed]'
    """
    chain = tuple(_causes(error))
    named = next((word for cause in chain if (word := _word(cause))), None)
    if named:
        return named
    text = next((text for cause in chain if (text := str(cause).strip())), type(error).__name__)
    return unknown(text)


def _causes(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _DEEPEST:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        following = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if following is not None:
            waiting.append(following)


def _word(error: BaseException) -> Failure:
    match error:
        case NamedError():
            return error.failure
        # The three below are OSErrors as well, and say more than an errno would.
        case ssl.SSLError():
            return _tls_word(error)
        case TimeoutError():
            return "timed_out" if error.errno == errno.ETIMEDOUT else TIMEOUT
        case OSError() if type(error).__name__ == "gaierror":
            return _RESOLUTION.get(error.errno or 0, MISBEHAVING)
        case OSError():
            return _ERRNO.get(error.errno or 0)
        case EOFError():
            return EOF
        case dns.exception.Timeout():
            return TIMEOUT
        case dns.exception.DNSException():
            return MISBEHAVING
    return _word_by_name(error)


def _word_by_name(error: BaseException) -> Failure:
    """Errors of the HTTP libraries and of asyncio, known by their class name: nothing is imported for them."""
    name = type(error).__name__
    if name == "CancelledError" or name.endswith("Timeout"):
        return TIMEOUT
    if name.endswith("ProtocolError") and _CLEAN_FIN.search(str(error)):
        return EOF
    return None


def _tls_word(error: ssl.SSLError) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(getattr(error, "verify_code", 0), "ssl_invalid_certificate")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return EOF
    if isinstance(error, ssl.SSLWantReadError | ssl.SSLWantWriteError):
        return None  # a state of the engine; what happened then comes before or after it in the chain
    reason = getattr(error, "reason", None) or ""  # absent where it was made by hand
    if reason == "TLSV1_UNRECOGNIZED_NAME":
        return "ssl_invalid_hostname"
    if alert := _ALERT.match(reason):
        return unknown(f"remote error: tls: {alert[1].lower().replace('_', ' ')}")
    return unknown(f"tls: {reason.lower().replace('_', ' ')}" if reason else str(error))
