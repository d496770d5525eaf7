"""`/probe`: who may ask, what is refused and how, and what comes back."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.blackbox import DEFAULT, read
from monitor.metrics import Runtime
from monitor.store import open_store
from monitor.web import create_app
from probes.testing import Internet, Loopback, Route, Site, page

SITE = Internet(
    sites=(Site(names=("news.example",), addresses=("93.184.216.34",), routes=(Route(response=page("News")),)),)
)


@pytest.fixture
def opened(place):
    """The page with blackbox's default modules."""
    place.settings = replace(place.settings, blackbox=DEFAULT)
    return place


async def test_without_modules_there_is_no_such_page(place) -> None:
    """A monitor that nobody asked to probe on demand does not; the answer says how to change that."""
    answer = await place.get("/probe?target=http://93.184.216.34/")

    assert answer.status_code == 404
    assert "blackbox.yml" in answer.text


@pytest.mark.parametrize(
    ("query", "headers", "status", "says"),
    [
        ("", {}, 400, "Target parameter is missing"),
        ("module=http_2xx", {}, 400, "Target parameter is missing"),
        ("target=", {}, 400, "Target parameter is missing"),
        ("target=a.kg&module=none", {}, 400, 'Unknown module "none"'),
        ("module=none", {}, 400, 'Unknown module "none"'),
        ("target=a.kg&target=b.kg", {}, 400, "Multiple target parameters"),
        ("target=a.kg", {"X-Prometheus-Scrape-Timeout-Seconds": "soon"}, 500, "Failed to parse timeout"),
        ("target=a.kg", {"Sec-Fetch-Site": "cross-site"}, 403, "Another site"),
    ],
)
async def test_wrong_questions_get_the_exporter_s_answers(opened, query, headers, status, says) -> None:
    """Status and words are blackbox_exporter's, in plain text; a page of somebody else's may not ask at all."""
    answer = await opened.get(f"/probe?{query}", **headers)

    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, "text/plain")
    assert says in answer.text


async def test_a_probe_that_fails_is_an_answer(opened) -> None:
    """200 and probe_success 0: the scrape worked."""
    answer = await opened.get("/probe?target=http://127.0.0.1:9/")

    assert answer.status_code == 200
    assert "probe_success 0.0" in answer.text


async def test_strangers_and_viewers_cannot_make_this_machine_probe(opened) -> None:
    """Where people sign in, only an operator, or an operator's key, may send this machine somewhere."""
    opened.settings = replace(opened.settings, public=True)

    assert (await opened.get("/probe?target=a.kg")).status_code == 401


async def test_a_site_is_probed_as_prometheus_scrapes_it(opened) -> None:
    """With the scrape's headers and the default module, through the network that the page was given."""
    async with Loopback(SITE) as lab:
        app = create_app(
            lambda: open_store(opened.folder, read_only=True),
            settings=lambda: opened.settings,
            clock=lambda: opened.now,
            runtime=Runtime(),
            outside=lambda _: lab.network("here"),
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as browser:
            asked = {"target": "https://news.example/", "module": "http_2xx"}
            answer = await browser.get("/probe", params=asked, headers={"X-Prometheus-Scrape-Timeout-Seconds": "20"})
            shown = await browser.get("/probe", params=asked | {"debug": "true"})

    found = {metric.name: metric.samples[0].value for metric in text_string_to_metric_families(answer.text)}
    assert found["probe_success"] == 1
    assert found["probe_http_status_code"] == 200
    assert "Logs for the probe:" in shown.text


async def test_modules_are_those_of_the_configuration_now(opened) -> None:
    """A reloaded file shows at once."""
    opened.settings = replace(opened.settings, blackbox=read("modules: {mine: {prober: tcp}}"))

    assert (await opened.get("/probe?target=127.0.0.1:9&module=mine")).status_code == 200
    assert (await opened.get("/probe?target=127.0.0.1:9")).status_code == 400
