"""What a collector's disk and logs hold about a person: nothing."""

from __future__ import annotations

import base64
import ipaddress
import logging
from urllib.parse import quote

import pytest

from monitor.cli import main
from monitor.fleet import members
from tests.monitor.collector.house import ADDRESS, house

AGENT = "Mozilla/5.0 (Aida's phone)"


def forms(address):
    """How an address can be written down."""
    number = int(ipaddress.ip_address(address))
    packed = number.to_bytes(4, "big")
    texts = [address, address.replace(".", "-"), quote(address, safe=""), str(number), packed.hex()]
    return [text.encode() for text in texts] + [base64.b64encode(text.encode())[:-4] for text in texts] + [packed]


def test_no_address_and_no_header_is_found_on_disk_or_in_a_log(tmp_path, caplog, capfd):
    """Whatever an agent can ask is asked, well and badly; then every file is searched for its address in many forms."""
    seen = []

    def network_of(address):
        seen.append(address)
        return "AS50223"

    with (
        caplog.at_level(logging.DEBUG),
        house(tmp_path, network_of=network_of) as home,
    ):
        home.client.headers["User-Agent"] = AGENT
        agent = home.agent()
        agent.fetch()
        agent.receipt(agent.send([agent.measured(), agent.measured(failure="connection_reset"), b"{}"]))
        agent.send([agent.measured()], sequence=9)
        agent.post(b"no batch")
        home.ask("POST", "/agent/v1/offer", json={"token": "pct_wrong"})
        home.ask("GET", "/agent/v1/plan", headers={"X-Forwarded-For": ADDRESS, "Forwarded": f"for={ADDRESS}"})
        agent.ask("POST", "/agent/v1/farewell")
        home.made.desk._rounds.turn(home.watch.now)
        (member,) = members.every(home.made.desk.fleet)
    assert (set(seen), member.network) == ({ADDRESS}, "AS50223")

    printed = capfd.readouterr()
    for arguments in (("fleet", "list", "--all", "--json"), ("fleet", "show", "kg-1"), ("fleet", "audit"), ("status",)):
        with pytest.raises(SystemExit):
            main(["--data-dir", str(tmp_path / "data"), *arguments])
    told = capfd.readouterr()
    texts = {"log": caplog.text, "printed": printed.out + printed.err, "commands": told.out + told.err}
    files = {path: path.read_bytes() for path in sorted((tmp_path / "data").rglob("*")) if path.is_file()}
    assert {"fleet.db", "store.db", "entries"} <= {path.name for path in files}
    for name, content in {**{name: text.encode() for name, text in texts.items()}, **files}.items():
        assert [form for form in forms(ADDRESS) if form in content] == [], name
        assert b"Mozilla" not in content, name
