"""`python -m probes URL`, as a person meets it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from probes.__main__ import main, render
from probes.model import (
    Answer,
    Datagram,
    DNSLookup,
    HTTPRoundTrip,
    Measurement,
    Purpose,
    Screened,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
    VantagePoint,
)

LOCAL = ["--allow", "127.0.0.0/8"]


class Page(BaseHTTPRequestHandler):
    """A page with a title that a terminal should not obey."""

    def do_GET(self) -> None:
        body = "<title>Клооп \x1b[31m</title>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def site():
    """A page on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_a_page_in_words(site, capsys) -> None:
    """Each step has a line with times and outcome, and the end says that these are facts."""
    assert main([site, *LOCAL]) == 0
    shown = capsys.readouterr().out
    assert "connected" in shown
    assert "200 over HTTP/1.0" in shown
    assert "title: Клооп [31m" in shown
    assert "not a verdict" in shown
    assert "\x1b" not in shown


def test_a_page_as_a_document(site, capsys) -> None:
    """With --json the whole record is printed, with its id."""
    assert main([site, *LOCAL, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert len(shown["id"]) == 32
    assert [step["type"] for step in shown["steps"]] == ["TCPConnect", "HTTPRoundTrip"]


def test_what_is_not_dialled(site, capsys) -> None:
    """A private address is named and left alone unless it is allowed."""
    assert main([site]) == 0
    assert "not dialled, on purpose: loopback address" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["kloop.kg"], "http://"),
        (["http://a..b/"], "host name"),
        (["http://kloop.kg/", "--timeout", "0"], "--timeout"),
        (["http://kloop.kg/", "--timeout", "nan"], "--timeout"),
        (["http://kloop.kg/", "--resolver-udp", "resolver.test"], "--resolver-udp"),
        (["http://kloop.kg/", "--doh", "https://dns.test/q"], "--doh"),
        (["http://kloop.kg/", "--doh", "http://dns.test/q@9.9.9.9"], "--doh"),
        (["http://kloop.kg/", "--dot", "9.9.9.9"], "--dot"),
        (["http://kloop.kg/", "--dot", "dns.test@resolver.test"], "--dot"),
        (["http://kloop.kg/", "--dot", "dns.test@9.9.9.9:0"], "--dot"),
        (["http://kloop.kg/", "--allow", "private"], "private"),
        (["http://kloop.kg/", "--source-address", "home"], "--source-address"),
    ],
)
def test_wrong_arguments(arguments, word, capsys) -> None:
    """A mistake is one line on stderr that names it, and exit code 2."""
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert word in shown.err


@pytest.mark.parametrize("arguments", [[], ["http://a/", "--nosuch"], ["http://a/", "--timeout", "soon"]])
def test_what_the_parser_refuses(arguments, capsys) -> None:
    """Unknown options and missing arguments are one line as well."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_as_a_program() -> None:
    """The module runs, and its exit code is a script's to use."""
    ran = subprocess.run([sys.executable, "-m", "probes", "nonsense"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")


STEPS = (
    DNSLookup(
        hop=0,
        engine="system",
        resolver="",
        name="kloop.kg",
        query_type="A",
        started=0.0,
        duration=0.012,
        answers=(Answer(type="A", value="104.1.2.3"),),
        datagrams=(
            Datagram(arrived=0.012, ip_ttl=61, rcode=0, answers=(Answer(type="A", value="104.1.2.3"),)),
            Datagram(arrived=0.02, ip_ttl=50, rcode=0, answers=(Answer(type="A", value="93.184.216.34"),)),
        ),
    ),
    Screened(hop=0, address="::1", port=443, reason="loopback", started=0.02),
    TCPConnect(hop=0, address="104.1.2.3", port=443, started=0.02, duration=0.03),
    TLSHandshake(
        hop=0,
        address="104.1.2.3",
        port=443,
        server_name="kloop.kg",
        started=0.05,
        duration=0.1,
        failure="ssl_unknown_authority",
        reason="self-signed certificate",
        chain=(b"no certificate",),
    ),
    HTTPRoundTrip(
        hop=1,
        url="http://104.1.2.3/block",
        address="104.1.2.3",
        port=80,
        started=0.2,
        duration=0.1,
        status=302,
        failure="unknown_failure: a\x1b[2Jb",
        headers=(("Location", "http://nowhere.test/"),),
    ),
)
MEASURED = Measurement(
    kind="website",
    kind_version="1",
    target="kloop",
    url="https://kloop.kg/",
    vantage=VantagePoint(id="here"),
    started=datetime(2026, 1, 15, tzinfo=UTC),
    duration=0.3,
    steps=STEPS,
)


def test_everything_worth_knowing_is_shown() -> None:
    """Late answers, refused certificates, screened addresses, ways on and what failures mean are all on the screen."""
    shown = render(MEASURED, colour=False)
    for part in (
        "by the system resolver",
        "another answer at 0.020 s, IP TTL 50: 93.184.216.34",
        "[::1]:443",
        "self-signed certificate",
        "presented: something that is no certificate",
        "after redirect 1",
        "leads to http://nowhere.test/",
        "signed by nobody whom browsers trust",
    ):
        assert part in shown
    assert "\x1b" not in shown


def test_what_an_experiment_compares_is_shown() -> None:
    """Failed or not, a step of an experiment says under which name, how far, by which way and what for it was made."""
    over_tcp = replace(STEPS[0], engine="tcp", resolver="9.9.9.9:53", icmp=(3, 13), router="185.2.3.4")
    swapped = replace(STEPS[3], failure="connection_reset", purpose=Purpose.TRIGGER_AT_ECHO)
    died = TTLTrial(
        hop=0,
        method="tls",
        name="kloop.kg",
        address="104.1.2.3",
        port=443,
        ttl=3,
        started=0.1,
        duration=0.1,
        failure="host_unreachable",
        icmp=(11, 0),
        router="185.2.3.5",
        purpose=Purpose.TRIGGER_AT_TARGET,
    )
    shown = render(replace(MEASURED, steps=(over_tcp, swapped, died)), colour=False)
    for part in (
        "kloop.kg by 9.9.9.9:53 over TCP ",
        "ICMP type 3, code 13, from 185.2.3.4",
        "104.1.2.3:443 as kloop.kg (trigger@echo) ",
        "104.1.2.3:443, tls kloop.kg, hops to live: 3 (trigger@target) ",
        "ICMP type 11, code 0, from 185.2.3.5",
    ):
        assert part in shown
    assert "(visit)" not in shown


def test_colour_is_only_for_terminals() -> None:
    """With colour, failures are red and successes green; a page's own escape codes are never passed on."""
    shown = render(MEASURED, colour=True)
    assert "\x1b[31mssl_unknown_authority" in shown
    assert "\x1b[2J" not in shown


def test_columns_are_aligned() -> None:
    """All outcomes begin in the same column."""
    lines = render(replace(MEASURED, steps=STEPS[2:4]), colour=False).splitlines()
    assert lines[2].index("outcome") == lines[3].index("connected") == lines[4].index("ssl_unknown")


def test_nobody_answered() -> None:
    """Where nothing answered at all, the machine itself may be offline, and the page says so."""
    silent = replace(STEPS[0], failure="generic_timeout_error", answers=(), datagrams=())
    assert "no connection to the internet" in render(replace(MEASURED, steps=(silent,)), colour=False)
    assert "no connection to the internet" not in render(MEASURED, colour=False)
    assert "no connection to the internet" not in render(replace(MEASURED, steps=STEPS[1:2]), colour=False)


def test_a_visit_that_was_cut_short() -> None:
    """The total limit is named."""
    assert "cut short by its time limit" in render(replace(MEASURED, failure="generic_timeout_error"), colour=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kind", "sni_swap"], "sni_swap needs an innocuous name to compare with (--innocuous NAME)"),
        (["--kind", "throttle", "--innocuous", "b.example"], "throttle needs an echo host with a token and a pin"),
        (["--kind", "dns_consistency", "--innocuous", "b.example", "--no-dns", "x"], "--no-dns wants an IP address"),
        (["--kind", "sni_swap", "--innocuous", "b.example", "--echo", "x"], "--echo wants an IP address"),
    ],
)
def test_a_kind_that_lacks_something_says_which_option_gives_it(capsys, monkeypatch, arguments, said):
    """One line, and exit code 2, before anything is sent."""
    monkeypatch.delenv("PRESSCANARY_ECHO_TOKEN", raising=False)

    assert main([*arguments, "https://a.example/"]) == 2
    assert said in capsys.readouterr().err


def test_a_kind_that_compares_names_refuses_a_bare_address(capsys):
    """There is no name to swap."""
    assert main(["--kind", "sni_swap", "--innocuous", "b.example", "http://127.0.0.1/", *LOCAL]) == 2
    assert "has no name that could be compared" in capsys.readouterr().err


def test_an_unknown_kind_is_told_with_those_that_there_are(capsys):
    """A typing mistake costs one line."""
    with pytest.raises(SystemExit) as left:
        main(["--kind", "snni", "https://a.example/"])
    assert left.value.code == 2
    assert "sni_swap" in capsys.readouterr().err


def test_another_kind_than_a_visit_is_run_by_hand(site, capsys):
    """The record says which kind it is of; in words it looks like a visit."""
    assert main(["--kind", "availability", "--json", site, *LOCAL]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "availability"
    assert [step["type"] for step in found["steps"]] == ["TCPConnect", "HTTPRoundTrip"]
