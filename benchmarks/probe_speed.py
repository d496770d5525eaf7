"""A probe's cost beside Debian's prometheus-blackbox-exporter doing the same work: `python -m benchmarks.probe_speed`.

A cheap probe (kind `availability`) over http and https, and one DNS question over UDP, at 1, 16 and 64 at once. Both
open a fresh connection, shake hands by TLS 1.3, verify the certificate against the same root, and read a page of 60 kB
from the same nginx; both ask the same nsd. Only the CPU of the two probing processes is counted. Ours keeps the facts
(headers, hash, title, chain, TCP_INFO) in records; the peer's share includes its HTTP handler and the text of its
metrics. `--quick` takes about a minute, all of it less than six.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.caller import call
from benchmarks.processes import UnfitError, cpu_seconds, end, end_with_us, memory
from benchmarks.rounds import Duel, Round, Sample, rounds, summarise, table
from benchmarks.stage import NAME, Stage, stage

PEER, OURS, PEER_UNVERIFIED, OURS_UVLOOP = "blackbox", "press canary", "blackbox, unverified", "press canary, uvloop"
TARGETS = {"http": 0.5, "https": 0.8, "dns": 0.5}
"""What the CPU ratio to the peer should be at most."""
_WARM_UP = 0.2
_ROOT = Path(__file__).parents[1]


class Prober:
    """Our process: `benchmarks.prober`, told what to do over its standard input."""

    def __init__(self, here: Stage, *flags: str) -> None:
        (here.folder / "root.der").write_bytes(here.root)
        place = ("--root", str(here.folder / "root.der"), "--dns", str(here.dns))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.prober", *place, *flags],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._here = here

    def run(self, duel: Duel, seconds: float) -> tuple[int, int]:
        """Do the work of a duel for so long; successes and failures. UnfitError where the process died."""
        order = {"work": duel.work, "url": url(self._here, duel.work), "concurrency": duel.concurrency}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({**order, "seconds": seconds}).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise UnfitError("our own process ended; its message stands above")
        done = json.loads(line)
        return done["good"], done["bad"]


def url(here: Stage, work: str) -> str:
    """The page that a work fetches; empty for `dns`."""
    return {
        "http": f"http://127.0.0.1:{here.http}/",
        "https": f"https://127.0.0.1:{here.https}/",
        "https, HTTP/2": f"https://127.0.0.1:{here.h2}/",
        "https by name": f"https://{NAME}:{here.https}/",
    }.get(work, "")


def _asked(here: Stage, duel: Duel, engine: str) -> str:
    if duel.work == "dns":
        return "/probe?" + urlencode({"module": "name", "target": f"127.0.0.1:{here.dns}"})
    module = "page_unverified" if engine == PEER_UNVERIFIED else "page"
    return "/probe?" + urlencode({"module": module, "target": url(here, duel.work)})


class Arena:
    """The engines, side by side on one stage."""

    def __init__(self, here: Stage, probers: dict[str, Prober], seconds: float) -> None:
        self._here = here
        self._probers = probers
        self._seconds = seconds
        self.most: dict[str, int] = {}

    def run(self, duel: Duel, engine: str) -> Sample:
        """One engine's turn, warmed up; only what follows is counted."""
        prober = self._probers.get(engine)
        pid = prober.process.pid if prober else self._here.blackbox_pid
        self._work(duel, engine, _WARM_UP)
        cpu, wall = cpu_seconds(pid), time.monotonic()
        good, bad = self._work(duel, engine, self._seconds)
        sample = Sample(probes=good, errors=bad, cpu=cpu_seconds(pid) - cpu, wall=time.monotonic() - wall)
        self.most[engine] = memory(pid)["VmHWM"]
        return sample

    def _work(self, duel: Duel, engine: str, seconds: float) -> tuple[int, int]:
        if engine in self._probers:
            return self._probers[engine].run(duel, seconds)
        asked = _asked(self._here, duel, engine)
        return asyncio.run(call(self._here.blackbox, asked, concurrency=duel.concurrency, seconds=seconds))


def duels(*, quick: bool, uvloop: bool) -> tuple[Duel, ...]:
    """What is compared: the quick way leaves out the sides (HTTP/2, names, the peer without verification) and 64."""
    both = (PEER, OURS, OURS_UVLOOP) if uvloop else (PEER, OURS)
    plain = [
        Duel(work=work, concurrency=at_once, engines=both)
        for work in TARGETS
        for at_once in ((1, 16) if quick else (1, 16, 64))
    ]
    sides = [
        Duel(work="https", concurrency=16, engines=(PEER_UNVERIFIED, OURS)),
        Duel(work="https, HTTP/2", concurrency=16, engines=(PEER, OURS)),
        Duel(work="https by name", concurrency=16, engines=(OURS,)),
    ]
    return tuple(plain if quick else plain + sides)


@contextmanager
def _probers(here: Stage, *, uvloop: bool) -> Iterator[dict[str, Prober]]:
    started = {OURS: Prober(here)} | ({OURS_UVLOOP: Prober(here, "--uvloop")} if uvloop else {})
    try:
        yield started
    finally:
        for each in started.values():
            end(each.process)


def versions() -> str:
    """What the figures hold for."""
    packages = ", ".join(
        f"{each} {metadata.version(each)}" for each in ("httpx", "h11", "h2", "dnspython", "cryptography")
    )
    peer = subprocess.run(
        ["/usr/bin/prometheus-blackbox-exporter", "--version"], capture_output=True, text=True, check=False
    )
    words = (peer.stdout + peer.stderr).split()
    return (
        f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, {packages}; blackbox_exporter "
        f"{words[words.index('version') + 1].rstrip(',') if 'version' in words else 'of unknown version'}; "
        f"{os.cpu_count()} × {_processor()}, Linux {platform.release()}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def report(chosen: Sequence[Duel], done: Sequence[Round], most: dict[str, int], seconds: float) -> str:
    """Table, memory and conditions as Markdown."""
    lines = summarise(chosen, done)
    held = "; ".join(f"{engine} {size / 1e6:.0f} MB" for engine, size in sorted(most.items()))
    against = [
        line for line in lines if line.duel.work in TARGETS and (line.duel.engines[0], line.engine) == (PEER, OURS)
    ]
    reached = [
        f"- {line.duel.work}, {line.duel.concurrency} at once: {line.ratio.show(2)}, target {TARGETS[line.duel.work]}: "
        + ("reached" if line.ratio.median <= TARGETS[line.duel.work] else "missed")
        for line in against
    ]
    how = f"{len(done)} interleaved rounds, {seconds:g} s each; median (least–most)."
    conditions = f"{how} {versions()}; load {os.getloadavg()[0]:.1f}."
    return "\n".join((table(lines), "", *reached, "", f"Memory at most (RSS): {held}.", "", conditions))


def main() -> None:
    """Run the comparison and print it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="about a minute: without 64 at once and the side shows")
    arguments.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    arguments.add_argument("--seconds", type=float, help="of each run (1.5; 0.8 when quick)")
    arguments.add_argument("--only", help="one work: http, https or dns")
    arguments.add_argument("--uvloop", action="store_true", help="ours on uvloop too (must be installed)")
    given = arguments.parse_args()
    seconds = given.seconds or (0.8 if given.quick else 1.5)
    chosen = [duel for duel in duels(quick=given.quick, uvloop=given.uvloop) if given.only in (None, duel.work)]
    done: list[Round] = []
    end_with_us()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            stage(Path(folder)) as here,
            _probers(here, uvloop=given.uvloop) as ours,
        ):
            arena = Arena(here, ours, seconds)
            for each in rounds(chosen, arena.run, count=given.rounds, order=random.Random(1)):
                done.append(each)
                print(f"round {len(done)} of {given.rounds}", file=sys.stderr)
    except UnfitError as error:
        sys.exit(f"{error}\napt-get install prometheus-blackbox-exporter nginx nsd")
    print(report(chosen, done, arena.most, seconds))


if __name__ == "__main__":
    main()
