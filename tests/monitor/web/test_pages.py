"""What each page shows, over a real store."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config.settings import Milestone, ScheduleSettings, Settings, Station, WebSettings
from monitor.model import Bearing, BlockingEvent, Cell, Claim, Health, State, VantageStatus
from monitor.store import Store, open_store
from monitor.verdict.experiments import find
from monitor.web import PageSettings, create_app
from probes.model import Answer, Datagram, DNSLookup, Measurement, Role, Screened, Target, TCPConnect, VantagePoint

DAY = timedelta(days=1)


def _text(html: str) -> str:
    """What a reader sees: no tags, single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


async def test_without_a_store_the_page_says_that_nothing_was_measured(place: Any) -> None:
    """A data folder that is not there yet is no fault, and shows no state but `no data`."""
    answer = await place.get("/")

    assert answer.status_code == 200
    assert "Nothing has been measured yet." in answer.text
    assert "no data" in answer.text
    assert 'class="state is-ok" ' not in answer.text


async def test_reading_makes_no_store(place: Any) -> None:
    """The pages never write: asking for one leaves the folder as it was."""
    await place.get("/")
    await place.get("/targets/kloop")

    assert not place.folder.exists()


async def test_each_state_has_its_own_word_and_shape(place: Any) -> None:
    """A blocked, an insufficient and an unmeasured target differ by more than colour."""
    place.measure(State.BLOCKED, technique="tls.reset.sni")
    place.measure(State.INSUFFICIENT, target=place.settings.targets[1])
    page = (await place.get("/")).text

    cells = re.findall(
        r'<td[^>]*>\s*<(?:a|span) class="state is-(\w+)"[^>]*>(<svg.*?</svg>) <span class="word">(.*?)</span>', page
    )
    found = {state: (shape, word) for state, shape, word in cells}
    assert {"blocked", "insufficient", "none"} <= set(found)
    assert len({shape for shape, _ in found.values()}) == len(found)
    assert found["none"][1] == "no data"
    assert "cut off when the site&#39;s name is seen (SNI)" in page


async def test_an_old_result_is_shown_as_old(place: Any) -> None:
    """A result that is too old is `no recent data`, with what it was, and the page says so on top."""
    place.measure(State.OK, ago=timedelta(hours=5))
    page = _text((await place.get("/")).text)

    assert "no recent data last result: ok" in page
    assert "Nothing has been measured lately." in page


@pytest.mark.parametrize(("health", "word"), [(Health.OFFLINE, "offline"), (Health.SICK, "sick")])
async def test_an_unwell_vantage_point_is_said_in_plain_words(
    place: Any, status: Callable[..., VantageStatus], health: Health, word: str
) -> None:
    """The banner says that results are insufficient and that nothing is claimed to be blocked or down."""
    place.measure(State.INSUFFICIENT)
    place.write(lambda store: store.save_health([status(health, why="no address answered")]))
    page = _text((await place.get("/")).text)

    assert f"This vantage point is {word}: here" in page
    assert "Its results are insufficient: nothing is claimed to be blocked or down from there." in page
    assert "no address answered" in page


async def test_a_control_that_is_sick_raises_no_alarm(place: Any, status: Callable[..., VantageStatus]) -> None:
    """The banner is about places that watch; a sick control stands in the table."""
    place.write(lambda store: store.save_health([status(Health.SICK, vantage="control", role=Role.CONTROL)]))
    page = (await place.get("/")).text

    assert 'role="alert"' not in page
    assert "is-sick" in page


async def test_simulated_data_is_labelled_on_every_page(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """Front, target, event and measurement page all carry the banner and the word in the title."""
    here = replace(place.settings.vantage_points[0], simulated=True, kind="simulated")
    found = place.measure(State.BLOCKED, vantage=here)
    place.write(lambda store: store.save_events([event(simulated=True)]))

    for path in ("/", "/targets/kloop", "/events/kloop-KG-1", f"/measurements/{found}"):
        page = (await place.get(path)).text
        assert "Everything on this page comes from a simulated network" in page, path
        assert re.search(r"<title>[^<]*SIMULATED</title>", page), path


async def test_real_data_carries_no_simulated_label(place: Any) -> None:
    """The word stands nowhere on a page of real measurements."""
    place.measure()

    assert "SIMULATED" not in (await place.get("/")).text


async def test_open_events_stand_before_the_table_and_ended_ones_after(
    place: Any, event: Callable[..., BlockingEvent]
) -> None:
    """Who looks sees first what is going on now."""
    ended = event(id="other-KG-1", target="other", end=(place.now - timedelta(hours=2), place.now - timedelta(hours=1)))
    place.measure(State.BLOCKED)
    place.write(lambda store: store.save_events([event(), ended]))
    page = (await place.get("/")).text

    places = [page.index(mark) for mark in ("/events/kloop-KG-1", "<h2>Now</h2>", "/events/other-KG-1")]
    assert places == sorted(places)
    assert "for at least 1 d" in page


async def test_without_events_the_page_claims_no_freedom(place: Any) -> None:
    """No open event is said to be no proof that nothing is blocked."""
    place.measure()

    assert "That is no proof that nothing is blocked" in (await place.get("/")).text


async def test_the_front_page_loads_itself_anew_unless_told_not_to(place: Any) -> None:
    """A meta refresh keeps it live without a script, the script does where it runs, and a link turns both off."""
    live, still = await place.get("/"), await place.get("/?live=0&lang=ru")

    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in live.text
    assert '<main data-live="60"' in live.text
    assert not re.search("http-equiv|script|data-live", still.text)
    assert 'href="?lang=ru"' in still.text


async def test_a_target_page_draws_bands_events_and_claims(
    place: Any, event: Callable[..., BlockingEvent], claim: Claim, milestone: Milestone
) -> None:
    """The timeline has a lane per vantage point, the event with a link, the claim with its number, the law's date."""
    place.settings = replace(place.settings, claims=(claim,), milestones=(milestone,))
    place.measure(State.OK, ago=2 * DAY)
    place.measure(State.BLOCKED, ago=timedelta(hours=20))
    place.measure(State.OK, vantage=place.settings.vantage_points[1])
    place.write(lambda store: store.save_events([event()]))
    page = (await place.get("/targets/kloop")).text
    drawing = page[page.index('<svg class="timeline" width') : page.index("</main>")]

    assert "KG AS64500 · here" in drawing
    assert "DE AS64501 · control (control)" in drawing
    assert re.search(r'<rect class="ok"', drawing)
    assert re.search(r'<rect class="blocked"', drawing)
    assert '<a href="/events/kloop-KG-1" aria-label="KG: likely, ' in drawing
    assert '<a href="#claim-1" aria-label="Claim 1">' in drawing
    assert 'class="law"' in drawing
    assert "two providers block the site" in page
    assert "Sources disagree" in page


async def test_address_families_are_told_apart_where_ipv6_was_dialled(place: Any) -> None:
    """A page that came over IPv4 while IPv6 was blocked says both, on the target's page and the measurement's."""
    found = place.measure(ipv4=State.OK, ipv6=State.BLOCKED)
    other = place.measure(ipv4=State.OK, ago=timedelta(minutes=9))
    for path in ("/targets/kloop", f"/measurements/{found}"):
        assert "IPv4: ok · IPv6: blocked" in (await place.get(path)).text
    assert "IPv4" not in (await place.get(f"/measurements/{other}")).text


async def test_a_target_that_was_never_measured_has_a_page(place: Any) -> None:
    """A configured target without data says so instead of drawing an empty success."""
    page = (await place.get("/targets/other")).text

    assert "Nothing was measured in this stretch of time." in page
    assert "What was not seen is not known to work." in page


async def test_an_imported_series_is_shown_where_its_data_is(place: Any, cell: Cell) -> None:
    """A target that only history knows has a page, which opens at the time of the data, by day for long stretches."""
    place.write(lambda store: store.append_cells([cell]))
    near = (await place.get("/targets/twitter")).text
    far = (await place.get("/targets/twitter?since=2025-01-01&until=2026-01-01")).text

    assert "2025-10-19" in near
    assert "UG AS20294 · a series" in near
    assert "One tile a day and network" in far
    assert re.search(r'<rect class="some"[^>]*><title>2025-10-19 – 2025-10-20: ok 3, blocked 1</title>', far)


@pytest.mark.parametrize(
    "path", ["range=24h", "range=all", "since=2026-11-01", "since=2026-11-01T00:00:00Z&until=2026-11-02"]
)
async def test_a_stretch_of_time_is_a_plain_link(place: Any, path: str) -> None:
    """Named lengths and two times both work, and link to what came before."""
    place.measure()
    answer = await place.get(f"/targets/kloop?{path}")

    assert answer.status_code == 200
    assert re.search(r'rel="prev" href="\?[^"]*since=', answer.text)


@pytest.mark.parametrize(
    "query",
    [
        "range=yesterday",
        "since=soon",
        "since=2026-11-02&until=2026-11-01",
        "until=9999-12-31T23:59:59-12:00",
        "since=0001-01-01T00:00:00%2B14:00",
        "since=2026-11-02T00:00:00",
    ],
)
async def test_a_stretch_that_is_none_is_said_so(place: Any, query: str) -> None:
    """A wrong time in the address is a friendly 400."""
    answer = await place.get(f"/targets/kloop?{query}")

    assert answer.status_code == 400
    assert "That cannot be asked" in answer.text


async def test_an_event_page_gives_intervals_and_what_it_rests_on(
    place: Any, event: Callable[..., BlockingEvent]
) -> None:
    """Onset as an interval in UTC, tier with its meaning, cautious technique, counts, networks, witnesses."""
    place.write(lambda store: store.save_events([event()]))
    page = _text((await place.get("/events/kloop-KG-1")).text)

    assert "between 2026-11-22 11:50:00 and 2026-11-22 12:00:00" in page
    assert "likely" in page
    assert "another cause is not ruled out" in page
    assert "Consistent with TLS: cut off when the site&#39;s name is seen (SNI) tls.reset.sni" in page
    assert "blocked measurements 7" in page
    assert "abababababababab" in page
    assert "not yet" in page


async def test_an_event_page_shows_what_experiments_said_of_it_with_the_measurement_to_read(
    place: Any, event: Callable[..., BlockingEvent]
) -> None:
    """Rule, sentence and measurement; experiments of other networks, and those that say nothing, are left out."""
    swap = Measurement(
        kind="sni_swap",
        kind_version="1",
        target="kloop",
        url="https://kloop.kg/",
        vantage=VantagePoint(id="here", country="KG", network="AS64500"),
        started=event().onset[1] + timedelta(minutes=1),
        duration=1.0,
        steps=(),
    )
    elsewhere = replace(swap, vantage=VantagePoint(id="there", country="KG", network="AS64501"))
    found = replace(
        find(swap), rule_id="sni_swap.proven", bearing=Bearing.DECISIVE, technique="tls.reset.sni", why="Only the name."
    )

    def put(store: Store) -> None:
        store.save_events([event()])
        store.append_experiment(swap, found)
        store.append_experiment(elsewhere, replace(find(elsewhere), rule_id="other.rule", bearing=Bearing.DECISIVE))
        store.append_experiment(replace(swap, duration=2.0), find(replace(swap, duration=2.0)))

    place.write(put)
    page = (await place.get("/events/kloop-KG-1")).text

    assert "the network makes the difference sni_swap.proven Only the name." in _text(page)
    assert f"/measurements/{found.measurement}" in page
    assert "other.rule" not in page
    assert "sni_swap.unclear" not in page
    assert (await place.get(f"/measurements/{found.measurement}")).status_code == 200


async def test_an_event_of_unknown_onset_says_so(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """Where nothing was seen before, the onset has no first bound and the page explains it."""
    place.write(lambda store: store.save_events([event(onset=(None, place.now - DAY), witnesses=())]))
    page = _text((await place.get("/events/kloop-KG-1")).text)

    assert "no later than 2026-11-22 12:00:00" in page
    assert "may have begun at any earlier time" in page
    assert "comes from a series that was imported" in page


async def test_the_newest_revision_of_an_event_is_shown(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """An event that ended in its second revision is shown as ended."""
    end = (place.now - timedelta(hours=2), place.now - timedelta(hours=1))
    place.write(lambda store: store.save_events([event()]))
    place.write(lambda store: store.save_events([event(revision=2, end=end)]))
    page = _text((await place.get("/events/kloop-KG-1")).text)

    assert "between 2026-11-23 10:00:00 and 2026-11-23 11:00:00" in page
    assert "revision 2" in page


async def test_a_measurement_page_lists_its_steps(place: Any) -> None:
    """Every kind of step is a line: what was asked, of whom, what came back, and both answers of a raced lookup."""
    raced = DNSLookup(
        hop=0,
        engine="udp",
        resolver="9.9.9.9:53",
        name="kloop.kg",
        query_type="A",
        started=0.0,
        duration=0.1,
        answers=(Answer(type="A", value="10.0.0.1"),),
        datagrams=(
            Datagram(arrived=0.01, ip_ttl=44, rcode=0, answers=(Answer(type="A", value="10.0.0.1"),)),
            Datagram(arrived=0.09, ip_ttl=55, rcode=3),
        ),
    )
    found = place.measure(
        State.BLOCKED,
        steps=(
            raced,
            Screened(hop=0, address="10.0.0.1", port=443, reason="private", started=0.1),
            TCPConnect(
                hop=0, address="203.0.113.5", port=443, started=0.1, duration=0.2, failure="generic_timeout_error"
            ),
        ),
        failure="generic_timeout_error",
    )
    page = _text((await place.get(f"/measurements/{found}")).text)

    assert "kloop.kg A · 9.9.9.9:53 10.0.0.1" in page
    assert "rcode 3 (+0.090 s, IP TTL 55)" in page
    assert "not connected, on purpose 10.0.0.1 :443 private" in page
    assert "203.0.113.5 :443 generic_timeout_error" in page
    assert "blocked" in page


async def test_a_document_is_handed_out_as_a_download(place: Any) -> None:
    """The JSON is an attachment of an opaque type, so that no browser renders what strangers wrote."""
    found = place.measure()
    answer = await place.get(f"/measurements/{found}/document")

    assert answer.json()["target"] == "kloop"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert re.fullmatch(r'attachment; filename="measurement-[0-9a-f]{16}\.json"', answer.headers["content-disposition"])
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_every_address_is_documented(place: Any) -> None:
    """docs/reference/page.md, or api.md for machines, names each route that the application has."""
    app = create_app(lambda: open_store(place.folder), settings=lambda: place.settings, clock=lambda: place.now)
    folder = Path(__file__).parents[3] / "docs" / "reference"
    described = "".join((folder / name).read_text(encoding="utf-8") for name in ("page.md", "api.md"))
    paths = {re.sub(r"\{\w+(:path)?\}", "{id}", path) for path in app.openapi()["paths"]} | {"/", "/metrics"}

    assert [path for path in paths if path not in described] == []


def test_page_settings_follow_the_configuration() -> None:
    """What the file says is what the pages show; a result is fresh for three rounds of the slowest schedule."""
    schedule = ScheduleSettings(interval=timedelta(minutes=10), targets={"kloop": timedelta(minutes=20)})
    points = (Station(point=VantagePoint(id="here")),)
    settings = Settings(
        path=Path("targets.yaml"),
        targets=(Target(id="kloop", urls=("https://kloop.kg/",)),),
        vantage_points=points,
        schedule=schedule,
        web=WebSettings(host="canary.example"),
    )
    made = PageSettings.of(settings, refresh=5)

    assert made.fresh == timedelta(hours=1)
    assert [point.id for point in made.vantage_points] == ["here"]
    assert (made.hosts, made.refresh) == (("canary.example",), 5)


async def test_a_store_over_its_limit_is_told_in_each_language(place: Any) -> None:
    """The front page says that the folder is too large and that measuring goes on, and is silent below the limit."""
    assert "presscanary store status" not in (await place.get("/")).text
    place.runtime.store_bytes, place.runtime.store_limit = 2_000, 1_000
    assert "Everything is still measured and kept" in (await place.get("/?lang=en")).text
    assert "Всё по-прежнему измеряется и сохраняется" in (await place.get("/?lang=ru")).text
    assert "Баары мурдагыдай эле өлчөнүп" in (await place.get("/?lang=ky")).text
