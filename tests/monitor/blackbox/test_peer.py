"""The same target, module and file for Debian's blackbox_exporter and for us: the same samples."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.blackbox import exposition
from monitor.metrics import Runtime
from monitor.store import StoreMissing
from monitor.web import PageSettings, create_app
from tests.monitor.blackbox.conftest import World
from tests.scenes import NOON

CASES = {
    "a page": ("http_2xx", "{http}/"),
    "a page over TLS": ("http_2xx", "{https}/"),
    "no scheme": ("http_2xx", "{secure_lines}"),
    "a block page": ("http_2xx", "{http}/blocked"),
    "an empty page": ("http_2xx", "{http}/empty"),
    "a redirect to TLS": ("http_2xx", "{http}/moved"),
    "a redirect left alone": ("http_unfollowed", "{http}/moved"),
    "a redirect to a closed port": ("http_2xx", "{http}/gone"),
    "an endless redirect": ("http_2xx", "{http}/loop"),
    "the right body": ("http_news", "{http}/"),
    "the wrong body": ("http_notice", "{http}/"),
    "TLS was wanted": ("http_secured", "{http}/"),
    "a certificate that is not trusted": ("http_2xx", "{untrusted}/"),
    "the same, never mind": ("https_insecure", "{untrusted}/"),
    "reset after the ClientHello": ("http_2xx", "{reset}/"),
    "a closed port": ("http_2xx", "http://{closed}/"),
    "a port that is open": ("tcp_connect", "{lines}"),
    "a port that is closed": ("tcp_connect", "{closed}"),
    "no port": ("tcp_connect", "127.0.0.1"),
    "a conversation": ("tcp_mail", "{lines}"),
    "a conversation that fails": ("tcp_stubborn", "{lines}"),
    "TLS on a port": ("tcp_tls", "{secure_lines}"),
    "a name": ("dns_www", "{dns}"),
    "a forged answer": ("dns_forged", "{dns}"),
    "no such name": ("dns_nothing", "{dns}"),
    "a zone": ("dns_zone", "{dns}"),
}
TIMES = ("_seconds", "probe_ssl_last_chain_info")
"""Measured anew each time, or with a label more than in 0.23 (serialnumber, of 0.26)."""
NEWER = {"probe_tls_cipher_info"}
"""Of blackbox_exporter 0.26; Debian's is 0.23."""


def _samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float | None]:
    """Each series with its value; None for what is measured anew each time."""
    found = {}
    for metric in text_string_to_metric_families(text):
        for sample in metric.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "serialnumber"}
            varies = metric.name.endswith(TIMES) and "timestamp" not in metric.name
            found[metric.name, tuple(sorted(labels.items()))] = None if varies else sample.value
    return {key: value for key, value in found.items() if key[0] not in NEWER}


@pytest.mark.parametrize("case", CASES)
async def test_a_probe_says_what_blackbox_exporter_says(case: str, world: World, exporter: str) -> None:
    """The same series with the same labels, and the same values where they are not times."""
    module, target = CASES[case]
    async with httpx.AsyncClient(timeout=30) as asking:
        asked = {"module": module, "target": target.format(**world.places)}
        peer = await asking.get(f"{exporter}/probe", params=asked)
    ours = await world.probe(module, target)

    assert _samples(exposition(ours).decode()) == _samples(peer.text)


async def test_a_phase_is_zero_where_it_is_zero_there(world: World, exporter: str) -> None:
    """What never ended has no duration in either: a reset after the ClientHello leaves four at 0."""
    async with httpx.AsyncClient(timeout=30) as asking:
        asked = {"module": "http_2xx", "target": world.places["reset"]}
        peer = text_string_to_metric_families((await asking.get(f"{exporter}/probe", params=asked)).text)
    ours = await world.probe("http_2xx", "{reset}")
    zero = {
        sample.labels["phase"]
        for metric in peer
        if metric.name == "probe_http_duration_seconds"
        for sample in metric.samples
        if not sample.value
    }

    assert zero == {"connect", "tls", "processing", "transfer"}
    assert {key[1][0][1] for key, value in ours.samples.items() if "http_duration" in key[0] and not value} == zero


@pytest.mark.parametrize(
    ("asked", "limit"),
    [
        ({}, None),
        ({"module": "http_2xx"}, None),
        ({"module": "http_2xx", "target": ""}, None),
        ({"module": "nobody's", "target": "127.0.0.1"}, None),
        ({"module": "nobody's"}, None),
        ({"module": "http_2xx", "target": "127.0.0.1"}, "soon"),
    ],
)
async def test_a_wrong_question_is_refused_as_blackbox_exporter_refuses_it(
    asked: dict[str, str], limit: str | None, world: World, exporter: str
) -> None:
    """The same status and, as far as the words are not Go's own, the same text."""
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": limit} if limit else {}
    app = create_app(
        StoreMissing, settings=lambda: PageSettings(blackbox=world.modules), clock=lambda: NOON, runtime=Runtime()
    )
    async with httpx.AsyncClient(timeout=30) as asking:
        peer = await asking.get(f"{exporter}/probe", params=asked, headers=headers)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as asking:
        ours = await asking.get("/probe", params=asked, headers=headers)

    assert ours.status_code == peer.status_code
    assert ours.text.partition(": ")[0].strip() == peer.text.partition(": ")[0].strip()
