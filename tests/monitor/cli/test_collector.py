"""`presscanary collector run` as a process: what it says, answers, refuses, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import time

import pytest

from monitor.cli import main
from monitor.store import open_store
from tests.monitor.collector.house import TARGETS, Agent, Remote
from tests.monitor.store.engines import free_port, packaged_postgres, postgres


@pytest.fixture
def home(tmp_path):
    """A collector that is not started yet; it is ended with the test."""
    (tmp_path / "targets.yaml").write_text(TARGETS)
    made = Remote(tmp_path, free_port())
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()


@pytest.fixture
def run(capsys):
    """Run a command in this process: exit code, output, errors."""

    def made(home, *arguments, folder=True):
        data = ["--data-dir", str(home.folder / "data")] if folder else []
        with pytest.raises(SystemExit) as left:
            main(["--config", str(home.folder / "targets.yaml"), *data, *arguments])
        printed = capsys.readouterr()
        return left.value.code or 0, printed.out, printed.err

    return made


def test_people_s_commands_work_beside_a_running_collector(home, run):
    """Invited, enrolled and revoked while it runs; a changed file is the next plan; SIGTERM ends it with 0."""
    home.start()
    agent = Agent(home)
    assert agent.enrol(home.token()).status_code == 200
    agent.fetch()
    assert agent.receipt(agent.send([agent.measured()])).accepted == 1
    (row,) = json.loads(run(home, "fleet", "list", "--json")[1])
    assert (row["vantage"], row["accepted"], row["status"]) == ("kg-1", 1, "approved")
    code, _, told = run(home, "collector", "run", "--port", "0")
    assert (code, "already writes to" in told, len(told.strip().splitlines())) == (1, True, 1)

    (home.folder / "targets.yaml").write_text(TARGETS.replace("azattyk", "kaktus"))
    home.process.send_signal(signal.SIGHUP)
    while "Reloaded" not in (home.folder / "log").read_text():
        assert home.process.poll() is None
        time.sleep(0.01)
    assert agent.fetch().status_code == 200
    assert [target.id for target in agent.plan.targets][1] == "kaktus"
    assert run(home, "fleet", "revoke", "kg-1")[0] == 0
    assert agent.send([agent.measured(9)]).json()["code"] == "revoked"
    assert home.end(signal.SIGTERM) == 0
    said = (home.folder / "log").read_text()
    assert said.startswith(f"Agents deliver at http://127.0.0.1:{home.port}/")
    assert "Traceback" not in said
    assert said.rstrip().endswith("every batch that was acknowledged is stored.")
    with open_store(home.folder / "data") as store:
        assert store.counts()["measurements"] == 1


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (TARGETS.replace("rate: 10000,", "rate: 0,"), 2, "expected 1 or more"),
        (TARGETS.replace("rate: 10000,", "certificate: chain.pem,"), 2, "certificate and certificate_key"),
        (TARGETS.replace("rate: 10000,", "canaries: {nobody: up},"), 2, "unknown target 'nobody'"),
        (TARGETS.replace("rate: 10000,", "key_file: open.key,"), 1, "can be read by others"),
        (TARGETS.replace("rate: 10000,", "prefixes: open.key,"), 1, "no table of prefixes that is known"),
    ],
)
def test_what_it_cannot_use_is_one_line(tmp_path, capsys, text, code, said):
    """Mistakes in the file are exit code 2, a key that others can read is 1."""
    (tmp_path / "targets.yaml").write_text(text)
    (tmp_path / "open.key").write_text("key")
    (tmp_path / "open.key").chmod(0o644)
    arguments = ["--config", str(tmp_path / "targets.yaml"), "--data-dir", str(tmp_path / "data"), "collector", "run"]
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--port", "0"])
    told = capsys.readouterr().err
    assert (left.value.code, said in told) == (code, True), told


def test_a_port_that_is_taken_is_said_before_anything_is_opened(home, run):
    """Exit code 1, and no store was made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, told = run(home, "collector", "run", "--port", str(taken.getsockname()[1]))
    assert (code, "cannot listen" in told, (home.folder / "data").exists()) == (1, True, False)


@pytest.mark.slow
def test_two_collectors_behind_one_name_share_one_store(tmp_path, run):
    """On PostgreSQL an agent is served by either: one enrols it, the other takes its batch, both know the receipt."""
    with postgres(packaged_postgres()) as server:
        address = server.database()
        text = f"{TARGETS}store: {{measurements: '{address}', state: '{address}'}}\n"
        text = text.replace("collector: {", "collector: {key_file: shared.key, ")
        (tmp_path / "targets.yaml").write_text(text)
        homes = [Remote(tmp_path, free_port(), on_servers=True) for _ in range(2)]
        homes[0].start()
        homes[1].start("--receive-only")
        try:
            told = run(homes[0], "fleet", "token", "kg-1", "--country", "KG", "--approve", "--json", folder=False)[1]
            agent = Agent(homes[0])
            assert agent.enrol(json.loads(told)["token"]).status_code == 200
            agent.house = homes[1]
            agent.fetch()
            _, content = agent.sealed([agent.measured(), agent.measured(5)])
            first = agent.post(content)
            assert agent.receipt(first).accepted == 2
            agent.house = homes[0]
            assert agent.post(content).content == first.content
        finally:
            ended = [home.end(signal.SIGTERM) for home in homes]
        assert ended == [0, 0]
        told = json.loads(run(homes[0], "status", "--json", folder=False)[1])
        assert told["counts"]["measurements"] == 2
        assert not list(tmp_path.rglob("fleet.db"))
