"""Each channel against a real server on loopback: what it sends, and what it makes of each answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from monitor.alert.channels import Delivered, Later, Refused, all_channels
from monitor.alert.letter import compose
from monitor.alert.outside import Outside, UnreachableError
from monitor.alert.settings import Address
from monitor.model import Stage, Tier
from tests import report
from tests.monitor.alert.cap_schema import faults
from tests.monitor.alert.made import AT, Inbox, event, minutes, recipient
from tests.monitor.alert.sink import sink
from tests.monitor.store.engines import free_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
LOCAL = Outside(allow=frozenset({"127.0.0.1", "localhost"}))


def address(channel, to="", secret="", **options):
    """An address that the channel itself finds no fault with."""
    made = Address(name="x", channel=channel, to=to, secret=secret, options=options)
    assert all_channels()[channel].mistake(made) is None
    return made


def letter(where, earlier=(), who=None, **changes):
    """A likely block as a letter to an address."""
    who = who or recipient(addresses=(where,))
    (delivery,) = Inbox(who).at(12, event())
    alerts = tuple(replace(alert, **changes) for alert in delivery.alerts)
    made = compose(replace(delivery, alerts=alerts, quiet=bool(earlier)), who, where, earlier=tuple(earlier))
    return replace(made, public=who.public)


async def sent(where, **more):
    """The answer of an address's channel to a letter."""
    return await all_channels()[where.channel].send(letter(where, **more), LOCAL)


@pytest.fixture
def server():
    """A running HTTP server."""
    with sink() as made:
        yield made


def test_every_channel_is_told_of_in_the_reference():
    """The page about alerts has a row for each, and none for what is not there."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "alerts.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}

    assert set(all_channels()) <= rows


async def test_a_file_holds_each_letter_once_and_mends_a_broken_line(tmp_path):
    """A line that a crash cut off is removed, and a key that is there is not written again."""
    path = tmp_path / "out.jsonl"
    path.write_bytes(b'{"key": "half')
    for _ in range(2):
        assert await sent(address("file", str(path))) == Delivered(receipt=letter(address("file", str(path))).key)

    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["alerts"][0]["story"] == "ev-1"


async def test_a_webhook_is_signed_over_its_time_and_body(server):
    """Who has the secret can tell that it is ours, whole and new; the key goes along."""
    assert await sent(address("webhook", f"{server.url}/hook?x=1", secret="s3cret")) == Delivered()

    method, path, headers, body = server.requests[0]
    stamp = headers["x-presscanary-timestamp"]
    expected = hmac.new(b"s3cret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert (method, path) == ("POST", "/hook?x=1")
    assert headers["x-presscanary-signature"] == f"sha256={expected}"
    assert abs(time.time() - int(stamp)) < 3600
    assert headers["idempotency-key"] == server.last["id"]
    assert (server.last["version"], server.last["alerts"][0]["stage"]) == (1, "likely")
    assert "s3cret" not in str(headers) + body.decode()


async def test_a_webhook_comes_in_a_cloudevents_envelope_where_asked(server):
    """The four attributes that CloudEvents 1.0 requires are there, and the same document is the data."""
    await sent(address("webhook", server.url, secret="s", envelope="cloudevents"))

    assert {"specversion": "1.0", "type": "org.presscanary.alert.likely.v1"}.items() <= server.last.items()
    assert server.last["id"] == server.last["data"]["id"]
    assert server.last["source"]
    assert server.requests[0][2]["content-type"] == "application/cloudevents+json"


@pytest.mark.parametrize(
    ("status", "headers", "answer"),
    [
        (204, {}, Delivered()),
        (429, {"Retry-After": "17"}, Later(why="the other side answered 429", after=17.0)),
        (503, {}, Later(why="the other side answered 503")),
        (410, {}, Refused(why="the other side answered 410")),
        (302, {"Location": "http://169.254.169.254/"}, Refused(why="the other side answered 302")),
    ],
)
async def test_what_a_status_says_of_a_webhook(server, status, headers, answer):
    """Taken, later, or never; a redirect is not followed."""
    server.answers = [(status, headers, {})]

    assert await sent(address("webhook", server.url, secret="s")) == answer
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "http://[64:ff9b::7f00:1]/",
    ],
)
async def test_no_webhook_leads_into_our_own_network(url):
    """Loopback, private, link-local and translated addresses are refused before anything is dialled."""
    with pytest.raises(UnreachableError, match="private or reserved") as caught:
        await Outside().request("POST", url)

    assert caught.value.forbidden


TOKEN = "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAA"


async def test_telegram_gets_plain_text_without_preview_and_answers_the_first_message(server):
    """The receipt is the message's number; an update is silent and a reply."""
    where = address("telegram", "-1001", TOKEN, server=server.url)
    server.answers = [(200, {}, {"ok": True, "result": {"message_id": 77}})]

    assert await sent(where) == Delivered(receipt="77")
    assert server.requests[0][1] == f"/bot{TOKEN}/sendMessage"
    assert {
        "chat_id": "-1001",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": False,
    }.items() <= (server.last.items())
    assert "parse_mode" not in server.last
    server.answers = [(200, {}, {"ok": True, "result": {"message_id": 78}})]
    await sent(where, earlier=("77",))
    assert server.last["reply_parameters"]["message_id"] == 77
    assert server.last["disable_notification"] is True


@pytest.mark.parametrize(
    ("status", "said", "answer"),
    [
        (
            429,
            {"ok": False, "error_code": 429, "parameters": {"retry_after": 31}},
            Later(why="Telegram answered 429", after=31.0),
        ),
        (403, {"ok": False, "description": "Forbidden: bot was blocked"}, Refused(why="Telegram answered 403")),
        (502, "no object", Later(why="Telegram answered 502")),
    ],
)
async def test_telegram_says_when_to_try_again(server, status, said, answer):
    """Its documented answers are understood; its words are not repeated."""
    server.answers = [(status, {}, said)]

    assert await sent(address("telegram", "@example", TOKEN, server=server.url)) == answer


async def test_matrix_takes_a_key_once_and_threads(server):
    """The transaction's id is the delivery's key, and an update is a notice in the first message's thread."""
    where = address("matrix", "!room:example.org", "token", server=server.url)
    server.answers = [(200, {}, {"event_id": "$one"})]

    assert await sent(where) == Delivered(receipt="$one")
    method, path, headers, _ = server.requests[0]
    key = letter(where).key
    assert (method, path) == ("PUT", f"/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/{key}")
    assert headers["authorization"] == "Bearer token"
    assert server.last["m.mentions"] == {}
    server.answers = [(200, {}, {"event_id": "$two"})]
    await sent(where, earlier=("$one",))
    assert server.last["msgtype"] == "m.notice"
    assert server.last["m.relates_to"]["event_id"] == "$one"


async def test_matrix_says_when_to_try_again(server):
    """M_LIMIT_EXCEEDED names milliseconds."""
    server.answers = [(429, {}, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}), (403, {}, {})]
    where = address("matrix", "!room:example.org", "token", server=server.url)

    assert await sent(where) == Later(why="the homeserver answered 429", after=2.5)
    assert await sent(where) == Refused(why="the homeserver answered 403")


class Mail:
    """An SMTP server's hands: what came in, and what it says."""

    def __init__(self):
        self.messages, self.says = [], "250 OK"

    async def handle_DATA(self, _, __, envelope):  # noqa: N802 - the library's name
        self.messages.append(envelope)
        return self.says


@pytest.fixture(scope="module")
def authority():
    """A certificate authority of the tests' own."""
    return trustme.CA()


@pytest.fixture(params=["starttls", "implicit"])
def mail(request, authority):
    """A running mail server that wants TLS and a password, and an address that uses it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    handler = Mail()
    implicit = request.param == "implicit"
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        require_starttls=not implicit,
        auth_required=True,
        authenticator=lambda _, __, ___, ____, data: AuthResult(success=data.password == b"hunter2", handled=False),
        auth_require_tls=not implicit,
    )
    controller.start()
    options = {"host": "localhost", "port": str(controller.port), "user": "canary", "from": "canary@example.org"}
    yield handler, address("email", "desk@example.org", "hunter2", tls=request.param, **options)
    controller.stop()


@pytest.fixture
def trusting(authority):
    """A way out that trusts the tests' authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return Outside(allow=frozenset({"localhost"}), context=context)


async def test_mail_goes_over_tls_in_two_parts_and_a_thread(mail, trusting):
    """Plain text and HTML of the same words; an update refers to the first message."""
    handler, where = mail
    channel = all_channels()["email"]
    first = await channel.send(letter(where), trusting)
    assert first == Delivered(receipt=f"<{letter(where).key}@example.org>")
    await channel.send(letter(where, earlier=(first.receipt,)), trusting)

    one, two = (envelope.content.decode() for envelope in handler.messages)
    assert "text/plain" in one
    assert "text/html" in one
    assert "In-Reply-To" not in one
    assert f"In-Reply-To: {first.receipt}" in two
    assert "hunter2" not in one


async def test_what_a_mail_server_refuses_for_now_is_tried_again(mail, trusting):
    """4xx is later, 5xx never."""
    handler, where = mail
    channel = all_channels()["email"]
    handler.says = "451 busy"
    assert await channel.send(letter(where), trusting) == Later(why="the mail server answered 451")
    handler.says = "554 no"
    assert await channel.send(letter(where), trusting) == Refused(why="the mail server answered 554")
    wrong = replace(where, secret="wrong")
    assert await channel.send(letter(wrong), trusting) == Refused(why="the mail server answered 535")


async def test_mail_is_not_handed_to_whoever_has_no_certificate(mail):
    """A server whose certificate nobody vouches for gets neither password nor message."""
    handler, where = mail
    answer = await all_channels()["email"].send(letter(where), LOCAL)

    assert isinstance(answer, Later)
    assert handler.messages == []


async def test_a_feed_has_one_entry_per_story_in_both_forms(tmp_path):
    """An end replaces the start under the same id; sending twice changes nothing."""
    where = address("feed", str(tmp_path / "kg"), title="KG & more", authority="canary.example,2026")
    over = (AT, AT + minutes(60))
    for stage, end in ((Stage.LIKELY, None), (Stage.ENDED, over), (Stage.ENDED, over)):
        await sent(where, stage=stage, end=end)
    feed = json.loads((tmp_path / "kg.json").read_text(encoding="utf-8"))
    atom = ET.parse(tmp_path / "kg.atom").getroot()
    name = {"a": "http://www.w3.org/2005/Atom"}

    (item,) = feed["items"]
    assert (item["id"], item["_presscanary"]["stage"]) == ("tag:canary.example,2026:ev-1", "ended")
    assert atom.findtext("a:title", namespaces=name) == "KG & more"
    assert atom.findtext("a:entry/a:id", namespaces=name) == item["id"]
    assert atom.findtext("a:entry/a:content", namespaces=name) == item["content_text"]
    assert atom.findtext("a:updated", namespaces=name) == item["date_modified"]


@pytest.mark.parametrize("public", [False, True])
async def test_cap_keeps_to_the_schema_and_is_public_only_with_approval(tmp_path, public):
    """Start, update, end and retraction follow the schema's order and words, and refer to the first message."""
    where = address("cap", str(tmp_path), sender="canary.example")
    who = recipient(addresses=(where,), public=public)
    earlier = ()
    kinds = {Stage.LIKELY: "Alert", Stage.EXTENDED: "Update", Stage.ENDED: "Update", Stage.RETRACTED: "Cancel"}
    for stage, kind in kinds.items():
        made = replace(letter(where, earlier=earlier, who=who, stage=stage), key=f"key-{stage.value}")
        answer = await all_channels()["cap"].send(made, LOCAL)
        text = (tmp_path / f"key-{stage.value}.xml").read_text(encoding="utf-8")
        assert faults(text) == []
        assert f"<msgType>{kind}</msgType>" in text
        assert ("<scope>Public</scope>" in text) is public
        assert text.count("<info>") == 3
        earlier = (*earlier, answer.receipt)
    assert "<certainty>Likely</certainty>" in text
    assert f"<references>{' '.join(earlier[:-1])}</references>" in text


async def test_cap_says_how_sure(tmp_path):
    """Suspected is possible, likely is likely, confirmed is observed."""
    where = address("cap", str(tmp_path), sender="canary.example")
    for tier, word in ((Tier.SUSPECTED, "Possible"), (Tier.LIKELY, "Likely"), (Tier.CONFIRMED, "Observed")):
        made = letter(where, tier=tier)
        await all_channels()["cap"].send(made, LOCAL)
        assert f"<certainty>{word}</certainty>" in (tmp_path / f"{made.key}.xml").read_text(encoding="utf-8")


@pytest.fixture
def alertmanager(tmp_path):
    """Debian's Alertmanager."""
    port = free_port()
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n", encoding="utf-8")
    command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={tmp_path / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        report.lacking("the channel alertmanager")
        pytest.skip("prometheus-alertmanager is not installed")
    for line in process.stderr:
        if "Listening on" in line or "Listening" in line:
            break
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()
    process.stderr.close()


async def test_alertmanager_holds_a_block_until_its_end_is_told(alertmanager):
    """The same story is the same alert to it: active after its start, resolved after its end."""
    where = address("alertmanager", alertmanager)

    async def active():
        reply = await LOCAL.request("GET", f"{alertmanager}/api/v2/alerts?active=true")
        return [one["labels"]["event"] for one in json.loads(reply.body)]

    lively = replace(letter(where), written=datetime.now(UTC))
    assert await all_channels()["alertmanager"].send(lively, LOCAL) == Delivered()
    assert await active() == ["ev-1"]
    over = letter(where, stage=Stage.ENDED, end=(AT, AT + minutes(60)))
    await all_channels()["alertmanager"].send(over, LOCAL)
    assert await active() == []


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_apprise_reaches_services_of_its_own(server):
    """A generic service and ntfy get the plain words; what refuses is tried again, what nobody knows is refused."""
    port = server.url.rpartition(":")[2]
    assert await sent(address("apprise", secret=f"json://127.0.0.1:{port}/x")) == Delivered()
    assert server.last["message"].startswith("LIKELY BLOCKED: kloop[.]kg")
    assert await sent(address("apprise", secret=f"ntfy://127.0.0.1:{port}/topic")) == Delivered()
    server.answers = [(500, {}, {})] * 5
    assert isinstance(await sent(address("apprise", secret=f"json://127.0.0.1:{port}/x")), Later)
    assert isinstance(await sent(address("apprise", secret="nonsense://x")), Refused)
    where = address("apprise", secret=f"json://127.0.0.1:{port}/x")
    with pytest.raises(UnreachableError, match="private"):
        await all_channels()["apprise"].send(letter(where), Outside())


@pytest.mark.parametrize(
    ("channel", "to", "secret", "options"),
    [
        ("webhook", "ftp://x", "s", {}),
        ("webhook", "https://user:pass@example.org/", "s", {}),
        ("webhook", "https://example.org/", "", {}),
        ("webhook", "https://example.org/", "s", {"envelope": "paper"}),
        ("telegram", "no chat", "t", {}),
        ("telegram", "@example", "", {}),
        ("matrix", "#alias:example.org", "t", {"server": "https://example.org"}),
        ("matrix", "!a:example.org", "t", {}),
        ("email", "nobody", "", {"host": "h", "from": "a@b.example"}),
        ("email", "a@b.example\r\nBcc: x@y.example", "", {"host": "h", "from": "a@b.example"}),
        ("email", "a@b.example", "", {"host": "h", "from": "a@b.example", "tls": "none"}),
        ("email", "a@b.example", "", {"host": "h", "from": "a@b.example", "user": "u"}),
        ("email", "a@b.example", "", {"from": "a@b.example"}),
        ("file", "", "", {}),
        ("feed", "x", "", {"authority": "no year"}),
        ("cap", "x", "", {}),
        ("cap", "x", "", {"sender": "two words"}),
        ("alertmanager", "localhost:9093", "", {}),
        ("apprise", "x", "s", {}),
        ("apprise", "", "", {}),
    ],
)
def test_an_address_that_does_not_suit_its_channel_is_told_of(channel, to, secret, options):
    """The configuration refuses it, and the words hold nothing of a secret."""
    told = all_channels()[channel].mistake(Address(name="x", channel=channel, to=to, secret=secret, options=options))

    assert told
    assert "user:pass" not in told
