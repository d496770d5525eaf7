"""The failure words of every generation of OONI's software, in the vocabulary of df-007 that we use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from probes.failure import unknown
from probes.model import Failure

_OLD: Mapping[str, str] = MappingProxyType(
    {
        "connection_refused_error": "connection_refused",
        "connection_reset_by_peer": "connection_reset",
        "connection_lost_error": "connection_reset",
        "connection_closed_error": "eof_error",
        "connection_done_error": "eof_error",
        "response_never_received": "eof_error",
        "network_unreachable_error": "network_unreachable",
        "host_unreachable_error": "host_unreachable",
        "no_route_error": "host_unreachable",
        "tcp_timed_out_error": "generic_timeout_error",
        "deferred_timeout_error": "generic_timeout_error",
        "task_timed_out": "generic_timeout_error",
        "timeout_error": "generic_timeout_error",
        "dns_name_error": "dns_nxdomain_error",
        "dns_query_refused_error": "dns_refused_error",
        "dns_server_failure": "dns_server_misbehaving",
        "dns_lookup_error": "dns_server_misbehaving",
        "dns_no_data_error": "dns_no_answer",
        "ssl_error": "ssl_failed_handshake",
    }
)
"""Twisted's (ooniprobe 1 and 2), Measurement Kit's and the test helper's words. A lookup error there was any fault of
getaddrinfo, which today's software calls a misbehaving server; a response never received is a connection that was
closed first."""

_WORD = re.compile(r"[a-z][a-z0-9_]{2,63}")
_UNNAMED = frozenset({"unknown_error", "connect_error", "generic_error"})
"""Words that say nothing."""


def failure(value: object) -> Failure:
    """The df-007 word for what a document says of a step's failure; None where it succeeded.

    >>> failure("dns_name_error"), failure(None), failure(False), failure("connection_reset")
    ('dns_nxdomain_error', None, None, 'connection_reset')
    >>> failure("unknown_failure: dial 192.0.2.1: boom"), failure("connect_error"), failure(7)
    ('unknown_failure: dial [scrubbed]: boom', 'unknown_failure: connect_error', 'unknown_failure: 7')
    """
    if value is None or value is False:
        return None
    word = str(value).strip()
    if word in _OLD:
        return _OLD[word]
    if word in _UNNAMED or word.startswith("socks_") or not _WORD.fullmatch(word):
        return unknown(word.removeprefix("unknown_failure").lstrip(": "))
    return word
