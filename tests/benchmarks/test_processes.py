"""Programs of a benchmark are started on free ports, read, and ended, whatever happens."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import UnfitError, cpu_seconds, free_port, free_ports, memory, running

ROOT = Path(__file__).parents[2]
LISTENER = """
import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("here", flush=True)
    time.sleep(60)
"""


def test_ports_are_free_and_differ() -> None:
    """No port is named twice, none is in the range of outgoing connections, and one that is in use is passed over."""
    ports = free_ports(3)
    assert len(set(ports)) == 3
    assert all(port < 32768 for port in ports)
    with socket.create_server(("127.0.0.1", ports[0])):
        assert free_port() != ports[0]


def test_a_program_runs_until_it_is_left(tmp_path) -> None:
    """It is there when its port accepts connections; its CPU and memory can be read; it is gone afterwards."""
    port = free_port()
    with running([sys.executable, "-c", LISTENER, str(port)], port=port, log=tmp_path / "log") as process:
        assert cpu_seconds(process.pid) > 0
        assert memory(process.pid)["VmRSS"] > 1_000_000
    assert process.returncode is not None
    assert (tmp_path / "log").read_text() == "here\n"
    with pytest.raises(ProcessLookupError):
        cpu_seconds(process.pid)


STARTER = """
import sys, time
from pathlib import Path
from benchmarks.processes import end_with_us, running
end_with_us()
command = [sys.executable, "-c", sys.argv[3], sys.argv[1]]
with running(command, port=int(sys.argv[1]), log=Path(sys.argv[2])) as process:
    print(process.pid, flush=True)
    time.sleep(60)
"""


def test_nothing_is_left_behind_by_a_benchmark_that_is_ended(tmp_path) -> None:
    """After SIGTERM the benchmark ends its servers, and then itself."""
    command = [sys.executable, "-c", STARTER, str(free_port()), str(tmp_path / "log"), LISTENER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as benchmark:
        pid = int(benchmark.stdout.readline())
        assert cpu_seconds(pid) > 0
        benchmark.terminate()
        assert benchmark.wait(20) == 143
    with pytest.raises(ProcessLookupError):
        cpu_seconds(pid)


def test_a_program_that_cannot_start_says_why(tmp_path) -> None:
    """What it printed before it ended is in the message, and so is the name of one that is not installed."""
    with (
        pytest.raises(UnfitError, match="no such luck"),
        running([sys.executable, "-c", "raise SystemExit('no such luck')"], port=1, log=tmp_path / "log"),
    ):
        pass
    with (
        pytest.raises(UnfitError, match="is not installed"),
        running(["/nowhere/to-be-found"], port=1, log=tmp_path / "log"),
    ):
        pass
