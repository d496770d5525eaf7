"""Plays a fleet's life with real processes, and prints it as it goes: about twelve minutes, and little CPU.

    python -m benchmarks.fleet_story

Everything runs in namespaces of its own (no root needed): a collector with TLS, web servers and a resolver; behind a
censor's router that resets connections to one name, an agent that is enrolled, cut off and restored; and three controls
and a liar that speak the protocol from addresses of their own. The censor is iptables. Exit code 1 where something
did not come as it should.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import httpx

from tests.lab.authority import Authority
from tests.monitor.collector.house import Agent, Remote

ALONE = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
         "--propagation", "private", "--")  # fmt: skip
WEB, RESOLVER, COLLECTOR, HOME = "93.184.216.34", "84.54.200.53", "185.199.108.8", "31.29.0.20"
OTHERS = {"de-1": "141.1.1.1", "de-2": "145.2.2.2", "nl-1": "150.3.3.3", "kg-2": "46.226.208.9"}
SITES = ("kloop", "azattyk", "canary", "library", "museum")
TABLE = (
    "AS12997\t31.29.0.0/19\nAS41750\t46.226.208.0/24\nAS3320\t141.1.0.0/16\nAS680\t145.2.0.0/16\nAS1103\t150.3.0.0/16\n"
)
FILE = """
simulated: true
targets:
  - {id: kloop, urls: ["http://kloop.example/"], category: media}
  - {id: azattyk, urls: ["http://azattyk.example/"], category: media}
  - {id: canary, urls: ["http://canary.example/"], category: media}
  - {id: library, urls: ["http://library.example/"], category: media, innocuous: true}
  - {id: museum, urls: ["http://museum.example/"], category: media, innocuous: true}
resolvers: {udp: null, doh: null}
schedule: {interval: 20s}
limits: {dns_linger: 0.2}
collector:
  host: 185.199.108.8
  certificate: chain.pem
  certificate_key: chain.pem
  prefixes: networks.tsv
  canaries: {canary: up}
"""


class Stage:
    """The namespaces and servers, and a clock that began with them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._began = folder, time.monotonic()
        self.data = folder / "collector"
        _sh("ip link set lo up")
        for each in (WEB, RESOLVER, COLLECTOR, *OTHERS.values()):
            _sh(f"ip addr add {each}/32 dev lo")
        self.home = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        _until(lambda: Path(f"/proc/{self.home.pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink())
        _sh(f"ip link add to-home type veth peer name eth0 netns {self.home.pid}")
        _sh("ip addr add 31.29.0.1/24 dev to-home && ip link set to-home up")
        inside = f"nsenter -t {self.home.pid} -n ip"
        _sh(f"{inside} link set lo up && {inside} addr add {HOME}/24 dev eth0 && {inside} link set eth0 up")
        _sh(f"{inside} route add default via 31.29.0.1")
        (folder / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        _sh(f"mount --bind {folder}/resolv.conf /etc/resolv.conf")
        threading.Thread(target=_web, daemon=True).start()
        threading.Thread(target=_names, daemon=True).start()
        authority = Authority("Press Canary lab")
        authority.issue(folder / "chain.pem", "collector.example")
        (folder / "ca.pem").write_text(_pem(authority.roots[0]))
        (folder / "networks.tsv").write_text(TABLE)
        (folder / "targets.yaml").write_text(FILE)
        (folder / "chain.pem").chmod(0o600)

    def say(self, text: str) -> None:
        """One line of the story."""
        print(f"\n# {time.monotonic() - self._began:4.0f} s: {text}", flush=True)

    def run(self, *arguments: str, where: str = "collector", shown: bool = True) -> str:
        """A command of ours, printed with what it said."""
        done = subprocess.run(self._command(arguments, where), capture_output=True, text=True, check=False)
        if shown:
            print(f"{where}$ presscanary {' '.join(arguments)}\n{(done.stdout + done.stderr).rstrip()}", flush=True)
        return done.stdout

    def start(self, *arguments: str, where: str = "collector") -> subprocess.Popen[bytes]:
        """A command that stays."""
        print(f"{where}$ presscanary {' '.join(arguments)} &", flush=True)
        with (self.folder / f"{where}.log").open("ab") as log:
            return subprocess.Popen(self._command(arguments, where), stdout=log, stderr=log)

    def _command(self, arguments: Sequence[str], where: str) -> list[str]:
        inside = ["nsenter", "-t", str(self.home.pid), "-n"] if where == "home" else []
        here = ["--config", str(self.folder / "targets.yaml"), "--data-dir", str(self.folder / where)]
        return [*inside, sys.executable, "-m", "monitor", *here, *arguments]

    def rows(self) -> list[dict[str, Any]]:
        """The fleet, as the collector lists it."""
        return json.loads(self.run("fleet", "list", "--json", shown=False))

    def token(self, vantage: str, *more: str) -> str:
        """An invitation."""
        return json.loads(self.run("fleet", "token", vantage, "--json", *more, shown=False))["token"]


class Caller(Remote):
    """A scripted member's way to the collector, from an address of its own."""

    def __init__(self, stage: Stage, vantage: str) -> None:
        transport = httpx.HTTPTransport(verify=False, local_address=OTHERS[vantage])
        super().__init__(stage.folder, 8485, client=httpx.Client(transport=transport, timeout=60))

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, answered."""
        return self.client.request(method, f"https://{COLLECTOR}:8485{path}", **more)


class Story:
    """The acts, in their order. State: who is there, and what did not come as it should."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.wrong: list[str] = []
        self.members = {name: Agent(Caller(stage, name)) for name in OTHERS}

    def play(self) -> list[str]:
        """All of it; what did not come as it should."""
        ended = threading.Event()
        collector = self.begin()
        agent = self.join()
        threading.Thread(target=_play, args=(self.members, ended), daemon=True).start()
        self.cut_off()
        self.catch()
        ended.set()
        self.leave(collector, agent)
        return self.wrong

    def expect(self, what: str, come: bool) -> None:
        """Say whether something came as it should."""
        print(f"{'as expected' if come else 'NOT AS EXPECTED'}: {what}", flush=True)
        if not come:
            self.wrong.append(what)

    def delivered(self, vantage: str) -> int:
        """How much the collector has taken of a vantage point."""
        return next((row["accepted"] for row in self.stage.rows() if row["vantage"] == vantage), 0)

    def waiting(self) -> int:
        """How much waits on the vantage point."""
        return json.loads(self.stage.run("agent", "status", "--json", where="home", shown=False))["waiting"]

    def begin(self) -> subprocess.Popen[bytes]:
        """A collector, and everybody but the one that this is about."""
        stage = self.stage
        stage.say("the collector starts; a team invites a vantage point in Kyrgyzstan, three controls, and another one")
        collector = stage.start("collector", "run")
        _until(lambda: _listens(COLLECTOR, 8485))
        for name, agent in self.members.items():
            role = ["--role", "control"] if name[:2] != "kg" else []
            answer = agent.enrol(stage.token(name, "--country", name[:2].upper(), "--approve", *role))
            self.expect(f"{name} is enrolled", answer.status_code == 200)
        return collector

    def join(self) -> subprocess.Popen[bytes]:
        """Enrolment behind a censor, and approval."""
        stage = self.stage
        token = stage.token("kg-1", "--country", "KG")
        print("collector$ presscanary fleet token kg-1 --country KG\npct_…", flush=True)
        stage.say("behind the censor's router, an operator reads the risk text, leaves one site out, and agrees")
        _sh(
            "iptables -A INPUT -i to-home -p tcp --dport 80 -m string --string 'Host: kloop.example' --algo bm "
            "-j REJECT --reject-with tcp-reset"
        )
        url, ca = "https://collector.example:8485", str(stage.folder / "ca.pem")
        told = stage.run(
            "agent", "enrol", url, "--token", token, "--accept", "1", "--ca", ca, "--veto", "azattyk",
            where="home", shown=False,
        )  # fmt: skip
        print(f"home$ presscanary agent enrol {url} --token pct_… --accept 1 --ca ca.pem --veto azattyk")
        print(told.rstrip(), flush=True)
        agent = stage.start("agent", "run", where="home")
        time.sleep(20)
        stage.run("fleet", "list")
        stage.run("fleet", "approve", "kg-1")
        return agent

    def cut_off(self) -> None:
        """No uplink for a while, and all that was measured arrives."""
        stage = self.stage
        _until(lambda: self.delivered("kg-1") > 0, 300)
        stage.say("its data arrive")
        stage.run("fleet", "list")
        stage.run("status")
        before = self.delivered("kg-1")
        stage.say("the uplink is cut for two and a half minutes")
        _sh("ip link set to-home down")
        time.sleep(150)
        stage.run("agent", "status", where="home")
        waiting = self.waiting()
        self.expect(f"{waiting} measurements wait on the vantage point", waiting > 8)
        _sh("ip link set to-home up")
        stage.say("the uplink is back")
        _until(lambda: self.waiting() < 8, 400)
        stage.run("agent", "status", where="home")
        row = next(row for row in stage.rows() if row["vantage"] == "kg-1")
        whole = row["accepted"] >= before + waiting
        self.expect(f"all of it arrived: {row['accepted']} accepted, {row['lost']:.0%} lost", whole)

    def catch(self) -> None:
        """A liar is found by a canary, and loses its vote."""
        stage = self.stage
        stage.say("kg-2 has called a canary blocked that we know to be up; the collector notices")
        _until(lambda: any("canary" in row["flags"] for row in stage.rows()), 900)
        stage.run("fleet", "list")
        stage.run("fleet", "show", "kg-2")
        stage.run("fleet", "quarantine", "kg-2", "--why", "contrary to the canary")
        honest = [row for row in stage.rows() if row["vantage"] != "kg-2"]
        self.expect("the honest ones have no flag", all(not row["flags"] for row in honest))
        time.sleep(90)
        stage.run("events")
        stage.run("fleet", "audit")

    def leave(self, collector: subprocess.Popen[bytes], agent: subprocess.Popen[bytes]) -> None:
        """The operator goes, and disks are searched."""
        stage = self.stage
        stage.say("the operator leaves and wipes; then the team's disk is searched for its address")
        agent.terminate()
        agent.wait(60)
        stage.run("agent", "stop", "--wipe", "--yes", where="home")
        collector.terminate()
        self.expect("the collector ends with 0", collector.wait(60) == 0)
        files = [path for path in stage.data.rglob("*") if path.is_file()]
        found = [path.name for path in files if HOME.encode() in path.read_bytes()]
        log = (stage.folder / "collector.log").read_text()
        nowhere = not found and HOME not in log
        self.expect(f"its address is in none of {len(files)} files, and in no log", nowhere)
        left = [each for each in (stage.folder / "home" / "agent").rglob("*") if each.is_file()]
        self.expect("the operator's folder is empty", not left)
        print(f"the collector's log:\n{log.rstrip()}", flush=True)


def _play(members: dict[str, Agent], ended: threading.Event) -> None:
    """Each scripted member delivers every 20 seconds: the controls what is, the liar that the canary is blocked."""
    while not ended.is_set():
        for name, agent in members.items():
            rows = []
            for number, target in enumerate(SITES):
                lie = "connection_reset" if (name, target) == ("kg-2", "canary") else None
                rows.append(agent.measured(number, target=target, failure=lie))
            agent.send(rows)
        ended.wait(20)


def _web() -> None:
    """Answers any Host on port 80 with a page."""
    page = b"<html><title>Kloop: news of Kyrgyzstan</title>".ljust(9000, b".")  # what the scripted members say, too
    head = b"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/html\r\nContent-Length: 9000\r\n\r\n"

    def serve(peer: socket.socket) -> None:
        with peer:
            if peer.recv(4096):
                peer.sendall(head + page)

    with socket.create_server((WEB, 80)) as listening:
        while True:
            threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()


def _names() -> None:
    """The resolver of everybody: each site is at the one web server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((RESOLVER, 53))
        while True:
            raw, peer = listening.recvfrom(4096)
            asked = dns.message.from_wire(raw)
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            (question,) = asked.question
            name = question.name.to_text()
            if question.rdtype == dns.rdatatype.A and name.endswith("example."):
                address = COLLECTOR if name.startswith("collector") else WEB
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", address))
            listening.sendto(answer.to_wire(), peer)


def _until(come: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not come():
        if time.monotonic() > end:
            print("NOT AS EXPECTED: waited in vain", flush=True)
            return
        time.sleep(1)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _sh(line: str) -> None:
    subprocess.run(["sh", "-c", line], check=True)


def _pem(der: bytes) -> str:
    import ssl  # noqa: PLC0415

    return ssl.DER_cert_to_PEM_cert(der)


def main() -> int:
    """Play it in namespaces of its own."""
    if os.environ.get("PRESSCANARY_STORY") is None:
        path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
        environment = os.environ | {"PRESSCANARY_STORY": "1", "PATH": path, "COLUMNS": "150"}
        command = [*ALONE, sys.executable, "-m", "benchmarks.fleet_story"]
        return subprocess.run(command, env=environment, check=False).returncode
    folder = Path("/run/story")
    subprocess.run(["mount", "-t", "tmpfs", "story", "/run"], check=True)
    folder.mkdir()
    print(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, all of it simulated, in namespaces of one machine")
    wrong = Story(Stage(folder)).play()
    shutil.rmtree(folder, ignore_errors=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
