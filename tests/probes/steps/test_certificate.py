"""Would a browser trust this chain?"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from probes.failure import NamedError
from probes.steps.certificate import check, describe

NAME = "kloop.test"
CA = (x509.BasicConstraints(ca=True, path_length=None), True)


def names(*texts):
    return x509.SubjectAlternativeName([x509.DNSName(text) for text in texts]), False


def der(*certificates):
    return tuple(each.public_bytes(Encoding.DER) for each in certificates)


def refusal(chain, name, roots, moment):
    """The word and the reason that a chain is refused with; None where it is good."""
    try:
        check(chain, name, roots, moment)
    except NamedError as error:
        return error.failure, error.reason
    return None


@pytest.fixture
def key():
    return ec.generate_private_key(ec.SECP256R1())


def test_a_good_chain_is_good_again_and_again(authority, key, now) -> None:
    """A leaf of a trusted root passes, also when it is asked for from memory."""
    chain = der(authority.sign("leaf", key, [names(NAME)]))
    assert [refusal(chain, NAME, authority.roots, now) for _ in range(2)] == [None, None]


def test_memory_does_not_outlive_the_certificate(authority, key, now) -> None:
    """A chain that was good once is refused after its last day."""
    chain = der(authority.sign("leaf", key, [names(NAME)], until=now + timedelta(days=1)))
    check(chain, NAME, authority.roots, now)
    assert refusal(chain, NAME, authority.roots, now + timedelta(days=2))[0] == "ssl_invalid_certificate"


@pytest.mark.parametrize(("days", "word"), [(-1, "expired"), (1, "not valid before")])
def test_dates(authority, key, now, days, word) -> None:
    """Expired and not yet valid are defects of the certificate."""
    begin = now + timedelta(days=days - 5 if days < 0 else days)
    chain = der(authority.sign("leaf", key, [names(NAME)], since=begin, until=begin + timedelta(days=5, hours=-30)))
    failure, reason = refusal(chain, NAME, authority.roots, now)
    assert (failure, word in reason) == ("ssl_invalid_certificate", True)


@pytest.mark.parametrize("named", [["other.test"], ["*.kloop.test"], []])
def test_another_name(authority, key, now, named) -> None:
    """A certificate for another name, for subdomains only, or for no name at all is for another host."""
    chain = der(authority.sign(NAME, key, [names(*named)] if named else []))
    assert refusal(chain, NAME, authority.roots, now)[0] == "ssl_invalid_hostname"


def test_addresses_are_names_too(authority, key, now) -> None:
    """A certificate may name an IP address, and only then is it good for it."""
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("93.184.216.34"))]), False
    chain = der(authority.sign("leaf", key, [address]))
    assert refusal(chain, "93.184.216.34", authority.roots, now) is None
    assert refusal(chain, "93.184.216.35", authority.roots, now)[0] == "ssl_invalid_hostname"


def test_self_signed(authority, key, now) -> None:
    """A certificate that vouches for itself is nobody's."""
    chain = der(authority.sign("leaf", key, [names(NAME)], issuer="leaf", signer=key))
    assert refusal(chain, NAME, authority.roots, now) == ("ssl_unknown_authority", "self-signed certificate")


def test_a_pinned_leaf_is_its_own_root(authority, key, now) -> None:
    """A self-signed certificate that is itself among the roots is trusted."""
    chain = der(authority.sign("leaf", key, [names(NAME)], issuer="leaf", signer=key))
    assert refusal(chain, NAME, chain, now) is None


def test_unknown_issuer(stranger, authority, key, now) -> None:
    """A chain of an authority that nobody trusts has an unknown issuer, whether or not it is sent along."""
    leaf = stranger.sign("leaf", key, [names(NAME)])
    for chain in (der(leaf), der(leaf, stranger.certificate)):
        assert refusal(chain, NAME, authority.roots, now)[0] == "ssl_unknown_authority"
    assert refusal(der(leaf), NAME, (), now)[0] == "ssl_unknown_authority"


def test_a_forged_signature(stranger, authority, key, now) -> None:
    """A certificate that only claims the trusted issuer's name is not trusted."""
    chain = der(authority.sign("leaf", key, [names(NAME)], signer=stranger.key))
    assert refusal(chain, NAME, authority.roots, now)[0] == "ssl_unknown_authority"


def test_the_order_of_defects(stranger, authority, key, now) -> None:
    """Where several things are wrong, the date is named before the name, and the name before the issuer."""
    old = {"since": now - timedelta(days=9), "until": now - timedelta(days=1)}
    expired = der(stranger.sign("leaf", key, [names("other.test")], **old))
    misnamed = der(stranger.sign("leaf", key, [names("other.test")]))
    assert refusal(expired, NAME, authority.roots, now)[0] == "ssl_invalid_certificate"
    assert refusal(misnamed, NAME, authority.roots, now)[0] == "ssl_invalid_hostname"


def test_an_intermediate(authority, key, now) -> None:
    """A chain through an intermediate is good; without it, with one that may not sign or that expired, it is not."""
    between = ec.generate_private_key(ec.SECP256R1())
    leaf = authority.sign("leaf", key, [names(NAME)], issuer="between", signer=between)
    good = authority.sign("between", between, [CA])
    no_authority = authority.sign("between", between, [names("between")])
    expired = authority.sign("between", between, [CA], since=now - timedelta(days=9), until=now - timedelta(days=1))
    assert refusal(der(leaf, good), NAME, authority.roots, now) is None
    assert refusal(der(leaf), NAME, authority.roots, now)[0] == "ssl_unknown_authority"
    assert refusal(der(leaf, no_authority), NAME, authority.roots, now)[0] == "ssl_unknown_authority"
    assert refusal(der(leaf, expired), NAME, authority.roots, now)[0] == "ssl_invalid_certificate"


def test_style_is_forgiven(authority, key, now) -> None:
    """What the library dislikes and browsers accept is accepted: a critical name, a leaf with the CA flag."""
    critical = (names(NAME)[0], True)
    assert refusal(der(authority.sign("leaf", key, [critical, CA])), NAME, authority.roots, now) is None


def test_usage_is_not_forgiven(authority, key, now) -> None:
    """A certificate for clients only is not one for a site."""
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False
    chain = der(authority.sign("leaf", key, [names(NAME), usage]))
    assert refusal(chain, NAME, authority.roots, now)[0] == "ssl_invalid_certificate"


def test_underscores_are_names_of_the_web(authority, key, now) -> None:
    """A wildcard stands for a host with an underscore, as it does in browsers."""
    chain = der(authority.sign("leaf", key, [names("*.kloop.test")]))
    assert refusal(chain, "my_blog.kloop.test", authority.roots, now) is None


@given(chain=st.lists(st.binary(max_size=80), max_size=3), name=st.sampled_from([NAME, "-x.test", "1.2.3.4"]))
def test_garbage_is_refused_in_words(chain, name) -> None:
    """Bytes that are no certificate are an invalid certificate, never an exception of another kind."""
    from datetime import UTC, datetime

    assert refusal(tuple(chain), name, (b"no root",), datetime(2026, 1, 1, tzinfo=UTC))[0] == "ssl_invalid_certificate"
    assert describe(b"".join(chain)) == "something that is no certificate"
