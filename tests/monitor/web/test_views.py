"""Pages of networks, vantage points, events and the check; what is drawn beside what; files to take away."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.model import Bearing, BlockingEvent, Claim, Evidence, Locus, State, Tier
from monitor.store import Store
from monitor.verdict.experiments import find
from monitor.web.event import locus_of
from probes.model import Measurement, Purpose, Role, Step, TCPConnect, TLSHandshake, TTLTrial, VantagePoint

DAY = timedelta(days=1)
FAR = VantagePoint(id="far", country="KZ", network="AS64510")


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def _swap(event: BlockingEvent) -> Measurement:
    """A name swap in which only the site's name is cut, at both servers."""
    cut = {Purpose.TRIGGER_AT_TARGET, Purpose.TRIGGER_AT_ECHO}
    steps: list[Step] = []
    for purpose in (
        Purpose.TRIGGER_AT_TARGET,
        Purpose.INNOCUOUS_AT_TARGET,
        Purpose.TRIGGER_AT_ECHO,
        Purpose.INNOCUOUS_AT_ECHO,
    ):
        common: dict[str, Any] = {
            "hop": 0,
            "address": "203.0.113.5",
            "port": 443,
            "started": 0.0,
            "duration": 0.1,
            "purpose": purpose,
        }
        steps.append(TCPConnect(**common))
        failure = "connection_reset" if purpose in cut else None
        steps.append(TLSHandshake(**common, server_name="kloop.kg", failure=failure, chain=(b"leaf",)))
    return Measurement(
        kind="sni_swap",
        kind_version="1",
        target="kloop",
        url="https://kloop.kg/",
        vantage=VantagePoint(id="here", country="KG", network="AS64500"),
        started=event.onset[1] + timedelta(minutes=1),
        duration=1.0,
        steps=tuple(steps),
    )


async def test_where_the_difference_was_made_follows_from_decisive_experiments(
    place: Any, event: Callable[..., BlockingEvent]
) -> None:
    """Verdicts left it open; a decisive swap about the same technique says that it was the network, and is drawn."""
    found = event(locus=Locus.UNKNOWN)
    swap = _swap(found)

    def put(store: Store) -> None:
        store.save_events([found])
        store.append_experiment(swap, find(swap))

    place.write(put)
    page = _text((await place.get("/events/kloop-KG-1")).text)

    assert "Where the difference was made on the network path by the experiments below" in page
    assert "site's name fails after the name connection_reset fails after the name connection_reset" in page
    assert "another name works works" in page


def test_an_experiment_about_something_else_decides_nothing(event: Callable[..., BlockingEvent]) -> None:
    """Another technique, an experiment that decides nothing, or two that contradict each other leave it unknown."""
    found = event(locus=Locus.UNKNOWN)
    decisive = replace(find(_swap(found)), bearing=Bearing.DECISIVE, technique="tls.reset.sni", locus=Locus.NETWORK)

    assert locus_of(found, [decisive]) is Locus.NETWORK
    assert locus_of(found, [replace(decisive, technique="dns.injection")]) is Locus.UNKNOWN
    assert locus_of(found, [replace(decisive, bearing=Bearing.NONE)]) is Locus.UNKNOWN
    assert locus_of(found, [decisive, replace(decisive, locus=Locus.SERVER_SIDE)]) is Locus.UNKNOWN
    assert locus_of(event(locus=Locus.SERVER_SIDE), [decisive]) is Locus.SERVER_SIDE


async def test_an_event_has_the_countrys_time_the_claims_judgement_and_its_revisions(
    place: Any, event: Callable[..., BlockingEvent], claim: Claim
) -> None:
    """Bishkek is six hours ahead; the claim says what this event says of it; the first revision stays readable."""
    place.settings = replace(place.settings, claims=(claim,))
    place.measure(State.BLOCKED, ago=DAY)
    place.write(lambda store: store.save_events([event(technique="tls"), event(revision=2)]))
    page = _text((await place.get("/events/kloop-KG-1")).text)

    assert "in KG: 2026-11-22 17:50 – 2026-11-22 18:00 (UTC+6)" in page
    assert "supported" in page
    assert "What was said before" in page
    assert "encrypted connections (TLS) fail" in page


async def test_a_network_has_its_targets_events_and_last_months(
    place: Any, event: Callable[..., BlockingEvent]
) -> None:
    """One network's page shows its own vantage points and events, and a heat map per target; a stranger is a 404."""
    place.settings = replace(place.settings, vantage_points=(*place.settings.vantage_points, FAR))
    place.measure(State.BLOCKED)
    place.measure(vantage=FAR)
    place.write(lambda store: store.save_events([event()]))
    listed = _text((await place.get("/networks")).text)
    page = (await place.get("/networks/AS64500")).text

    assert "AS64500 KG 1 1 blocked 1" in listed
    assert 'href="/vantage-points/here"' in page
    assert 'href="/vantage-points/far"' not in page
    assert "/events/kloop-KG-1" in page
    assert re.search(r'<rect class="much"[^>]*><title>2026-11-23 – 2026-11-23: blocked 1</title>', page)
    assert (await place.get("/networks/AS64510")).status_code == 200
    assert (await place.get("/networks/AS1")).status_code == 404


async def test_a_vantage_points_page_tells_its_results_and_nothing_of_its_operator(place: Any) -> None:
    """State per target, a day's counts, the last measurements of this place alone."""
    mine, other = place.measure(State.BLOCKED), place.measure(vantage=place.settings.vantage_points[1])
    page = (await place.get("/vantage-points/here")).text

    assert "In 24 hours blocked 1" in _text(page)
    assert mine in page
    assert other not in page
    assert (await place.get("/vantage-points/nobody")).status_code == 404


async def test_the_check_page_judges_claims_and_links_to_events(
    place: Any, event: Callable[..., BlockingEvent], claim: Claim
) -> None:
    """Each claim with its verdict, sources and events; a verdict that no claim has leaves none."""
    place.settings = replace(place.settings, claims=(claim,))
    place.measure(State.BLOCKED, ago=DAY)
    place.write(lambda store: store.save_events([event()]))
    page = (await place.get("/check")).text
    none = (await place.get("/check?verdict=contradicted")).text

    assert '<span class="verdict supported">supported</span>' in page
    assert '<a href="/events/kloop-KG-1">' in page
    assert "news.example" in page
    assert '<span class="verdict supported">supported</span>' not in none
    assert "No documented date is configured." in (await place.get("/check?target=nobody")).text


async def test_events_are_listed_filtered_and_paged(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """The page reads as the API does: the same filters, the same cursor, the same refusal of what it does not know."""
    found = [event(id=f"e-{number:03}", revision=1) for number in range(120)]
    closed = event(id="closed", country="KZ", end=(place.now - DAY / 2, place.now - DAY / 3))
    place.write(lambda store: store.save_events([*found, closed]))
    page = (await place.get("/events?country=KG&lang=en")).text
    (address,) = re.findall(r'rel="next" href="([^"]+)"', page)
    rest = (await place.get("/events" + address.replace("&amp;", "&"))).text

    assert len(re.findall(r'href="/events/e-\d+', page)) == 100
    assert len(re.findall(r'href="/events/e-\d+', rest)) == 20
    assert "/events/closed" in (await place.get("/events?open=false&since=")).text
    assert "None is known that fits" in (await place.get("/events?country=UZ")).text
    assert (await place.get("/events?colour=red")).status_code == 400


async def test_the_front_page_is_narrowed_by_links(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """Country, network, category and state; what does not fit is left out, controls stay."""
    place.settings = replace(place.settings, vantage_points=(*place.settings.vantage_points, FAR))
    place.measure(State.BLOCKED)
    place.measure(vantage=FAR)
    place.write(lambda store: store.save_events([event(), event(id="kz", country="KZ", networks=("AS64510",))]))
    whole = (await place.get("/")).text
    narrow = (await place.get("/?country=KZ")).text
    blocked = (await place.get("/?state=blocked&category=media")).text

    assert 'href="?country=KZ"' in whole
    assert "/vantage-points/far" in narrow
    assert "/vantage-points/here" not in narrow
    assert "/vantage-points/control" in narrow
    assert "/events/kz" in narrow
    assert "/events/kloop-KG-1" not in narrow
    assert 'href="/targets/kloop?' not in blocked
    assert "<bdi>Kloop</bdi>" in blocked
    assert "<bdi>Other</bdi>" not in blocked


async def test_steps_stand_beside_the_nearest_controls(place: Any, steps: Callable[[str], tuple[Step, ...]]) -> None:
    """The same step of the control's nearest measurement of the same address; without one the page says so."""
    lonely = place.measure(State.BLOCKED, steps=steps("cut"), ago=DAY)
    found = place.measure(State.BLOCKED, steps=steps("cut"))
    control = place.settings.vantage_points[1]
    place.measure(vantage=control, steps=steps("far"), ago=timedelta(minutes=20))
    near = place.measure(vantage=control, steps=steps("near"), ago=timedelta(minutes=6))
    page = (await place.get(f"/measurements/{found}")).text

    assert f'href="/measurements/{near}"' in page
    assert "control: near" in _text(page)
    assert page.count('class="there"') == 3
    assert "No control measured the same address" in (await place.get(f"/measurements/{lonely}")).text
    assert place.settings.vantage_points[1].role is Role.CONTROL


async def test_a_drawing_is_taken_away_as_svg_png_and_csv(
    place: Any, event: Callable[..., BlockingEvent], claim: Claim
) -> None:
    """The SVG stands alone and has no link; the PNG is one; the CSV has the counts. All are attachments."""
    place.settings = replace(place.settings, claims=(claim,))
    place.measure(State.BLOCKED)
    place.write(lambda store: store.save_events([event()]))
    for query in ("range=90d", "range=7d"):
        svg = await place.get(f"/targets/kloop/timeline.svg?{query}&lang=ru")
        png = await place.get(f"/targets/kloop/timeline.png?{query}")
        sheet = await place.get(f"/targets/kloop/timeline.csv?{query}")
        rows = list(csv.DictReader(io.StringIO(sheet.text)))

        assert svg.text.startswith("<svg xmlns=")
        assert "<a " not in svg.text
        assert "var(" not in svg.text
        assert "AS64500" in svg.text
        assert png.content.startswith(b"\x89PNG\r\n")
        assert [row["blocked"] for row in rows] == ["1"]
        assert all("attachment" in each.headers["content-disposition"] for each in (svg, png, sheet))
    place.measure(ago=timedelta(minutes=9))
    for path in ("/targets/kloop/speed", "/networks/AS64500/timeline"):
        svg, png, sheet = [await place.get(f"{path}.{form}") for form in ("svg", "png", "csv")]
        assert "AS64500" in svg.text
        assert png.content.startswith(b"\x89PNG\r\n")
        assert len(list(csv.DictReader(io.StringIO(sheet.text)))) == 1
    assert "0.9," in (await place.get("/targets/kloop/speed.csv")).text
    assert (await place.get("/networks/AS1/timeline.svg")).status_code == 404
    assert (await place.get("/targets/kloop/timeline.pdf")).status_code == 404
    assert (await place.get("/targets/nobody/timeline.svg")).status_code == 404


async def test_a_target_compares_its_networks_and_tells_speed_and_certificate(place: Any) -> None:
    """Shares leave out what proves nothing; a mirror that nobody watches is said to be unknown."""
    mirrored = replace(place.settings.targets[0], mirrors=("https://mirror.example/", "https://other.example/"))
    place.settings = replace(place.settings, targets=(mirrored, *place.settings.targets[1:]))
    for minutes, state in enumerate((State.OK, State.OK, State.OK, State.BLOCKED, State.INSUFFICIENT), 1):
        place.measure(state, ago=timedelta(minutes=minutes))
    page = _text((await place.get("/targets/kloop?range=24h")).text)

    assert "AS64500 KG ok" in page
    assert "75.0 % 3 1 0 1 1" in page
    assert "half within 0.90 s, 19 of 20 within 0.90 s" in page
    assert "mirror.example not watched: nothing is known of it" in page
    assert "75,0 %" in (await place.get("/targets/kloop?range=24h&lang=ru")).text


async def test_the_way_to_a_site_is_drawn_hop_by_hop(place: Any) -> None:
    """What came back at each number of routers, under the site's name and another; the best of several tries counts."""

    def trial(ttl: int, purpose: Purpose, failure: str | None, router: str = "") -> TTLTrial:
        return TTLTrial(
            hop=0,
            method="tls",
            name="kloop.kg" if purpose is Purpose.TRIGGER_AT_TARGET else "www.example.com",
            address="203.0.113.5",
            port=443,
            ttl=ttl,
            started=0.1,
            duration=0.1,
            failure=failure,
            router=router,
            purpose=purpose,
        )

    ours, other = Purpose.TRIGGER_AT_TARGET, Purpose.INNOCUOUS_AT_TARGET
    found = place.measure(
        steps=(
            trial(2, ours, "host_unreachable", "203.0.113.1"),
            trial(3, ours, "generic_timeout_error"),
            trial(3, ours, "connection_reset"),
            trial(3, other, "generic_timeout_error"),
            trial(4, other, None),
        )
    )
    page = (await place.get(f"/measurements/{found}")).text
    words = _text(page[page.index("Hop by hop") :])

    assert "kloop.kg 203.0.113.5 :443 2 a router gave the message up 3 cut off" in words
    assert "www.example.com 203.0.113.5 :443 3 silence 4 answered as if by the site" in words
    assert "Hop by hop" not in (await place.get(f"/measurements/{place.measure()}")).text


@pytest.mark.parametrize("path", ["/events", "/networks", "/check"])
async def test_pages_without_data_claim_nothing(place: Any, path: str) -> None:
    """An empty folder is no fault, and no page calls anything free."""
    answer = await place.get(path)

    assert answer.status_code == 200
    assert 'class="state is-ok"' not in answer.text


async def test_the_statistic_of_an_event_is_drawn_anew(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """Failures raise the sum over the thresholds; the results that did it are named; strangers do not see them."""
    here, control = place.settings.vantage_points
    began = place.now - DAY
    for number in range(30):
        ago = DAY + timedelta(hours=3) - timedelta(minutes=10 * number)
        blocked = number >= 18
        proof = {"evidence": Evidence.ARTEFACT, "controls_agree": 3, "controls_total": 3} if blocked else {}
        for point in (here, replace(here, id="there")):
            place.measure(State.BLOCKED if blocked else State.OK, vantage=point, ago=ago, **proof)
        place.measure(vantage=control, ago=ago - timedelta(seconds=5))
    place.write(lambda store: store.save_events([event(onset=(began - timedelta(minutes=10), began))]))
    page = (await place.get("/events/kloop-KG-1/statistic")).text
    (points,) = re.findall(r'class="sum" points="([^"]+)"', page)
    heights = [float(pair.split(",")[1]) for pair in points.split()]

    assert heights[0] == 140
    assert min(heights) < 60
    assert 'class="alarm"' in page
    assert len(re.findall(r'href="/measurements/[0-9a-f]{32}"', page)) > 3
    svg, png, sheet = [await place.get(f"/events/kloop-KG-1/statistic.{form}") for form in ("svg", "png", "csv")]
    assert f'class="sum" points="{points}"' in svg.text
    assert png.content.startswith(b"\x89PNG\r\n")
    assert sum(int(row["failed"]) for row in csv.DictReader(io.StringIO(sheet.text))) == 24
    assert "/events/kloop-KG-1/statistic" in (await place.get("/events/kloop-KG-1")).text
    place.settings = replace(place.settings, public=True)
    assert (await place.get("/events/kloop-KG-1/statistic")).status_code == 404


async def test_a_statistic_without_results_says_so(place: Any, event: Callable[..., BlockingEvent]) -> None:
    """An event of imported history has no single results; an unknown one is a 404."""
    place.write(lambda store: store.save_events([event()]))

    assert "there is nothing to draw" in (await place.get("/events/kloop-KG-1/statistic")).text
    assert (await place.get("/events/nobody/statistic")).status_code == 404


async def test_strangers_see_no_place_measurement_or_thin_event_on_any_page(
    place: Any, event: Callable[..., BlockingEvent]
) -> None:
    """In public mode vantage points go by their network; single measurements and suspected events stay inside."""
    place.settings = replace(place.settings, public=True)
    found = [place.measure(State.BLOCKED), place.measure(target=place.settings.targets[1])]
    thin = event(id="suspected-1", target="other", tier=Tier.SUSPECTED)
    place.write(lambda store: store.save_events([event(witnesses=tuple(found)), thin]))
    for path in (
        "/",
        "/events",
        "/events/kloop-KG-1",
        "/targets/kloop?range=24h",
        "/targets/kloop?range=90d",
        "/targets/kloop/timeline.csv",
        "/targets/kloop/speed.csv",
        "/networks",
        "/networks/AS64500",
        "/networks/AS64500/timeline.svg",
        "/check",
    ):
        answer = await place.get(path)
        assert answer.status_code == 200, path
        assert 'href="/measurements/' not in answer.text, path
        assert "/vantage-points/" not in answer.text, path
        assert "suspected-1" not in answer.text, path
        assert not re.search(r"[>,]here[<,]", answer.text), path
    assert "shown to those who sign in" in (await place.get("/events/kloop-KG-1")).text
    for path in (
        "/events/suspected-1",
        "/vantage-points/here",
        f"/measurements/{found[0]}",
        "/events/kloop-KG-1/statistic",
    ):
        assert (await place.get(path)).status_code in (303, 401, 403, 404), path
