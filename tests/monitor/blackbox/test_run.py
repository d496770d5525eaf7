"""Single probes: their bounds, what they say, and where they never go."""

from __future__ import annotations

import pytest

from monitor.blackbox import Request, exposition, read, run, told
from probes.network import SystemNetwork
from probes.testing import Internet, Loopback, Route, Site, page
from tests.monitor.blackbox.conftest import World

NAMED = Internet(
    sites=(
        Site(names=("news.example",), addresses=("93.184.216.34", "2a02:26f0::1"), routes=(Route(response=page("N")),)),
    )
)
MODULES = read("modules: {four: {prober: http, http: {preferred_ip_protocol: ip4}}, six: {prober: http}}")


@pytest.mark.parametrize(("module", "version"), [("four", 4.0), ("six", 6.0)])
async def test_a_name_is_looked_up_in_the_wanted_version_first(module: str, version: float) -> None:
    """The configured resolver is asked, and the preferred version of IP is dialled over TLS and HTTP/2."""
    async with Loopback(NAMED) as lab:
        request = Request(target="https://news.example/", name=module, module=MODULES[module], limit=20)
        found = await run(request, lab.network("here"))

    assert found.success, found.log
    assert found.samples["probe_ip_protocol", ()] == version
    assert found.samples["probe_http_version", ()] == 2.0
    assert found.samples["probe_http_ssl", ()] == 1.0


async def test_a_name_that_does_not_exist_has_no_address() -> None:
    """The probe fails with blackbox's zeros, and its log says why."""
    async with Loopback(NAMED) as lab:
        request = Request(target="https://nobody.example/", name="four", module=MODULES["four"], limit=20)
        found = await run(request, lab.network("here"))

    assert not found.success
    assert found.samples["probe_ip_protocol", ()] == 0
    assert found.samples["probe_http_status_code", ()] == 0
    assert any("no address of nobody.example" in text for _, _, text in found.log)


async def test_a_server_that_says_nothing_ends_with_the_time(world: World) -> None:
    """A server that waits for a line where TLS was meant: the limit ends the probe, and its TLS phase stays 0."""
    module = world.modules["http_2xx"]
    request = Request(target=f"https://{world.places['lines']}", name="http_2xx", module=module, limit=0.3)
    found = await run(request, world.network)

    assert not found.success
    assert found.samples["probe_duration_seconds", ()] > 0
    assert found.samples["probe_http_duration_seconds", (("phase", "tls"),)] == 0


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "http://10.0.0.1/"]
)
async def test_this_machine_and_private_networks_are_not_probed(target: str) -> None:
    """Whoever reaches /probe must not reach what stands behind it; nothing is dialled."""
    found = await run(Request(target=target, name="four", module=MODULES["four"], limit=5), SystemNetwork())

    assert not found.success
    assert found.samples["probe_http_status_code", ()] == 0


async def test_a_redirect_does_not_lead_there_either(world: World) -> None:
    """A page that sends the probe to the cloud's metadata is not followed."""
    found = await world.probe("http_2xx", "{http}/metadata")

    assert not found.success
    assert any("169.254.169.254 is not dialled" in text for _, _, text in found.log)


@pytest.mark.parametrize("target", ["http://", "http://a b/", "//", "http://a.kg:0/", "\ud800", "x" * 9000])
async def test_nonsense_is_a_failed_probe(target: str) -> None:
    """A target that is none fails the probe, as it does in blackbox_exporter, and the exposition can be read."""
    found = await run(Request(target=target, name="four", module=MODULES["four"], limit=5), SystemNetwork())

    assert not found.success
    assert b"probe_success 0.0" in exposition(found)
    assert "Probe failed" in told(found)


async def test_debug_shows_log_metrics_and_module(world: World) -> None:
    """The three parts of blackbox's debug page; header values of the module, which may be secrets, are hidden."""
    hushed = read("modules: {a: {prober: http, http: {preferred_ip_protocol: ip4, headers: {Authorization: hush}}}}")
    text = told(await run(Request(target=world.places["http"], name="a", module=hushed["a"], limit=9), world.network))

    parts = ["Logs for the probe:", "Metrics that would have been returned:", "Module configuration:"]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert "probe_success 1.0" in text
    assert "<secret>" in text
    assert "hush" not in text


async def test_the_hostname_is_asked_for(world: World) -> None:
    """`hostname=` goes into the Host and the ClientHello, and the certificate must be good for it."""
    good = await world.probe("http_2xx", "{https}", hostname="localhost")
    bad = await world.probe("http_2xx", "{https}", hostname="other.example")

    assert good.success, good.log
    assert not bad.success


@pytest.mark.parametrize(
    "hostname", ["é", "a\r\nX: y", "\0", "x" * 300, "news.example:443", "\ud800", "a b", "a/b", "@"]
)
@pytest.mark.parametrize("target", ["https://news.example/", "http://news.example/"])
async def test_a_hostname_whatever_is_an_answer(target: str, hostname: str) -> None:
    """It is a host or the probe fails; it breaks neither the request nor the program."""
    async with Loopback(NAMED) as lab:
        request = Request(target=target, name="four", module=MODULES["four"], hostname=hostname, limit=9)
        found = await run(request, lab.network("here"))

    plain = target.startswith("http:") and hostname == "é"  # in ASCII it may exist, and this site answers to any Host
    assert found.success == (plain or hostname == "news.example:443")


@pytest.mark.parametrize("host", ["\ud800", "a" * 300, "..", "é", "[::1", "[x]", "", "\0", "a b", "a/b"])
@pytest.mark.parametrize("prober", ["tcp", "dns"])
async def test_a_host_whatever_is_an_answer(prober: str, host: str) -> None:
    """For the other two probers as well."""
    modules = read("modules: {tcp: {prober: tcp, tcp: {tls: true}}, dns: {prober: dns, dns: {query_name: a.kg}}}")
    async with Loopback(NAMED) as lab:
        request = Request(target=f"{host}:53", name=prober, module=modules[prober], limit=9)
        found = await run(request, lab.network("here"))

    assert not found.success
    assert b"probe_success 0.0" in exposition(found)
