"""`presscanary agent`: agreed to by people or scripts, running in a process of its own, stopped and wiped."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from monitor.agent.risk import LANGUAGES, VERSION, risk_text
from monitor.cli import main
from probes.model import Target
from tests.monitor.agent.conftest import TARGETS, FakeCollector, plan

INSIDE = Target(id="inside", urls=("http://192.168.254.254/",), category="media")
"""An address that is screened: it is measured without a packet leaving this machine."""


class Door(http.server.BaseHTTPRequestHandler):
    """HTTP in front of the collector in the process."""

    collector: FakeCollector
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Hand a request on, and its answer back."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = httpx.Request(self.command, f"http://collector{self.path}", headers=dict(self.headers), content=body)
        answer = asyncio.run(self.collector(request))
        self.send_response_only(answer.status_code)
        content = b"".join(answer.stream)
        for name, value in answer.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST  # noqa: N815 - as the server calls it

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector():
    """A collector behind a port of this machine; `address` is where."""
    made = FakeCollector(clock=lambda: datetime.now(UTC), plan=plan(targets=(*TARGETS, INSIDE)))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Door,), {"collector": made}))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made.address = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(tmp_path: Path, capsys):
    """Run `presscanary agent …` on a data folder of its own: exit code, output, errors."""

    def made(*arguments: str):
        code = 0
        try:
            main(["--data-dir", str(tmp_path), "agent", *arguments])
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return made


def enrol(run, collector: FakeCollector, *more: str):
    """Enrol as a script does."""
    return run("enrol", collector.address, "--token", "token-1", "--accept", str(VERSION), *more)


def test_a_script_enrols_with_the_number_of_the_text_that_it_read(run, collector, tmp_path):
    """Text, list, key and plan are shown; the consent is signed; key and folder are for nobody else."""
    code, out, _ = enrol(run, collector, "--language", "ru", "--veto", "kaktus", "--veto-category", "innocuous")

    assert code == 0
    assert "текст о рисках 1" in out
    assert collector.key.public.fingerprint in out
    for target in collector.plan.targets:
        assert target.urls[0] in out
    (consent,) = collector.consents
    assert (consent.language, consent.risk) == ("ru", VERSION)
    assert consent.categories == ("media",)
    assert consent.vetoed_categories == ("innocuous", "religion")
    assert consent.vetoed_targets == ("kaktus",)
    assert stat.S_IMODE((tmp_path / "agent").stat().st_mode) == 0o700
    assert json.loads(run("status", "--json")[1])["standing"] == "never spoke"
    assert {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "agent").iterdir()} == {0o600}


def test_a_category_that_is_left_out_by_itself_can_be_asked_for(run, collector):
    """Only by its name."""
    assert enrol(run, collector, "--category", "religion")[0] == 0

    assert "religion" in collector.consents[0].categories


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--token", "other", "--accept", "1"), 1, "does not take this token"),
        (("--token", "token-1", "--accept", "7"), 2, "risk text is number 1"),
        (("--token", "token-1"), 2, "nobody can be asked"),
        (("--token", "token-1", "--accept", "1", "--veto", "kakktus"), 2, "'kakktus'"),
        (("--token", "token-1", "--accept", "1", "--language", "de"), 2, "en, ru, ky"),
        (("--token", "token-1", "--accept", "1", "--ca", "/nowhere"), 2, "No such file"),
        (("--token", "token-1", "--accept", "1", "--proxy", "gopher://x"), 1, "cannot be asked so"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_promised(run, collector, arguments, code, words):
    """A wrong token, number, name, language, file or proxy; there is no enrolment afterwards."""
    found = run("enrol", collector.address, *arguments)

    assert found[0] == code
    assert words in " ".join(found[2].split())
    assert "Traceback" not in found[2]
    assert not collector.consents
    assert run("status")[0] == 1


def test_a_collector_in_the_clear_or_away_is_refused(run):
    """Nothing goes over the internet without TLS."""
    assert run("enrol", "http://collector.example", "--token", "t", "--accept", "1")[0] == 2
    code, _, said = run("enrol", "http://127.0.0.1:9", "--token", "t", "--accept", "1")
    assert (code, "could not be reached" in said) == (1, True)


def asked(collector: FakeCollector, tmp_path: Path, typed: str, *more: str) -> tuple[int, str]:
    """Enrol on a terminal, as a person does."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "monitor", "--data-dir", str(tmp_path), "agent", "enrol", collector.address]
    with subprocess.Popen(
        [*command, "--token", "token-1", *more], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        os.write(ours, typed.encode())
        out = process.stdout.read().decode()
        code = process.wait(60)
    os.close(ours)
    os.close(theirs)
    return code, out


def test_a_person_is_asked_in_their_language(collector, tmp_path):
    """Left out by name, agreed to with the language's own word."""
    code, out = asked(collector, tmp_path, "kaktus, innocuous\nооба\n", "--language", "ky")

    assert code == 0, out
    assert collector.consents[0].vetoed_targets == ("kaktus",)
    assert "innocuous" in collector.consents[0].vetoed_categories
    assert collector.consents[0].language == "ky"


def test_whoever_does_not_agree_leaves_nothing_behind(collector, tmp_path):
    """No key, no folder, and the token can still be used."""
    code, out = asked(collector, tmp_path, "\nno\n", "--language", "en")

    assert code == 1
    assert "nothing was agreed to" in out
    assert not (tmp_path / "agent").exists()
    assert not collector.consents


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_risk_text_says_the_same_in_each_language(language):
    """Six points, its own number, whom it is about, and no address to click on."""
    text = risk_text(language)

    assert [line[:2] for line in text.splitlines() if line[:1].isdigit()] == [f"{number}." for number in range(1, 7)]
    assert f" {VERSION})" in text.splitlines()[0]
    assert "Kloop" in text
    assert "http" not in text


@pytest.fixture
def process(tmp_path: Path):
    """Start `presscanary agent run` as a service would; what still runs at the end is ended."""
    started = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "-m", "monitor", "--data-dir", str(tmp_path), "agent", "run"]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()
        each.stdout.close()


def wait(done) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def status(run) -> dict:
    """What `status --json` says."""
    code, out, said = run("status", "--json")
    assert code == 0, said
    return json.loads(out)


def test_the_agent_runs_apart_survives_a_kill_and_is_wiped(run, collector, process, tmp_path):
    """kill -9 loses nothing that was kept; stop ends it; --wipe tells the collector and leaves no file."""
    collector.plan = plan(targets=(INSIDE,))
    assert enrol(run, collector)[0] == 0
    collector.up = False
    first = process()
    wait(lambda: (tmp_path / "agent" / "spool.db").exists() and status(run)["waiting"] == 1)
    assert status(run)["running"]
    assert run("status")[1].count("running") == 1
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not status(run)["running"]

    collector.up = True
    second = process()
    wait(lambda: len(collector.documents) >= 1)
    assert collector.measurements[0].target == "inside"
    code, out, _ = run("stop")
    assert (code, out) == (0, "Stopped.\n")
    assert second.wait(60) == 0
    assert run("stop", "--wipe")[0] == 2  # nobody can be asked here
    code, out, _ = run("stop", "--wipe", "--yes")
    assert (code, "The collector knows." in out) == (0, True)
    assert collector.gone
    assert not (tmp_path / "agent").exists()


def test_another_consent_replaces_the_first(run, collector, tmp_path):
    """What was left out before has to be named again."""
    assert enrol(run, collector, "--veto", "kaktus")[0] == 0
    assert "kaktus" in status_of_file(tmp_path)["vetoed_targets"]
    assert run("consent", "--accept", "1", "--veto", "kloop")[0] == 0
    assert status_of_file(tmp_path)["vetoed_targets"] == ["kloop"]
    assert run("consent", "--accept", "1", "--veto", "nobody")[0] == 2


def status_of_file(tmp_path: Path) -> dict:
    """The consent in the agent's folder."""
    return json.loads((tmp_path / "agent" / "consent.json").read_bytes())["document"]


def test_verbs_without_an_enrolment_say_what_to_do(run):
    """One line each."""
    for verb in ("run", "status", "consent"):
        code, _, said = run(verb)
        assert (code, "presscanary agent enrol" in said) == (1, True)
    assert run("stop", "--wipe", "--yes")[0] == 0


def test_a_damaged_file_is_named(run, collector, tmp_path):
    """And nothing is guessed from it."""
    assert enrol(run, collector)[0] == 0
    assert enrol(run, collector)[0] == 2
    place = tmp_path / "agent" / "plan.json"
    place.write_bytes(place.read_bytes().replace(b"kloop.example", b"other.example"))
    code, _, said = run("status")
    assert (code, "not what was signed" in said) == (1, True)
    (tmp_path / "agent" / "key").write_text("none")
    assert run("status")[0] == 1
    (tmp_path / "agent" / "membership.json").write_text("{")
    assert run("run")[0] == 1
