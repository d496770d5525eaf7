"""People come first: whatever leads to whoever measures is nowhere, however it was written (DESIGN §1.7)."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import dns.message
import dns.rrset
import pytest

import probes.own
from probes.network import Network, Transport
from probes.steps import question
from probes.testing import AddressBlock, DNSForgery, HostBlock, Internet, Route, block_page, block_redirect, page

OWN = "185.66.77.88"
"""The address of our own sockets, public as on a rented server; a vantage point knows this one."""
OWN_V6 = "2a02:26f0:1234::77"
SEEN = "91.205.48.213"
"""The address that the world sees behind a home router: only the block page knows it."""
SEEN_V6 = "2a03:2880:21ff:7::1a2b"
RESOLVER = "192.168.83.41"
MAC = "02:fc:ab:cd:ef:19"
HOST = "zhoomart-laptop-7"
HOME = "/home/zhoomart-b"
DETAILS = (OWN, OWN_V6, SEEN, SEEN_V6, RESOLVER, MAC, HOST, HOME, "wlan-zhoomart")
KNOWN = (OWN, OWN_V6, RESOLVER, HOST, HOME)
"""What the machine can know; the others are found only where they are written as what they are."""

CONFIG = f"""\
targets:
- {{id: page, urls: ["http://page.example/"]}}
- {{id: moved, urls: ["http://moved.example/"]}}
- {{id: echo, urls: ["https://echo.example/"]}}
- {{id: self, urls: ["http://self.example/"]}}
- {{id: fault, urls: ["http://fault.example/"]}}
- {{id: library, urls: ["https://library.example/"], innocuous: true}}
- {{id: museum, urls: ["https://museum.example/"], innocuous: true}}
vantage_points:
- {{id: here, country: KG, network: AS64500, source_address: {OWN}, interface: wlan-zhoomart}}
- {{id: abroad, country: DE, network: AS64496, role: control}}
"""


def in_base64(text: str) -> Iterator[bytes]:
    """The part of each of the three encodings of `text` that its neighbours do not change."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + text.encode())
        yield encoded[(0, 2, 3)[before] : (before + len(text)) * 8 // 6]


def forms(detail: str) -> Iterator[bytes]:
    """What is searched for: as it is, in either case, percent-encoded, with dashes; where it is known, in base64."""
    for text in (detail, detail.lower(), detail.upper()):
        yield text.encode()
        yield text.replace(":", "%3A").encode()
        yield text.replace(":", "%3a").encode()
        yield text.replace("/", "%2F").encode()
    if detail in KNOWN:
        yield from in_base64(detail)
        yield "".join(f"%{byte:02X}" for byte in detail.encode()).encode()
        yield detail.replace(".", "-").replace(":", "-").encode()


def leaks(where: str, content: bytes) -> list[str]:
    """The details that stand in `content`."""
    return [f"{form!r} in {where}" for detail in DETAILS for form in forms(detail) if form in content]


def test_the_search_finds_what_it_looks_for():
    """A search that finds nothing in anything would prove nothing."""
    assert leaks("x", b"..." + OWN.encode())
    assert leaks("x", b"q=2a03%3A2880%3A21ff%3A7%3A%3A1a2b")
    for before in range(5):
        assert leaks("x", base64.b64encode(b"y" * before + HOST.encode() + b" and more"))
    assert not leaks("x", b"185.66.77.8, 02:fc:ab:cd:ef:18, /home/zhoomart")


class AtHome(socket.socket):
    """A socket of the lab that says it is where the operator is."""

    def getsockname(self):
        return OWN, 50123


class AtHomeToo(socket.socket):
    """The same by the other address, the one that leads to the DNS over HTTPS of this network."""

    def getsockname(self):
        return OWN_V6, 50123, 0, 0


@dataclass
class HomeNetwork:
    """The lab's network as an operator's machine has it; opening a socket to 198.41.9.9 is a fault that tells all."""

    inner: Network

    @property
    def resolver(self):
        return self.inner.resolver

    @property
    def roots(self):
        return self.inner.roots

    def screen(self, address: str) -> str | None:
        return self.inner.screen(address)

    def open(self, address: str, port: int, transport: Transport):
        if address == "198.41.9.9":
            raise OSError(f"{HOST} ({OWN}, {MAC}): no {HOME}/net, no {base64.b64encode(OWN.encode()).decode()}")
        opened, endpoint = self.inner.open(address, port, transport)
        kind = AtHomeToo if address == "8.8.8.8" else AtHome
        return kind(fileno=opened.detach()), endpoint


def told_everything(clear: bytes = b"") -> bytes:
    """A block page that prints all that it knows of its visitor, in the ways that pages do."""
    packed = base64.b64encode(f"visitor={OWN};{HOST}".encode()).decode()
    shifted = base64.b64encode(f"a{OWN}".encode()).decode()
    lines = (
        f"<title>Blocked for {OWN} / {SEEN} ({MAC})</title>",
        f"Your address {SEEN}, {SEEN_V6}, [{SEEN_V6}]:5123, also {OWN}:50123 and {OWN_V6.upper()}, by {RESOLVER}.",
        f"<a href='/?ip={SEEN_V6.replace(':', '%3A')}&own={OWN_V6.replace(':', '%3a')}'>why</a>",
        f"<a href='/?mac={MAC.replace(':', '%3A')}'>{MAC.upper()}</a>",
        f"<img src='/{packed}.gif'><img src='/{shifted}'>",
        f"host-{OWN.replace('.', '-')}.isp.example {HOST}.lan {HOST.upper()}",
        f"<!-- {''.join(f'%{byte:02X}' for byte in OWN.encode())} {HOME}/.config {HOME.replace('/', '%2F')} -->",
    )
    return clear + "\n".join(lines).encode()


HEADERS = (
    ("Content-Type", "text/html"),
    ("X-Client-IP", SEEN),
    ("X-Own", f"{OWN}, {OWN_V6}, {base64.b64encode(OWN.encode()).decode()}, {HOST}"),
    ("X-Mac", MAC),
    ("Set-Cookie", f"visitor={SEEN}; path=/"),
    ("Set-Cookie", f"packed={base64.b64encode(OWN_V6.encode()).decode()}; path=/"),
)
WAY_ON = (
    f"http://{OWN.replace('.', '-')}.stop.example/?ip={SEEN}"
    f"&own={base64.b64encode(OWN.encode()).decode()}&v6={SEEN_V6.replace(':', '%3A')}"
)


def site(name: str, address: str, response=None):
    from probes.testing import Site

    return Site(
        names=(name,), addresses=(address,), routes=(Route(response=response or page(f"Front of {name}", length=2000)),)
    )


INTERNET = Internet(
    sites=(
        site("page.example", "93.184.216.10"),
        site("moved.example", "93.184.216.20"),
        site("echo.example", "93.184.216.30", page("You", told_everything().decode(), length=40_000)),
        site("self.example", "93.184.216.40"),
        site("fault.example", "198.41.9.9"),
        site(f"{OWN.replace('.', '-')}.stop.example", "93.184.216.50", page("Stop", told_everything().decode())),
        site("library.example", "93.184.217.10"),
        site("museum.example", "93.184.218.10"),
    )
)
CENSOR = (
    HostBlock(names=("page.example",), action=block_page(told_everything(), status="403 Forbidden", headers=HEADERS)),
    HostBlock(names=("moved.example",), action=block_redirect(WAY_ON)),
    DNSForgery(names=("self.example",), answers=(OWN,)),
    AddressBlock(address=OWN, action="refuse"),
)


@pytest.fixture
def operator(monkeypatch):
    """A machine with a name, a home folder and a user that lead to somebody."""
    system = os.uname()
    named = os.uname_result((system.sysname, f"{HOST}.lan", system.release, system.version, system.machine))
    monkeypatch.setattr(os, "uname", lambda: named)
    monkeypatch.setenv("HOME", HOME)
    monkeypatch.setenv("USER", "zhoomart-b")
    probes.own.machine.cache_clear()
    yield
    probes.own.machine.cache_clear()


async def test_nothing_that_is_measured_printed_stored_or_shown_leads_to_the_operator(country, operator):
    """Block pages, redirects, DNS answers and the system's own errors repeat who measures; none of it comes through."""
    place = country(CONFIG)
    place.wrap = HomeNetwork
    seen = await place.run_once(INTERNET, {"here": CENSOR}, resolver=RESOLVER)
    for arguments in (
        ("status", "--json"),
        ("status",),
        ("events", "--json"),
        ("check", "--json"),
        ("check-config", "--json"),
    ):
        assert place.command(*arguments)[0] == 0

    states = {(row["target"], row["vantage"]): row["state"] for row in seen["targets"]}
    assert states["page", "here"] == states["moved", "here"] == "blocked"
    pages = await place.pages()
    shown = "\n".join(pages.values())
    assert "Blocked for [scrubbed]" in shown
    assert sum(path.startswith("/measurements/") for path in pages) > 14
    stored = b"\n".join(place.stored())
    assert b"scrubbed.stop.example" in stored
    found = leaks("the store", stored) + leaks("the terminal", "\n".join(place.printed).encode())
    for path, content in pages.items():
        found += leaks(path, content.encode())
    assert not found


async def test_the_same_page_for_two_visitors_has_one_hash(country, operator):
    """A hash of the page as it came would tell the address to anybody who tries them all."""
    place = country(CONFIG)
    place.wrap = HomeNetwork
    await place.run_once(INTERNET, {"here": CENSOR, "abroad": (HostBlock(
        names=("page.example",),
        action=block_page(told_everything().replace(SEEN.encode(), b"91.205.48.99"), status="403 Forbidden"),
    ),)}, resolver=RESOLVER)  # fmt: skip
    hashes = [
        step["body"]["sha256"]
        for document in place.stored()
        if document.startswith(b"{") and (read := json.loads(document))["target"] == "page"
        for step in read["steps"]
        if step["type"] == "HTTPRoundTrip"
    ]
    assert len(hashes) == 2
    assert len(set(hashes)) == 1


def ooni(address: str, number: int) -> dict:
    """A measurement whose censor hands the address of whoever measured back in every way it can."""
    packed = {
        "format": "base64",
        "data": base64.b64encode(b"\xff" + f"you are {address}, host {address.replace('.', '-')}".encode()).decode(),
    }
    location = f"http://stop.example/?ip={address.replace(':', '%3A')}&id={base64.b64encode(address.encode()).decode()}"
    return {
        "input": f"http://page{number}.example/",
        "measurement_start_time": "2023-09-12 12:00:00",
        "probe_asn": "AS8511",
        "probe_cc": "KG",
        "probe_ip": address,
        "report_id": f"r{number}",
        "annotations": {"note": f"measured at {address}"},
        "test_name": "web_connectivity",
        "test_version": "0.4.2",
        "test_keys": {
            "queries": [
                {"engine": "getaddrinfo", "hostname": f"page{number}.example", "query_type": "A", "failure": None,
                 "resolver_address": RESOLVER, "answers": [{"answer_type": "A", "ipv4": "203.0.113.10"}]},
                {"engine": "udp", "hostname": f"page{number}.example", "query_type": "A",
                 "resolver_address": "9.9.9.9:53",
                 "failure": f"unknown_failure: read udp {address}: boom", "answers": []},
            ],
            "tcp_connect": [{"ip": "203.0.113.10", "port": 80, "status": {"failure": None, "success": True}}],
            "requests": [
                {"failure": None, "request": {"url": location, "headers": {"Referer": f"http://a.example/?{address}"}},
                 "response": {"code": 200, "headers": {"X-You": address}, "body": packed}},
                {"failure": None, "request": {"url": f"http://page{number}.example/"},
                 "response": {"code": 302, "headers": {"Location": location}, "body": f"<title>{address}</title>"}},
            ],
            "control": {"http_request": {"failure": None, "status_code": 200, "body_length": 20, "title": "Front"}},
        },
    }  # fmt: skip


async def test_imported_measurements_lose_the_address_of_whoever_measured(country, tmp_path):
    """The documents are kept as they were published, but for the address that they name as the visitor's."""
    place = country(CONFIG)
    documents = [ooni(OWN, 1), ooni(OWN_V6, 2)]
    documents[0]["test_keys"]["queries"][0].pop("resolver_address")
    documents[1]["test_keys"]["queries"][0].pop("resolver_address")
    path = tmp_path / "day.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    code, said = place.command("import", "ooni", str(path), "--json")
    assert (code, json.loads(said)["new"]) == (0, 2)
    place.command("status", "--json")

    stored = b"\n".join(place.stored())
    assert base64.b64encode(b"\xffyou are scrubbed, host scrubbed")[:20] in stored
    found = leaks("the store", stored) + leaks("the terminal", "\n".join(place.printed).encode())
    for path, content in (await place.pages()).items():
        found += leaks(path, content.encode())
    assert not found


def test_text_records_in_an_answer_are_not_kept():
    """Resolvers that answer with what they know of the asker do so in TXT records, which nobody asked for."""
    asked = question.ask("page.example", "A")
    answer = dns.message.make_response(asked.message)
    answer.answer.append(dns.rrset.from_text("page.example.", 60, "IN", "TXT", f'"{OWN} {HOST}"'))
    answer.answer.append(dns.rrset.from_text("page.example.", 60, "IN", "A", "203.0.113.10"))
    assert [each.value for each in question.read(asked, answer.to_wire()).answers] == ["203.0.113.10"]
