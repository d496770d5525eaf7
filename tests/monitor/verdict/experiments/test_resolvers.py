"""A public resolver that is cut off is told of the resolver, and never of the site."""

from __future__ import annotations

import pytest

from monitor.verdict.experiments import read_resolvers
from tests.scenes import SITE, connected, fetched, looked, measured, shook, three, visit

TIMEOUT, RESET, NXDOMAIN = "generic_timeout_error", "connection_reset", "dns_nxdomain_error"
REACHED = (connected(), shook(), fetched())


@pytest.mark.parametrize("failure", [TIMEOUT, RESET, "connection_refused"])
def test_a_resolver_that_is_cut_off_is_read_apart_from_the_site(failure):
    """DNS over HTTPS fails here and works for controls: `dns`, with its lookups as steps, and nothing decisive."""
    steps = looked([SITE]), looked(failure, engine="doh"), *REACHED

    [one] = read_resolvers(measured(*steps), three(*visit()))

    assert (one.rule_id, one.technique, one.decisive, one.steps) == ("resolvers.doh_cut_off", "dns", False, (1,))


@pytest.mark.parametrize(
    ("steps", "controls"),
    [
        ((looked([SITE]), looked([SITE], engine="doh")), three(*visit())),
        ((looked([SITE]), looked(NXDOMAIN, engine="doh")), three(*visit())),
        ((looked(TIMEOUT), looked(TIMEOUT, engine="doh")), three(*visit())),
        ((looked([SITE]), looked("ssl_invalid_certificate", engine="doh")), three(*visit())),
        ((looked([SITE]), looked(TIMEOUT, engine="doh")), ()),
        ((looked([SITE]), looked(TIMEOUT, engine="doh")), three(looked([SITE]), looked(TIMEOUT, engine="doh"))),
        ((looked([SITE]), looked(TIMEOUT, engine="doh"), looked([SITE], engine="doh", kind="AAAA")), three(*visit())),
    ],
    ids=[
        "works",
        "answers with an error",
        "all silent",
        "clock or proxy",
        "no control",
        "controls too",
        "one question of two",
    ],
)
def test_what_is_no_cut_off_resolver(steps, controls):
    """An answer, a place without an uplink, no control, or a resolver that is away for everybody."""
    assert read_resolvers(measured(*steps, *REACHED), controls) == ()
