"""The threat table of SECURITY.md at the collector: each attack is refused with its word, and leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.collector import IdentityError, signing_key
from monitor.fleet import Status, flags, members, tokens
from monitor.sshsig import SigningKey
from monitor.store import open_store
from monitor.wire import Letter
from monitor.wire import consent as consents
from monitor.wire.batch import MOST_BYTES, MOST_INFLATED, zstd
from probes.document import canonical
from tests.monitor.collector.house import ADDRESS, TARGETS, Agent, house


@pytest.fixture
def home(tmp_path):
    """A collector that watches four targets."""
    with house(tmp_path) as made:
        yield made


def refused(answer, status, code):
    """Whether an answer is that refusal, as a problem document that repeats nothing."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert set(answer.json()) <= {"type", "title", "status", "code", "detail", "expected", "previous"}
    return True


def stored(home):
    with open_store(home.folder / "data", read_only=True) as store:
        return len(store.outcomes())


# ------------------------------------------------------------------------------------------------ bombs and floods


@pytest.mark.parametrize(
    "content",
    [
        zstd.compress(bytes(512 * 1024 * 1024)),
        zstd.compress(bytes(MOST_INFLATED + 1)),
        gzip.compress(bytes(16 * 1024 * 1024)),
        b"\x28\xb5\x2f\xfd" + bytes(range(256)) * 16,
        zstd.compress(b"{}\n")[:-3],
        zstd.compress(b"{}\n") * 2,
        b"",
    ],
    ids=["bomb", "one byte too many", "gzip", "noise", "cut off", "two frames", "empty"],
)
def test_a_bomb_is_refused_before_it_is_large(home, content):
    """A frame that inflates to half a gigabyte is refused at 8 MiB; what is no single frame is refused at once."""
    agent = home.agent()
    answer = agent.post(content)
    assert answer.status_code in (400, 413)
    assert refused(answer, answer.status_code, "too_large" if answer.status_code == 413 else "malformed")
    assert agent.receipt(agent.send([agent.measured()])).accepted == 1


@pytest.mark.parametrize("kind", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
def test_nothing_is_inflated_because_a_header_says_so(home, kind):
    """A Content-Encoding is refused, whatever it is."""
    agent = home.agent()
    assert refused(agent.post(gzip.compress(bytes(9_000_000)), headers={"Content-Encoding": kind}), 400, "malformed")


def test_a_batch_that_is_too_long_is_not_read_to_its_end(home):
    """More than 1 MiB is refused by its Content-Length, and by counting where that lies or is missing."""
    agent = home.agent()
    long = b"x" * (MOST_BYTES + 1)
    assert refused(agent.post(long), 413, "too_large")
    seen = []

    async def pieces():
        for _ in range(100):
            seen.append(1)
            yield b"x" * 100_000

    headers = agent.headers("POST", "/agent/v1/batches", b"")
    answer = home.ask("POST", "/agent/v1/batches", content=pieces(), headers=headers)
    assert refused(answer, 413, "too_large")
    for told in ("-1", "1e3", "9" * 40, "١"):
        answer = home.ask("POST", "/agent/v1/offer", content=b"{}", headers={"Content-Length": told.encode()})
        assert refused(answer, 413, "too_large")


def test_too_many_rows_are_refused(home):
    """501 measurements in one batch are refused as a whole; the agent makes smaller ones."""
    agent = home.agent()
    assert refused(agent.send([b"{}"] * 501), 413, "too_large")
    receipt = agent.receipt(agent.send([b"{}"] * 500))
    assert (receipt.accepted, len(receipt.refused)) == (0, 500)


def test_deep_json_breaks_nothing(home):
    """Nesting that would exhaust the stack is malformed, in a letter, in a header and in a request."""
    agent = home.agent()
    deep = b'{"a":' * 100_000
    assert refused(agent.post(zstd.compress(deep + b"\n")), 400, "malformed")
    assert refused(agent.ask("POST", "/agent/v1/consent", deep[:60_000]), 400, "malformed")
    assert refused(home.ask("POST", "/agent/v1/offer", content=deep[:60_000]), 400, "malformed")


def test_who_asks_too_often_waits_and_nobody_else_does(tmp_path):
    """Of one key the seventh request in a minute is answered 429 with Retry-After; another key goes on."""
    with house(tmp_path, text=TARGETS.replace("rate: 10000,", "rate: 12,")) as home:
        flooding, other = home.agent(), home.agent("kg-2")
        answers = [flooding.fetch() for _ in range(8)]
        assert refused(answers[-1], 429, "busy")
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert other.fetch().status_code == 200
        home.watch.now += timedelta(seconds=int(answers[-1].headers["Retry-After"]))
        assert flooding.fetch().status_code == 200


def test_strangers_are_counted_by_their_address(tmp_path):
    """Guessing tokens ends at the address's rate, before the database is asked."""
    with house(tmp_path, text=TARGETS.replace("address_rate: 100000", "address_rate: 10")) as home:
        answers = [home.ask("POST", "/agent/v1/offer", json={"token": f"pct_{number}"}) for number in range(8)]
        assert all(refused(answer, 403, "token") for answer in answers[:5])
        assert refused(answers[-1], 429, "busy")


def test_a_full_queue_asks_to_come_later(home):
    """Where enough batches wait, the next one is answered 503 with Retry-After, and is taken when they are done."""
    agent, desk = home.agent(), home.made.desk
    desk._waiting = home.made.settings.collector.waiting
    _, content = agent.sealed([agent.measured()])
    answer = agent.post(content)
    assert refused(answer, 503, "busy")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    desk._waiting = 0
    assert agent.receipt(agent.post(content)).accepted == 1


# --------------------------------------------------------------------------------------------- signatures and time


def test_a_request_is_bound_to_its_method_path_and_body(home):
    """A signature that was made for something else opens nothing."""
    agent = home.agent()
    body = b"{}"
    signed = agent.headers("POST", "/agent/v1/consent", body)
    for method, path, content in (
        ("POST", "/agent/v1/farewell", body),
        ("POST", "/agent/v1/batches", body),
        ("POST", "/agent/v1/consent", b"{ }"),
        ("GET", "/agent/v1/plan", body),
    ):
        assert refused(home.ask(method, path, content=content, headers=signed), 401, "signature")


@pytest.mark.parametrize("header", ["Signature", "Signature-Input", "Content-Digest"])
@pytest.mark.parametrize("value", ["", "presscanary=:AAAA:", "sig1=()", "x" * 5000, "presscanary=:" + "A" * 86 + "==:"])
def test_headers_that_are_no_signature_are_refused(home, header, value):
    """Missing, short, foreign and wrong signatures have one answer."""
    agent = home.agent()
    headers = agent.headers("GET", "/agent/v1/plan", b"") | {header: value}
    assert refused(home.ask("GET", "/agent/v1/plan", headers=headers), 401, "signature")


def test_an_unsigned_request_is_refused(home):
    """Nothing but an offer is answered to whom nobody knows."""
    for method, path in (
        ("GET", "plan"),
        ("POST", "consent"),
        ("POST", "batches"),
        ("POST", "farewell"),
        ("POST", "enrol"),
    ):
        assert refused(home.ask(method, f"/agent/v1/{path}"), 401, "signature")


def test_a_key_that_was_never_enrolled_opens_nothing(home):
    """A stranger's key is refused in the same words as a wrong signature."""
    home.agent()
    stranger = Agent(home)
    for answer in (stranger.fetch(), stranger.post(b"x"), stranger.ask("POST", "/agent/v1/farewell")):
        assert refused(answer, 401, "signature")


def test_another_key_cannot_deliver_in_ones_name(home):
    """A batch whose header is signed by somebody else, or names somebody else, is refused."""
    one, two = home.agent(), home.agent("kg-2")
    _, content = two.sealed([two.measured()])
    assert refused(one.post(content), 401, "signature")
    _, content = one.sealed([one.measured()], key=two.key.public.fingerprint)
    assert refused(one.post(content), 400, "malformed")
    assert stored(home) == 0


def test_rows_that_were_changed_on_the_way_are_refused(home):
    """A row that was put in, left out, moved or changed is not what the header names."""
    agent = home.agent()
    header, content = agent.sealed([agent.measured(), agent.measured(5)])
    letter, first, second, _ = zstd.decompress(content).split(b"\n")
    for lines in (
        [letter, first],
        [letter, second, first],
        [letter, first, second, first],
        [letter, first, second[:-1]],
    ):
        assert refused(agent.post(zstd.compress(b"\n".join([*lines, b""]))), 400, "malformed")
    changed = json.loads(letter)
    changed["document"]["waiting"] = 1
    assert refused(agent.post(zstd.compress(canonical(changed) + b"\n")), 401, "signature")
    assert stored(home) == 0
    assert agent.receipt(agent.post(content)).batch == header.sha256


def test_a_request_that_comes_again_is_refused(home):
    """A consent, a plan or a farewell that somebody caught and sends again is known by its word."""
    agent = home.agent()
    body = canonical(agent.consent(vetoed=["kloop"]))
    for method, path, content in (("POST", "consent", body), ("GET", "plan", b"")):
        headers = agent.headers(method, f"/agent/v1/{path}", content)
        answers = [home.ask(method, f"/agent/v1/{path}", content=content, headers=headers) for _ in range(2)]
        assert answers[0].is_success
        assert refused(answers[1], 401, "signature")


def test_a_new_batch_does_not_go_under_an_old_word(home):
    """A nonce that was used opens nothing for another batch."""
    agent = home.agent()
    header, content = agent.sealed([agent.measured()])
    assert agent.post(content, nonce="n" * 22).status_code == 200
    agent.advance(header)
    _, another = agent.sealed([agent.measured(5)])
    assert refused(agent.post(another, nonce="n" * 22), 401, "signature")


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365, 60 * 24 * 365])
def test_a_skewed_clock_is_told_the_time(home, minutes):
    """A request of another time is refused with the code `clock`, and its Date says which time it is here."""
    agent = home.agent()
    answer = agent.fetch(now=home.watch.now + timedelta(minutes=minutes))
    assert refused(answer, 401, "clock")


def test_a_revoked_key_is_refused_while_requests_are_under_way(home):
    """The key that was revoked a moment ago delivers nothing, also what was sealed before."""
    agent = home.agent()
    _, content = agent.sealed([agent.measured()])
    members.revoke(home.made.desk.fleet, "kg-1", why="seized", now=home.watch.now, actor="test")
    assert refused(agent.post(content), 403, "revoked")
    assert refused(agent.enrol(home.token("kg-2")), 403, "token")
    assert stored(home) == 0


@pytest.mark.parametrize(
    ("change", "expected"), [({"sequence": 3}, 2), ({"sequence": 1}, 2), ({"previous": "0" * 64}, 2)]
)
def test_a_chain_that_does_not_fit_is_told_where_it_broke(home, change, expected):
    """Numbers left out, used twice, or another past: refused with the next number and the hash before it."""
    agent = home.agent()
    assert agent.send([agent.measured()]).status_code == 200
    answer = agent.send([agent.measured(9)], **change)
    assert refused(answer, 409, "sequence")
    assert (answer.json()["expected"], answer.json()["previous"]) == (2, agent.previous)
    assert ([flag.kind for flag in flags.every(home.made.desk.fleet)] == ["fork"]) is (change == {"sequence": 1})


def test_a_copied_key_shows(tmp_path):
    """Two machines with one key fork its chain and are seen in two networks in turn: both are flags."""
    networks = ["AS12997"]
    with house(tmp_path, network_of=lambda _: networks[0]) as home:
        agent = home.agent()
        copy = Agent(home, key=agent.key, collector=agent.collector, plan=agent.plan, plan_hash=agent.plan_hash)
        for turn in range(4):
            networks[0] = ("AS12997", "AS50223")[turn % 2]
            (agent, copy)[turn % 2].send([agent.measured(turn)])
            home.watch.now += timedelta(minutes=3)
        assert [flag.kind for flag in flags.every(home.made.desk.fleet)] == ["fork", "two_networks"]


# --------------------------------------------------------------------------------------------------- tokens, texts


def test_a_stolen_token_is_good_once(home):
    """Whoever comes second with a token is refused, and gets no second offer."""
    token = home.token()
    assert Agent(home).enrol(token).status_code == 200
    assert refused(Agent(home).enrol(token), 403, "token")


def test_an_enrolment_whose_answer_was_lost_can_be_asked_for_again(home):
    """The same token with the same key has the same answer, and makes no second member."""
    agent, token = Agent(home), home.token()
    assert agent.enrol(token).status_code == 200
    body = json.dumps({"token": token, "consent": agent.consent()}).encode()
    assert agent.ask("POST", "/agent/v1/enrol", body).json() == {"vantage": "kg-1"}
    assert len(members.every(home.made.desk.fleet)) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"plan": "0" * 64}, 400, "malformed"),
        ({"risk": 0}, 403, "consent"),
        ({"key": "ssh-rsa AAAA"}, 400, "malformed"),
        ({"key": SigningKey.generate().public.line}, 401, "signature"),
        ({"time": "yesterday"}, 400, "malformed"),
    ],
)
def test_a_consent_that_is_none_makes_no_member(home, change, status, code):
    """Without an agreement to our own plan and risk text, signed by the key itself, nobody is enrolled."""
    token = home.token()
    assert refused(Agent(home).enrol(token, **change), status, code)
    assert members.every(home.made.desk.fleet) == ()
    assert tokens.find(home.made.desk.fleet, token, now=home.watch.now) is not None


def test_letters_do_not_pass_for_one_another(home):
    """A consent's document that was signed for another purpose is no consent."""
    agent = home.agent()
    letter = Letter.sign(agent.agreement(), agent.key, consents.NAMESPACE.replace("consent", "batch"))
    assert refused(agent.ask("POST", "/agent/v1/consent", letter.content), 401, "signature")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f..%2fplan", "plan/../../healthz", "plan%00", "PLAN", "batches/"]
)
def test_paths_lead_nowhere_else(home, name):
    """There is nothing beside the requests of the protocol, however it is written."""
    answer = home.ask("GET", f"/agent/v1/{name}")
    assert answer.status_code in (200, 307, 401, 404, 405)
    assert "passwd" not in answer.text
    assert answer.status_code != 200 or answer.json()["status"] == "ok"


def test_what_strangers_send_comes_back_nowhere(home, caplog):
    """Control characters, markup and line breaks in every field reach no answer, no header and no log."""
    agent = home.agent()
    evil = "evil\r\nSet-Cookie: a=b\x1b[31m<script>"
    with caplog.at_level(logging.DEBUG):
        answers = [
            home.ask("POST", "/agent/v1/offer", json={"token": evil}),
            home.ask("POST", "/agent/v1/offer", json={evil: evil}),
            agent.send([replace(agent.measured(), software=evil, target=evil, url=evil)]),
            agent.send([json.dumps({evil: evil}).encode()]),
            agent.send([], software=evil),
            agent.send([], plan=evil),
            agent.ask("POST", "/agent/v1/consent", canonical(agent.consent(language=evil, categories=(evil,)))),
            agent.fetch(headers={"If-None-Match": "evil", "X-Forwarded-For": "evil", "User-Agent": "evil"}),
        ]
    for answer in answers:
        assert "evil" not in answer.text
        assert "evil" not in str(answer.headers)
    assert "evil" not in caplog.text


def test_a_forwarded_address_is_believed_from_a_known_front_only(tmp_path):
    """X-Forwarded-For of a stranger changes nothing; of a web server in front it is looked up, and comes back plain."""
    seen = []
    with house(tmp_path, network_of=lambda address: seen.append(address) or "AS1") as home:
        agent = home.agent()
        agent.fetch(headers={"X-Forwarded-For": "203.0.113.9"})
        assert set(seen) == {ADDRESS}
        front = replace(home.made.settings.collector, proxies=("198.51.100.0/24",))
        home.made.settings = replace(home.made.settings, collector=front)
        answer = agent.fetch(headers={"X-Forwarded-For": "192.0.2.1, 203.0.113.9"})
        assert (seen[-1], answer.headers["Your-Address"]) == ("203.0.113.9", "203.0.113.9")
        assert "Your-Address" not in agent.fetch(headers={"X-Forwarded-For": "<script>"}).headers


def test_the_key_of_the_collector_is_kept_close(tmp_path):
    """It is made once, readable by its owner; a file that others can read, or that is none, is refused."""
    path = tmp_path / "data" / "collector.key"
    made = signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert signing_key(path).public == made.public
    assert [each.name for each in path.parent.iterdir()] == ["collector.key"]
    path.chmod(0o640)
    with pytest.raises(IdentityError, match="chmod 600"):
        signing_key(path)
    path.chmod(0o600)
    path.write_bytes(b"not a key")
    with pytest.raises(IdentityError, match="no file with an ssh-ed25519"):
        signing_key(path)


def test_a_member_that_waits_cannot_be_approved_by_itself(home):
    """Nothing that an agent can send changes its own status, place or role."""
    agent = home.agent(approved=False)
    agent.enrol(home.token("kg-2"))
    agent.ask("POST", "/agent/v1/consent", canonical(agent.consent() | {"status": "approved"}))
    (member,) = members.every(home.made.desk.fleet)
    assert (member.vantage, member.status, member.role) == ("kg-1", Status.PENDING, "vantage")
