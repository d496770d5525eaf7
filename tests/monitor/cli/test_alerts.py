"""`presscanary alerts`: what was told, what waits, and what people say of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from monitor.app import utc_now
from monitor.cli import build, main
from monitor.model import Fate, Said
from monitor.store import open_store
from tests.monitor.alert.made import Inbox, event

CONFIG = """
targets: [{id: kloop-ru, urls: [https://kloop.kg/]}]
alerts:
  recipients:
  - {name: desk, to: [{channel: file, to: desk.jsonl}], language: ru}
  - {name: editor, to: [{channel: webhook, to: "http://127.0.0.1:9/", secret_env: HOOK}]}
"""
(DELIVERY,) = Inbox().at(12, event("24.kg-kg-1"), sent=False)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A configuration and a data folder with four messages; the folder."""
    monkeypatch.setenv("HOOK", "s")
    (tmp_path / "targets.yaml").write_text(CONFIG, encoding="utf-8")
    with open_store(tmp_path / "data") as store:
        store.save_events([replace(event("24.kg-kg-1"), alarm=utc_now(), onset=(None, utc_now()))])
        store.enqueue(
            [
                replace(DELIVERY, key="aa1", fate=Fate.SENT),
                replace(DELIVERY, key="bb2", fate=Fate.PROPOSED, recipient="public"),
                replace(DELIVERY, key="bb3", fate=Fate.DEAD, note="refused", attempts=1),
                replace(DELIVERY, key="cc4", fate=Fate.WITHHELD, note="daily cap", created=utc_now()),
            ]
        )
    return tmp_path


def run(place, *words):
    """The result of one command."""
    options = ["--config", str(place / "targets.yaml"), "--data-dir", str(place / "data")]
    return CliRunner().invoke(build(), [*options, "alerts", *words])


def refused(place, capsys, *words):
    """Exit code and message of a command that is refused."""
    with pytest.raises(SystemExit) as caught:
        main(["--config", str(place / "targets.yaml"), "--data-dir", str(place / "data"), "alerts", *words])
    return caught.value.code, capsys.readouterr().err


def test_list_shows_every_message_and_its_fate(place):
    """A table for people, and all of it as JSON; filters choose."""
    shown = run(place, "list").output
    assert "likely: 24.kg-kg-1 r1" in shown
    assert "daily cap" in shown
    assert [one["key"] for one in json.loads(run(place, "list", "--json").output)] == ["aa1", "bb2", "bb3", "cc4"]
    chosen = json.loads(run(place, "list", "--json", "--fate", "sent", "--event", "24.kg-kg-1").output)
    assert [one["key"] for one in chosen] == ["aa1"]
    assert json.loads(run(place, "list", "--json", "--recipient", "public", "--limit", "1").output)[0]["key"] == "bb2"


def test_pending_says_what_to_do(place):
    """What waits for approval comes first, then what was given up; what arrived is not there."""
    shown = run(place, "pending").output
    assert "alerts approve bb2" in shown
    assert "refused" in shown
    assert [one["key"] for one in json.loads(run(place, "pending", "--json").output)] == ["bb2", "bb3"]


def test_before_anything_was_stored_nothing_is_shown(tmp_path):
    """No store is no message, and no error."""
    (tmp_path / "targets.yaml").write_text(CONFIG.replace("secret_env: HOOK", "secret_env: HOME"), encoding="utf-8")
    for verb in ("list", "pending"):
        result = run(tmp_path, verb)
        assert (result.exit_code, result.output.startswith("No")) == (0, True)


def test_acknowledging_takes_the_id_as_it_stands_in_the_message(place):
    """With or without brackets around its dots."""
    result = run(place, "ack", "24[.]kg-kg-1", "--by", "anna", "--note", "calling them")
    assert result.output == "Acknowledged 24.kg-kg-1.\n"
    with open_store(place / "data", read_only=True) as store:
        (said,) = store.sayings()
    assert (said.said, said.subject, said.by, said.note) == (
        Said.ACKNOWLEDGED,
        "event:24.kg-kg-1",
        "anna",
        "calling them",
    )


def test_a_mute_ends_by_itself_and_can_be_taken_back(place):
    """Four hours unless another time is named."""
    before = utc_now()
    muted = json.loads(run(place, "mute", "target:kloop-ru", "--for", "2d", "--json").output)
    assert muted["until"][:10] == f"{before + timedelta(days=2):%Y-%m-%d}"
    assert run(place, "mute", "target:kloop-ru", "--off").output == "No longer muted: target:kloop-ru.\n"
    with open_store(place / "data", read_only=True) as store:
        assert [said.said for said in store.sayings()] == [Said.MUTED, Said.UNMUTED]


def test_approving_and_declining_take_the_beginning_of_a_key(place):
    """What is approved is written down under the whole key."""
    assert run(place, "approve", "bb").output == "Approved: to public, likely 24.kg-kg-1.\n"
    assert run(place, "approve", "bb2", "--decline").exit_code == 0
    with open_store(place / "data", read_only=True) as store:
        assert [(said.said, said.subject) for said in store.sayings()] == [
            (Said.APPROVED, "delivery:bb2"),
            (Said.DECLINED, "delivery:bb2"),
        ]


def test_while_the_monitor_writes_a_word_is_left_for_it(place):
    """The folder has one writer; the word waits in a file."""
    with open_store(place / "data"):
        result = run(place, "mute", "all")
    assert "takes it in with its next review" in result.output
    (left,) = (place / "data" / "alerts" / "orders").glob("*.json")
    assert json.loads(left.read_text(encoding="utf-8"))["subject"] == "all"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("list", "--fate", "lost"), "--fate: expected one of waiting"),
        (("ack", "nothing-1"), "nobody was told of an event 'nothing-1'"),
        (("mute", "kloop"), "expected all, or event:"),
        (("mute", "all", "--for", "ever"), "--for: expected a duration"),
        (("approve", "zz"), "no message that waits for approval begins with 'zz'"),
        (("approve", ""), "no message that waits for approval"),
        (("digest", "nobody"), "no recipient 'nobody'"),
        (("test", "nobody"), "no recipient 'nobody'"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(place, capsys, words, message):
    """It says what was expected."""
    code, said = refused(place, capsys, *words)

    assert code == 2
    assert message in said
    assert said.count("\n") == 1


def test_a_test_reaches_a_file_and_says_what_did_not_arrive(place, capsys):
    """Each address is tried now; exit code 1 where one was not taken."""
    assert run(place, "test", "desk").output == "desk (file, file): arrived\n"
    (line,) = (place / "data" / "desk.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["form"] == "test"
    assert json.loads(line)["subject"] == "Проверочное сообщение Press Canary"
    with pytest.raises(SystemExit) as caught:
        main(["--config", str(place / "targets.yaml"), "--data-dir", str(place / "data"), "alerts", "test"])
    assert caught.value.code == 1
    said = capsys.readouterr()
    assert "NOT taken: the host leads into a private or reserved network" in said.out
    assert "127.0.0.1" not in said.out + said.err


def test_a_digest_is_printed_in_the_recipients_language(place):
    """What goes on, and what was held back; nothing is sent."""
    told = json.loads(run(place, "digest", "desk", "--json").output)
    assert [story["story"] for story in told["stories"]] == ["24.kg-kg-1"]
    assert "Не отправлено вам с прошлой сводки: 1" in told["text"]
    assert "kloop[.]kg" in run(place, "digest", "desk").output
    assert not (place / "data" / "desk.jsonl").exists()
