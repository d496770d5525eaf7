"""Who sees what: strangers, users, keys and web servers in front; and what no request can get around."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from monitor.access import Database, UserRole, audit, keys, totp, users
from monitor.model import BlockingEvent, Claim, State, Tier
from monitor.store import open_store
from monitor.web import create_app
from monitor.web.gate import SIGN_INS
from probes.model import VantagePoint

PASSWORD = "twelve chars or more"


class Browser:
    """A client that keeps its cookies, over one application."""

    def __init__(self, place: Any, base: str = "http://localhost", peer: str = "192.0.2.7") -> None:
        app = create_app(
            lambda: open_store(place.folder, read_only=True),
            settings=lambda: place.settings,
            clock=lambda: place.now,
            folder=place.folder,
        )
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(peer, 40000))
        self.client = httpx.AsyncClient(transport=transport, base_url=base)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a GET, redirects not followed."""
        return await self.client.get(path, headers=headers)

    async def sign_in(
        self, name: str = "aida", password: str = PASSWORD, code: str = "", **more: str
    ) -> httpx.Response:
        """Open the form, fill it in, send it."""
        page = (await self.get("/sign-in?next=/measurements/x")).text
        hidden = dict(re.findall(r'name="(token|next)" value="([^"]*)"', page))
        fields = hidden | {"name": name, "password": password, "code": code} | more
        return await self.client.post("/sign-in", data=fields)


@pytest.fixture
def public(place: Any) -> Any:
    """A place that strangers may look at, with a viewer and an operator."""
    database = Database(place.folder)
    users.add(database, "aida", UserRole.VIEWER, PASSWORD, now=place.now, actor="test")
    users.add(database, "bek", UserRole.OPERATOR, PASSWORD, now=place.now, actor="test")
    place.settings = replace(place.settings, public=True)
    return place


async def test_ones_own_machine_asks_for_nothing(place: Any) -> None:
    """Without `public` and `sign_in` everything is open, as it always was, and no page speaks of signing in."""
    found = place.measure(State.BLOCKED)
    browser = Browser(place)

    for path in ("/", f"/measurements/{found}", "/metrics", "/api/v1/measurements", "/access"):
        assert (await browser.get(path)).status_code == 200, path
    assert "/sign-in" not in (await browser.get("/")).text


async def test_a_viewer_signs_in_and_out(public: Any) -> None:
    """A stranger is led to the form and back to where they wanted; the session opens and the sign-out ends it."""
    found = public.measure()
    browser = Browser(public)
    asked = await browser.get(f"/measurements/{found}")
    answer = await browser.sign_in()
    page = await browser.get(f"/measurements/{found}")
    token = re.search(r'action="/sign-out"><input type="hidden" name="token" value="([^"]+)"', page.text)[1]
    left = await browser.client.post("/sign-out", data={"token": token})

    assert (asked.status_code, asked.headers["location"]) == (303, f"/sign-in?next=/measurements/{found}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/measurements/x")
    assert (page.status_code, left.status_code) == (200, 303)
    assert (await browser.get(f"/measurements/{found}")).status_code == 303


async def test_cookies_are_for_this_site_alone(public: Any) -> None:
    """HttpOnly and SameSite always; behind https Secure and the `__Host-` name as well."""
    public.settings = replace(public.settings, proxies=("192.0.2.7/32",))
    plain = (await Browser(public).sign_in()).headers["set-cookie"]
    browser = Browser(public, base="https://localhost")
    browser.client.headers["X-Forwarded-Proto"] = "https"
    secure = (await browser.sign_in()).headers["set-cookie"]

    assert plain.startswith("presscanary_session=")
    assert secure.startswith("__Host-presscanary_session=")
    assert all(mark in plain and mark in secure for mark in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"))
    assert "Secure" in secure
    assert "Secure" not in plain
    assert (await browser.get("/metrics")).status_code == 200


@pytest.mark.parametrize(
    "attempt",
    [
        {"password": "wrong password"},
        {"name": "nobody"},
        {"password": ""},
        {"name": "aida\x00"},
        {"name": "' OR 1=1 --"},
    ],
)
async def test_a_wrong_sign_in_says_nothing_of_what_was_wrong(public: Any, attempt: dict[str, str]) -> None:
    """The same words for a wrong name and a wrong password, no session, a line in the record."""
    browser = Browser(public)
    answer = await browser.sign_in(**attempt)

    assert answer.status_code == 403
    assert "Name, password or code are wrong" in answer.text
    assert "presscanary_session" not in browser.client.cookies
    assert audit.entries(Database(public.folder))[-1].action == "sign-in.refused"


async def test_a_code_is_asked_for_where_it_is_switched_on(public: Any) -> None:
    """The password alone is refused, password and code open."""
    secret = totp.new_secret()
    users.set_totp(Database(public.folder), "aida", secret, now=public.now, actor="test")
    code = totp.code(secret, int(public.now.timestamp()) // 30)

    assert (await Browser(public).sign_in()).status_code == 403
    assert (await Browser(public).sign_in(code=code)).status_code == 303


async def test_a_form_from_elsewhere_is_refused(public: Any) -> None:
    """Without the token, with another's, from another origin, as another type, or much too large: 400, no session."""
    browser = Browser(public)
    await browser.get("/sign-in")
    fields = {"name": "aida", "password": PASSWORD, "token": "x"}
    token = browser.client.cookies["presscanary_form"]
    attempts: list[dict[str, Any]] = [
        {"data": fields},
        {"data": {**fields, "token": ""}},
        {"data": {**fields, "token": token}, "headers": {"Origin": "https://evil.example"}},
        {"data": {**fields, "token": token}, "headers": {"Sec-Fetch-Site": "cross-site"}},
        {"data": {**fields, "token": token}, "headers": {"Sec-Fetch-Site": "cross-site", "Origin": "null"}},
        {"json": {**fields, "token": token}},
        {"data": {**fields, "token": token, "more": "x" * 10_000}},
    ]
    for attempt in attempts:
        assert (await browser.client.post("/sign-in", **attempt)).status_code == 400
    await browser.sign_in()

    assert (await browser.client.post("/sign-out", data={"token": "x"})).status_code == 400
    assert (await browser.get("/metrics")).status_code == 200


@pytest.mark.parametrize(
    "onward", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_led_to_another_site(public: Any, onward: str) -> None:
    """Whatever `next` says, the way goes on here."""
    assert (await Browser(public).sign_in(next=onward)).headers["location"] == "/"


async def test_strangers_see_likely_and_confirmed_events_only(
    public: Any, event: Callable[..., BlockingEvent], claim: Claim
) -> None:
    """A suspected event is nowhere: not on a page, not in the API, and its blocked results are not called blocked."""
    public.measure(State.BLOCKED, target=public.settings.targets[1], technique="dns.nxdomain")
    public.measure(State.BLOCKED, technique="tls.reset.sni")
    hidden = event(id="other-KG-1", target="other", tier=Tier.SUSPECTED, technique="dns.nxdomain")
    public.write(lambda store: store.save_events([event(), hidden]))
    public.settings = replace(public.settings, claims=(claim,))
    stranger = Browser(public)
    front = (await stranger.get("/")).text
    listed = (await stranger.get("/api/v1/events")).json()["events"]
    states = {row["id"]: row["state"] for row in (await stranger.get("/api/v1/targets")).json()["targets"]}
    series = {row["target"]: row for row in (await stranger.get("/api/v1/series")).json()["series"]}

    assert [row["id"] for row in listed] == ["kloop-KG-1"]
    assert (states["kloop"], states["other"]) == ("blocked", "insufficient")
    assert (series["other"]["blocked"], series["other"]["insufficient"]) == (0, 1)
    assert "/events/kloop-KG-1" in front
    assert "/events/other-KG-1" not in front
    assert (await stranger.get("/events/other-KG-1")).status_code == 404
    assert (await stranger.get("/api/v1/events/other-KG-1/revisions")).status_code == 404
    assert (await stranger.get("/events/kloop-KG-1")).status_code == 200
    assert (await stranger.get("/api/v1/health")).json()["open_events"] == 1
    assert (await stranger.get("/targets/other")).status_code == 200
    await stranger.sign_in()
    assert "/events/other-KG-1" in (await stranger.get("/")).text


async def test_strangers_learn_nothing_of_vantage_points(public: Any, status: Callable[..., Any]) -> None:
    """They go by their network, times are rounded, reasons and documents stay inside."""
    point = VantagePoint(id="aidas-flat", country="KG", network="AS64500")
    public.settings = replace(public.settings, vantage_points=(point, public.settings.vantage_points[1]))
    public.measure(State.BLOCKED, vantage=point, ago=timedelta(minutes=7, seconds=13))
    public.write(
        lambda store: store.save_health([status(vantage="aidas-flat", why="the router at 192.168.1.1 is slow")])
    )
    stranger = Browser(public)
    pages = [(await stranger.get(path)).text for path in ("/", "/targets/kloop", "/api/v1/networks", "/api/v1/targets")]

    assert not any(word in page for page in pages for word in ("aidas-flat", "192.168.1.1", "11:52:47"))
    assert "AS64500 KG" in pages[0]
    assert "11:50:00" in pages[0]
    for path in ("/api/v1/vantage-points", "/api/v1/measurements", "/api/v1/cells?target=kloop", "/metrics"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="presscanary"'), path


async def test_an_event_that_was_likely_and_is_not_any_more_is_gone(
    public: Any, event: Callable[..., BlockingEvent]
) -> None:
    """The newest revision decides; earlier doubts of a shown event stay inside."""
    public.write(
        lambda store: store.save_events(
            [
                event(tier=Tier.SUSPECTED),
                event(revision=2),
                event(id="b", revision=1),
                event(id="b", revision=2, tier=Tier.SUSPECTED),
            ]
        )
    )
    stranger = Browser(public)
    said = (await stranger.get("/api/v1/events/kloop-KG-1/revisions")).json()["revisions"]

    assert [each["revision"] for each in said] == [2]
    assert (await stranger.get("/api/v1/events/b")).status_code == 404


async def test_where_everybody_signs_in_strangers_see_the_door_only(public: Any) -> None:
    """With `sign_in` and without `public`: no page, no list; the door, its style, the watchdog's answer."""
    public.settings = replace(public.settings, public=False, sign_in=True)
    stranger = Browser(public)

    for path in ("/", "/events/x", "/status"):
        assert (await stranger.get(path)).status_code == 303, path
    assert (await stranger.get("/api/v1/events")).status_code == 401
    for path in ("/sign-in", "/style.css", "/healthz", "/api/v1/openapi.json"):
        assert (await stranger.get(path)).status_code == 200, path


async def test_a_key_opens_what_it_is_for(public: Any) -> None:
    """Its resources and no others, no page; a wrong or revoked one is refused even where strangers may look."""
    database, browser = Database(public.folder), Browser(public)
    secret = keys.add(
        database, "feed", UserRole.VIEWER, ("measurements",), public.now + timedelta(days=1), now=public.now, actor="t"
    )

    async def status(path: str, key: str = secret) -> int:
        return (await browser.get(path, Authorization=f"Bearer {key}")).status_code

    assert await status("/api/v1/measurements") == 200
    assert [await status(path) for path in ("/api/v1/events", "/metrics", "/", "/access")] == [403, 403, 403, 403]
    assert await status("/api/v1/targets", "pck_wrong") == 401
    keys.revoke(database, "feed", now=public.now, actor="t")
    assert await status("/api/v1/measurements") == 401


async def test_operators_see_who_has_access(public: Any) -> None:
    """Users, keys and the record; a viewer may not."""
    viewer, operator = Browser(public), Browser(public)
    await viewer.sign_in()
    await operator.sign_in("bek")
    page = await operator.get("/access")

    assert (await viewer.get("/access")).status_code == 403
    assert all(word in page.text for word in ("aida", "bek", "user added", "signed in"))


async def test_a_web_server_in_front_may_say_who_it_is(public: Any) -> None:
    """The header counts from a listed proxy only; from anybody else it is air."""
    public.settings = replace(public.settings, proxies=("192.0.2.7/32",), user_header="X-Remote-User")
    believed, stranger = Browser(public), Browser(public, peer="198.51.100.9")

    assert (await believed.get("/metrics", **{"X-Remote-User": "aida@example"})).status_code == 200
    assert (await believed.get("/access", **{"X-Remote-User": "aida@example"})).status_code == 403
    assert (await believed.get("/metrics")).status_code == 401
    assert (await stranger.get("/metrics", **{"X-Remote-User": "aida@example"})).status_code == 401


async def test_who_asks_too_often_waits(public: Any) -> None:
    """429 with the seconds to wait, for that client and not for others; a proxy's clients are counted apart."""
    public.settings = replace(public.settings, rate=4, proxies=("192.0.2.7/32",))
    browser = Browser(public)
    first, second = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.99, 203.0.113.2"}
    codes = [(await browser.get("/api/v1/health", **first)).status_code for _ in range(3)]
    refused = await browser.get("/api/v1/health", **first)

    assert codes == [200, 200, 429]
    assert (refused.headers["retry-after"], refused.headers["content-type"]) == ("15", "application/problem+json")
    assert (await browser.get("/api/v1/health", **second)).status_code == 200
    assert (await browser.get("/", **first)).status_code == 200
    public.now += timedelta(seconds=15)
    assert (await browser.get("/api/v1/health", **first)).status_code == 200


async def test_guessing_from_one_client_is_slowed_down(public: Any) -> None:
    """Whatever names are tried, one client has so many attempts a minute."""
    browser = Browser(public)
    codes = [(await browser.sign_in(f"user{number}", "")).status_code for number in range(SIGN_INS // 2 + 1)]

    assert codes == [403] * (SIGN_INS // 2) + [429]


async def test_a_damaged_user_file_opens_nothing(public: Any) -> None:
    """503 for whoever brings a cookie or a key; never everything for everybody."""
    (public.folder / "access.db").write_bytes(b"damaged" * 1000)
    browser = Browser(public)

    assert (await browser.get("/metrics", Authorization="Bearer pck_x")).status_code == 503
    assert (await browser.get("/metrics", Cookie="presscanary_session=x")).status_code == 503
    assert (await browser.get("/metrics")).status_code == 401
    assert str(public.folder) not in (await browser.get("/sign-in", Cookie="presscanary_session=x")).text


async def test_every_page_is_for_somebody(public: Any, event: Callable[..., BlockingEvent]) -> None:
    """Strangers open what is public, also lists and drawings; everything else leads to the door."""
    found = public.measure(State.BLOCKED)
    public.write(lambda store: store.save_events([event()]))
    stranger = Browser(public)
    open_to_all = ("/", "/events", "/events/kloop-KG-1", "/targets/kloop", "/networks", "/check", "/status")
    codes = {path: (await stranger.get(path)).status_code for path in open_to_all}

    assert codes == dict.fromkeys(open_to_all, 200)
    for path in (f"/measurements/{found}", f"/measurements/{found}/document", "/vantage-points/here", "/access"):
        assert (await stranger.get(path)).status_code == 303, path
