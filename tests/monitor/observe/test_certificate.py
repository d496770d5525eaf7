"""Certificates of strangers: whatever they are, they have a fingerprint and break nothing."""

from __future__ import annotations

from monitor.observe.certificate import read_leaf
from tests.scenes import leaf


def test_a_certificate_of_an_unknown_version_is_one_that_cannot_be_read() -> None:
    """Found by fuzzing: X.509 of version 63 was an exception, and with it no verdict."""
    odd = leaf("kloop.kg").replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x3f")
    assert odd != leaf("kloop.kg")
    found = read_leaf(odd)
    assert len(found.fingerprint) == 64
    assert (found.expiry, found.self_signed) == (None, None)
