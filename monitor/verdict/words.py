"""Failure words grouped by what they can mean; the words are OONI's df-007 and the errno names of its probe."""

from __future__ import annotations

from collections.abc import Mapping

TIMEOUT = frozenset({"generic_timeout_error", "timed_out"})
RESET = frozenset({"connection_reset", "connection_aborted", "network_reset"})
REFUSED = frozenset({"connection_refused"})
EOF = frozenset({"eof_error", "connection_already_closed"})
UNREACHABLE = frozenset({"host_unreachable", "network_unreachable"})
CERTIFICATE = frozenset({"ssl_unknown_authority", "ssl_invalid_hostname", "ssl_invalid_certificate"})
ANOTHERS = frozenset({"ssl_unknown_authority", "ssl_invalid_hostname"})
"""Certificates that are not the site's. One that is merely out of date may well be: an old edge of its own."""
LOCAL = frozenset(
    {
        "address_family_not_supported",
        "address_in_use",
        "address_not_available",
        "interrupted",
        "network_down",
        "no_buffer_space",
        "permission_denied",
    }
)
"""This machine's own refusal to send: it says nothing of the network beyond it."""

NOT_ASKED = UNREACHABLE | REFUSED | RESET | LOCAL
"""How a lookup ends that no resolver took: nothing listens there, or there is no way to it, whatever the name."""
NXDOMAIN = frozenset({"dns_nxdomain_error", "android_dns_cache_no_data"})
REFUSES = frozenset({"dns_refused_error"})
SERVFAIL = frozenset({"dns_servfail_error", "dns_server_misbehaving", "dns_temporary_failure"})
EMPTY = frozenset({"dns_no_answer"})

_PEER: Mapping[str, str] = {
    "connection_refused_error": "connection_refused",
    "dns_name_error": "dns_nxdomain_error",
    "dns_server_failure": "dns_servfail_error",
}
"""Words that OONI's test helpers use where its probe says otherwise (they come with imported controls)."""


def plain(failure: str | None) -> str | None:
    """A failure in the probe's word, whichever party wrote it.

    >>> plain("connection_refused_error")
    'connection_refused'
    """
    return failure if failure is None else _PEER.get(failure, failure)
