"""`presscanary echo` as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def echo(tmp_path):
    """Start the server on a free port of loopback; what is said on standard output can be read line by line."""

    @contextmanager
    def started(*options: str, token: str | None = TOKEN):
        environment = {key: text for key, text in os.environ.items() if key != "PRESSCANARY_ECHO_TOKEN"}
        environment |= {"PRESSCANARY_ECHO_TOKEN": token} if token else {}
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", "echo", "--host", "127.0.0.1", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    return started


def test_it_says_where_it_is_answers_and_ends(echo, tmp_path) -> None:
    """Ports and pin are told as JSON; a request with the token is answered; SIGTERM ends it with 0 and no word."""
    with echo("--port", "0", "--json", "--certificate", "echo.pem") as process:
        said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        (port,) = said["ports"]
        answer = httpx.get(f"http://127.0.0.1:{port}/{TOKEN}/", headers={"Host": "kloop.test"}, trust_env=False)
        assert answer.json()["host"] == "kloop.test"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
    assert (tmp_path / "echo.pem").exists()
    assert len(said["pin"]) == 64


def test_it_parts_with_numbers_of_nobody(echo) -> None:
    """For people it says what it did in numbers, and no address of a visitor."""
    with echo("--port", "0") as process:
        port = process.stdout.readline().split()[-1].rstrip(".").rpartition(":")[2]
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 404
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=20)
        assert "1 connections: 0 answered, 1 without the token" in said
        assert "127.0.0.1" not in said
        assert complaints == ""


def test_wrong_input_is_told_in_one_line(echo, tmp_path) -> None:
    """No token, a bad token and a bad certificate end with code 2; a port in use with code 1; never a traceback."""
    (tmp_path / "bad").write_text("short\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        cases = [
            (("--port", "0"), None, 2, "no token"),
            (("--port", "0", "--token-file", "bad"), TOKEN, 2, "bad: a token is"),
            (("--port", "0", "--certificate", "bad"), TOKEN, 2, "bad: not a PEM file"),
            (("--port", "0", "--certificate", "no/such/folder"), TOKEN, 2, "No such file"),
            (("--port", str(taken.getsockname()[1])), TOKEN, 1, "cannot listen"),
        ]
        for options, token, code, words in cases:
            with echo(*options, token=token) as process:
                said, complaint = process.communicate(timeout=30)
                assert (process.returncode, said) == (code, "")
                assert words in complaint
                assert len(complaint.splitlines()) == 1
