"""blackbox.yml: what is understood, what is refused, and in which words."""

from __future__ import annotations

import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.blackbox import DEFAULT, BlackboxError, limit_of, read
from monitor.blackbox.modules import Module


def test_what_needs_no_file_is_there_without_one() -> None:
    """The two modules of the exporter's own file that say no more than their prober."""
    assert {name: module.prober for name, module in DEFAULT.items()} == {"http_2xx": "http", "tcp_connect": "tcp"}


def test_defaults_are_the_exporter_s() -> None:
    """IPv6 before IPv4, redirects followed, certificates verified."""
    module = read("modules: {plain: {prober: http}}")["plain"]

    assert module.http.preferred_ip_protocol == "ip6"
    assert module.http.ip_protocol_fallback
    assert module.http.follows
    assert not module.http.tls_config.insecure_skip_verify


def test_the_former_name_of_following_redirects_is_understood() -> None:
    """Files from before 0.20 say no_follow_redirects."""
    assert not read("modules: {a: {prober: http, http: {no_follow_redirects: true}}}")["a"].http.follows


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("modules: [", "not YAML"),
        ("[" * 1200, "nested too deeply"),
        ("", "the file"),
        ("modules: 2026-13-45", "not YAML"),
        ("{}", "modules: Field required"),
        ("modules: {a: {prober: icmp}}", "modules.a.prober"),
        ("modules: {a: {prober: http, http: {proxy_url: x}}}", "modules.a.http.proxy_url: is not understood here"),
        ("modules: {a: {prober: http, timeout: 5}}", "a duration such as 5s"),
        ("modules: {a: {prober: http, http: {fail_if_body_matches_regexp: ['(']}}}", "not a regular expression"),
        ("modules: {a: {prober: http, http: {valid_status_codes: ['200']}}}", "valid integer"),
        ("modules: {a: {prober: tcp, tcp: {tls_config: {server_name: '..'}}}}", "not a host"),
        ("modules: {a: {prober: dns}}", "modules.a.dns: query_name is missing"),
        ("modules: {a: {prober: dns, dns: {query_name: a.kg, query_type: NONSENSE}}}", "not a type of DNS records"),
        ("modules: {a: {prober: dns, dns: {query_name: a.kg, valid_rcodes: [FINE]}}}", "not a DNS rcode"),
        ("#" * (1 << 20) + "#", "too large"),
    ],
)
def test_a_file_with_a_mistake_is_refused_on_one_line(text: str, says: str) -> None:
    """The place and what is wrong there; nothing that is not understood is left out in silence."""
    with pytest.raises(BlackboxError) as refused:
        read(text)

    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("header", ["-1", "nan", "inf", "1e9", "soon"])
def test_a_scrape_s_time_limit_that_is_none_is_refused(header: str) -> None:
    """Whatever is no number of seconds below a day."""
    with pytest.raises(ValueError):
        limit_of(Module(prober="http"), header)


def test_a_tiny_time_limit_is_taken_as_it_is() -> None:
    """Half a second is kept for the way back only where there is more than that."""
    assert limit_of(Module(prober="http"), "0.4") == 0.4


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["http", "dns", "5s", "ip4"])
)
_KEYS = st.sampled_from(["prober", "http", "dns", "tcp", "timeout", "headers", "query_name", "tls_config", "x"])
_TREES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4))


@given(st.text(max_size=60) | _TREES.map(lambda tree: yaml.safe_dump({"modules": {"a": tree}})))
def test_no_file_whatever_is_a_traceback(text: str) -> None:
    """Any text gives modules, or one line that says what is wrong."""
    with contextlib.suppress(BlackboxError):
        assert read(text)["a"].prober in ("http", "tcp", "dns")
