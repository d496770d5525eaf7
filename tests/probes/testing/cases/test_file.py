"""Case files: what a good one says, and what is said of a bad one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Answer, DNSLookup, Measurement
from probes.testing import (
    NXDOMAIN,
    AddressBlock,
    DNSForgery,
    Injection,
    PayloadBlock,
    SNIBlock,
    Throttle,
)
from probes.testing.cases import CONTROL, MANIPULATIONS, PROBE, WORLD, CaseError, on_android, read_cases
from probes.testing.cases.world import INJECTED_PAGE

OWN = Path(__file__).parent / "own.json"
SHARED = Path(__file__).parents[5] / "shared" / "cases" / "website-qa.json"
CASE = {"name": "one", "input": "https://news.example/", "manipulations": [], "expected": {}}


@pytest.fixture
def read(tmp_path):
    """Write a case file with these cases (and environment) and read it."""

    def written(*cases, **more):
        path = tmp_path / "cases.json"
        path.write_text(json.dumps({"cases": cases, **more}))
        return read_cases(path)

    return written


def manipulated(**keys):
    """The plain case with one manipulation."""
    return {**CASE, "manipulations": [keys]}


def test_the_own_file_is_read():
    """Our own file's cases have its vantage point and resolver; one with an unknown kind is unsupported."""
    cases = {case.name: case for case in read_cases(OWN)}
    assert {(case.vantage.country, case.vantage.network, case.resolver) for case in cases.values()} == {
        ("KG", "AS64500", "212.42.0.1")
    }
    assert all(case.vantage.simulated for case in cases.values())
    assert cases["openCleartext"].unsupported is None
    assert "'carrier_pigeons' is not known" in cases["unheardOf"].unsupported


def test_the_shared_file_is_read():
    """The peer's 28 cases can all be played."""
    if not SHARED.exists():
        pytest.skip(f"{SHARED.name} is not beside the repository")
    cases = read_cases(SHARED)
    assert [case.name for case in cases if case.unsupported] == []
    assert len(cases) == 28


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        (
            {"kind": "isp_resolver_remove_record", "domain": "A.example"},
            DNSForgery(names=("a.example",), rcode=NXDOMAIN),
        ),
        (
            {"kind": "isp_resolver_replace_record", "domain": "яндекс.рф", "answer": ["10.1.1.1"]},
            DNSForgery(names=("xn--d1acpjx3f.xn--p1ai",), answers=("10.1.1.1",)),
        ),
        (
            {"kind": "dns_spoof_udp53", "domain": "a.example", "answer": ["10.1.1.1"]},
            DNSForgery(names=("a.example",), answers=("10.1.1.1",), where="wire"),
        ),
        (
            {"kind": "dns_spoof_udp53", "domain": "a.example", "answer": []},
            DNSForgery(names=("a.example",), rcode=NXDOMAIN, where="wire"),
        ),
        (
            {"kind": "tcp_refuse_endpoint", "ip": "1.2.3.4", "port": 80},
            AddressBlock(address="1.2.3.4", port=80, action="refuse"),
        ),
        (
            {"kind": "tcp_drop_endpoint", "ip": "1.2.3.4", "port": 80},
            AddressBlock(address="1.2.3.4", port=80, action="drop"),
        ),
        (
            {"kind": "throttle_endpoint", "ip": "1.2.3.4", "port": 80},
            AddressBlock(address="1.2.3.4", port=80, action=Throttle()),
        ),
        ({"kind": "tls_rst_by_sni", "sni": "a.example"}, SNIBlock(names=("a.example",), action="reset")),
        ({"kind": "tls_fin_by_sni", "sni": "a.example"}, SNIBlock(names=("a.example",), action="close")),
        ({"kind": "tls_drop_by_sni", "sni": "a.example"}, SNIBlock(names=("a.example",), action="drop")),
        ({"kind": "throttle_by_sni", "sni": "a.example"}, SNIBlock(names=("a.example",), action=Throttle())),
        *(
            (
                {"kind": kind, "ip": "1.2.3.4", "port": 80, "contains": "a.example"},
                PayloadBlock(contains=b"a.example", address="1.2.3.4", port=80, action=action),
            )
            for kind, action in {
                "tcp_rst_by_payload": "reset",
                "tcp_fin_by_payload": "close",
                "tcp_drop_by_payload": "drop",
                "http_spoof_blockpage_by_payload": INJECTED_PAGE,
            }.items()
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_manipulation_becomes_a_rule(read, keys, rule):
    """Each kind of manipulation of the probe's network is one rule on its view."""
    [case] = read(manipulated(**keys))
    assert case.rules == (rule,)


def test_manipulations_may_change_the_internet_or_the_platform(read):
    """Some kinds change what everybody sees, or how failures are named, and add no rule."""
    gone, moved, dead, android = read(
        manipulated(kind="all_resolvers_remove_record", domain="www.example.com"),
        {
            **manipulated(kind="all_resolvers_replace_record", domain="www.example.com", answer=["127.0.0.1"]),
            "name": "two",
        },
        {**manipulated(kind="address_unrouted", ip="93.184.216.34"), "name": "three"},
        {**manipulated(kind="getaddrinfo_always_android_no_data"), "name": "four"},
    )
    assert gone.internet.addresses_of("www.example.com") is None
    assert moved.internet.addresses_of("www.example.com") == ("127.0.0.1",)
    assert dead.internet.site_at("93.184.216.34") is None
    assert android.android
    assert not any(case.rules for case in (gone, moved, dead, android))


def test_an_endpoint_that_nothing_has_is_kept(read):
    """An empty address and port 0 are no mistake: such a rule meets nothing."""
    [case] = read(manipulated(kind="tcp_rst_by_payload", ip="", port=0, contains="x"))
    assert case.rules == (PayloadBlock(contains=b"x", address="", port=0),)


def test_a_host_that_nobody_describes_serves_a_plain_page(read):
    """A host unknown to everybody gets an address and a page with a valid certificate."""
    [case] = read(CASE)
    site = case.internet.site_named("news.example")
    assert case.internet.site_at(site.addresses[0]) is site
    assert (site.ports, site.certificate) == ((80, 443), "valid")
    assert site.respond(host="news.example", path="/", port=80, view=PROBE).status == 200


def test_a_host_lives_where_its_manipulations_say(read):
    """An address that a manipulation is about, and nobody else has, is the measured host's; a lie is not."""
    blocked = {"kind": "tcp_drop_endpoint", "ip": "203.0.113.5", "port": 443}
    lie = {"kind": "isp_resolver_replace_record", "domain": "news.example", "answer": ["203.0.113.6"]}
    [case] = read({**CASE, "manipulations": [lie, {**blocked, "ip": "203.0.113.6"}, blocked]})
    assert case.internet.addresses_of("news.example") == ("203.0.113.5",)
    assert [str(each) for each in case.allow] == ["203.0.113.5/32"]


@pytest.mark.parametrize("url", ["https://1.2.3.4/", "https://93.184.216.34/"])
def test_an_address_may_be_measured(read, url):
    """A URL with an address in the place of a name has a site there, the known one or a plain one."""
    [case] = read({**CASE, "input": url})
    assert case.internet.site_at(url[8:-1]) is not None


def test_the_environment_adds_hosts(read):
    """Hosts of the environment that are new serve a plain page at their addresses and ports; known ones stay."""
    hosts = [
        {"names": ["paper.example"], "ips": ["151.101.1.10"], "serves": "443 only: a page"},
        {"names": ["www.example.com"], "ips": ["151.101.1.11"], "serves": ""},
    ]
    [case] = read({**CASE, "input": "https://paper.example/"}, environment={"hosts": hosts})
    assert case.internet.site_named("paper.example").ports == (443,)
    assert case.internet.addresses_of("www.example.com") == ("93.184.216.34",)


def test_the_environment_may_tell_networks(read):
    """Numbers of autonomous systems are kept by address; an address of none is left out."""
    [case] = read(CASE, environment={"asn_used_by_the_oracle": {"1.2.3.4": 64500, "10.0.0.1": None}})
    assert case.networks == {"1.2.3.4": 64500}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ([], r"cases\[0\]: expected an object, found \[\]"),
        ({**CASE, "name": 7}, r"cases\[0\]: name: expected a string, found 7"),
        ({"name": "one"}, r"cases\[0\]: key 'input' is missing"),
        ({**CASE, "input": "ftp://a.example/"}, r"case 'one': input: expected an http or https URL"),
        ({**CASE, "input": "http://[::1"}, r"case 'one': input: 'http://\[::1' is no URL"),
        ({**CASE, "input": "http://a.example:port/"}, r"case 'one': input: .* is no URL"),
        ({**CASE, "input": "http://a..example/"}, r"case 'one': input: 'a\.\.example' is no host name"),
        ({**CASE, "manipulations": {}}, r"case 'one': manipulations: expected a list, found {}"),
        ({**CASE, "manipulations": None}, r"case 'one': manipulations: expected a list, found None"),
        ({**CASE, "manipulations": [{}]}, r"case 'one': manipulations\[0\]: key 'kind' is missing"),
        ({**CASE, "expected": None}, r"case 'one': expected: expected an object, found None"),
        ({**CASE, "control_reachable": "no"}, r"case 'one': control_reachable: expected true or false, found 'no'"),
        (manipulated(kind="tls_rst_by_sni"), r"case 'one': manipulations\[0\]: key 'sni' is missing"),
        (manipulated(kind="tcp_drop_endpoint", ip="1.2.3", port=1), r"manipulations\[0\]: ip: expected an IP address"),
        (manipulated(kind="tcp_drop_endpoint", ip="1.2.3.4", port="80"), r"manipulations\[0\]: port: expected a port"),
        (manipulated(kind="tcp_drop_endpoint", ip="1.2.3.4", port=70000), r"manipulations\[0\]: port: expected a port"),
        (manipulated(kind="dns_spoof_udp53", domain="a", answer="1.2.3.4"), r"answer: expected a list of addresses"),
        (manipulated(kind="dns_spoof_udp53", domain="a", answer=[None]), r"answer: expected an IP address, found None"),
    ],
)
def test_a_faulty_case_is_named_with_its_key(read, case, message):
    """What does not fit is told with the file, the case and the key."""
    with pytest.raises(CaseError, match=r"cases\.json: .*" + message):
        read(case)


def test_all_faulty_cases_are_told_at_once(read):
    """One look at the error is enough to mend the file."""
    with pytest.raises(CaseError, match=r"case 'a': .*; case 'b': .*; two cases are called 'c'"):
        read({**CASE, "name": "a", "expected": 1}, {**CASE, "name": "b", "expected": 1}, *[{**CASE, "name": "c"}] * 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: is no JSON"),
        (b'{"cases": [\n{"name": "o', "line 2: is no JSON"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        (b"[" * 200_000, "is nested too deeply"),
        (b"[]", "expected an object, found []"),
        (b"{}", "key 'cases' is missing"),
        (b'{"cases": {}}', "cases: expected a list, found {}"),
        (b'{"cases": [], "environment": {"asn_used_by_the_oracle": {"a": "b"}}}', "a: expected a number, found 'b'"),
        (b'{"cases": [], "environment": 1}', "environment: expected an object, found 1"),
        (b'{"cases": [], "environment": {"hosts": [{"names": "a"}]}}', "names: expected a list of names, found 'a'"),
        (b'{"cases": [], "environment": {"hosts": [{"names": [""], "ips": ["x"]}]}}', "ips: expected an IP address"),
    ],
)
def test_a_file_that_is_no_case_file_is_one_line(tmp_path, content, message):
    """Cut, binary, deep or wrongly shaped files are refused in one line that starts with the file's name."""
    path = tmp_path / "cases.json"
    path.write_bytes(content)
    with pytest.raises(CaseError) as refused:
        read_cases(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_opened_is_one_line(tmp_path):
    """A folder and a missing file are told as what they are."""
    with pytest.raises(CaseError, match="cannot be read: Is a directory"):
        read_cases(tmp_path)
    with pytest.raises(CaseError, match="cannot be read: No such file"):
        read_cases(tmp_path / "none.json")


def test_android_has_one_name_for_failed_lookups():
    """Only failures of the system's resolver are renamed; its successes and other resolvers' failures stay."""

    def lookup(engine, failure, *answers):
        return DNSLookup(
            hop=0,
            engine=engine,
            resolver="",
            name="a.example",
            query_type="A",
            started=0,
            duration=0,
            failure=failure,
            answers=answers,
        )

    steps = (
        lookup("system", "dns_nxdomain_error"),
        lookup("system", None, Answer(type="A", value="1.2.3.4")),
        lookup("udp", "dns_nxdomain_error"),
    )
    vantage = read_cases(OWN)[0].vantage
    measurement = Measurement(
        kind="website",
        kind_version="1",
        target="t",
        url="http://a.example/",
        vantage=vantage,
        started=datetime(2024, 1, 1, tzinfo=UTC),
        duration=0,
        steps=steps,
    )
    failures = [step.failure for step in on_android(measurement).steps]
    assert failures == ["android_dns_cache_no_data", None, "dns_nxdomain_error"]


def test_the_world_has_the_stated_sizes():
    """Pages have the lengths on which the peer's body comparison rests: 1533, 188 and 8432 bytes."""
    example = WORLD.site_named("www.example.com").respond(host="www.example.com", path="/", port=80, view=PROBE)
    challenge = WORLD.site_named("www.cloudflare-cache.com").respond(
        host="www.cloudflare-cache.com", path="/", port=80, view=PROBE
    )
    large = WORLD.site_named("largefile.com").respond(host="largefile.com", path="/", port=80, view=CONTROL)
    assert (len(example.body), len(challenge.body), len(large.body) * large.times) == (1533, 8432, 33554432)
    assert isinstance(INJECTED_PAGE, Injection)
    assert len(INJECTED_PAGE.raw.partition(b"\r\n\r\n")[2]) == 188


def test_every_kind_has_a_test():
    """A new kind of manipulation is not forgotten above."""
    text = Path(__file__).read_text()
    assert [kind for kind in MANIPULATIONS if f'"{kind}"' not in text] == []


_KEYS = ("domain", "answer", "ip", "port", "contains", "sni")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _refusal(path: Path) -> str:
    """What is said of a file; `read` where nothing is."""
    try:
        read_cases(path)
    except CaseError as refused:
        return str(refused)
    return "read"


@given(key=st.sampled_from(["name", "input", "manipulations", "expected", "control_reachable"]), value=_JSON)
def test_a_strange_value_is_refused_or_read(tmp_path_factory, key, value):
    """Whatever stands in the place of a value, the file is read or refused in one line; nothing else is raised."""
    path = tmp_path_factory.mktemp("strange") / "cases.json"
    path.write_text(json.dumps({"cases": [{**CASE, key: value}]}))
    assert _refusal(path).startswith((f"{path}: ", "read"))


@given(kind=st.sampled_from(sorted(MANIPULATIONS)), keys=st.dictionaries(st.sampled_from(_KEYS), _JSON))
def test_a_strange_manipulation_is_refused_or_read(tmp_path_factory, kind, keys):
    """The same holds for the keys of a manipulation."""
    path = tmp_path_factory.mktemp("strange") / "cases.json"
    path.write_text(json.dumps({"cases": [manipulated(kind=kind, **keys)]}))
    assert _refusal(path).startswith((f"{path}: ", "read"))
