"""`presscanary gallery`: known censors measured with the real probe, and the answers to wrong input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from monitor.cli import main

OWN = Path(__file__).parents[2] / "probes" / "testing" / "cases" / "own.json"
SHARED = Path(__file__).parents[4] / "shared" / "cases" / "website-qa.json"

PLAINEST = (
    "successWithHTTP",
    "successWithHTTPS",
    "dnsBlockingNXDOMAIN",
    "dnsBlockingBOGON",
    "tcpBlockingConnectTimeout",
    "tlsBlockingConnectionResetWithConsistentDNS",
    "httpDiffWithConsistentDNS",
    "websiteDownNXDOMAIN",
    "websiteDownTCPConnect",
    "badSSLWithExpiredCertificate",
    "badSSLWithUnknownAuthorityWithConsistentDNS",
)
"""Cases of the shared file on which we and the peer must agree."""


@pytest.fixture
def gallery(capfd, monkeypatch):
    """Run the command; its exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "150")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["gallery", *map(str, arguments)])
        shown = capfd.readouterr()
        return ended.value.code, shown.out, shown.err

    return run


def _verdict(entry):
    return entry["blocking"], entry["accessible"]


def test_our_own_cases_agree(gallery):
    """Each of our own cases is judged as its file expects; one that nobody can play says why and stops no other."""
    code, out, _ = gallery(OWN, "--json")
    entries = {entry["name"]: entry for entry in json.loads(out)["cases"]}
    unheard = entries.pop("unheardOf")
    assert code == 0
    assert {name: _verdict(entry) for name, entry in entries.items()} == {
        name: _verdict(entry["expected"]) for name, entry in entries.items()
    }
    assert "carrier_pigeons" in unheard["unsupported"]
    assert (unheard["state"], unheard["blocking"]) == (None, None)


def test_an_entry_tells_our_words_and_theirs(gallery):
    """An entry has our state, layer, technique and rule beside the peer's terms and the expectation, and no more."""
    _, out, _ = gallery(OWN, "--case", "handshakeReset", "--json")
    [entry] = json.loads(out)["cases"]
    assert list(entry) == [
        "name",
        "state",
        "layer",
        "technique",
        "rule_id",
        "blocking",
        "accessible",
        "expected",
    ]
    assert (entry["state"], entry["layer"]) == ("blocked", "tls")
    assert entry["technique"].startswith("tls.")
    assert entry["expected"] == {"blocking": "http-failure", "accessible": False}


@pytest.mark.slow
def test_the_plainest_cases_of_the_peer_agree(gallery):
    """On the plainest of the peer's cases our verdict in its terms is its own."""
    if not SHARED.exists():
        pytest.skip(f"{SHARED.name} is not beside the repository")
    chosen = [word for name in PLAINEST for word in ("--case", name)]
    code, out, _ = gallery(SHARED, *chosen, "--json")
    entries = json.loads(out)["cases"]
    assert code == 0
    assert {entry["name"] for entry in entries} == set(PLAINEST)
    assert {entry["name"]: _verdict(entry) for entry in entries} == {
        entry["name"]: _verdict(entry["expected"]) for entry in entries
    }


def test_people_get_a_table_and_a_count(gallery):
    """Without --json there is a line a case and a sum; --case may be repeated."""
    code, out, _ = gallery(OWN, "--case", "openCleartext", "--case", "nobodyThere")
    assert code == 0
    assert re.search(r"openCleartext.*agrees", out)
    assert re.search(r"nobodyThere.*agrees", out)
    assert "2 of 2 agree" in out


def test_strict_tells_scripts(gallery):
    """With --strict the exit code is 1 where a case does not agree or cannot be played, and 0 where all do."""
    assert gallery(OWN, "--strict", "--case", "unheardOf")[0] == 1
    assert gallery(OWN, "--strict", "--case", "openEncrypted")[0] == 0


def test_an_unplayable_case_says_why(gallery):
    """The table names a case that could not be played, and standard error gives the reason."""
    code, out, err = gallery(OWN, "--case", "unheardOf")
    assert code == 0
    assert re.search(r"unheardOf.*not played", out)
    assert "'carrier_pigeons' is not known" in err
    assert "0 of 1 agree" in out


def test_a_fault_stays_with_its_case(gallery, monkeypatch):
    """A probe or rule that breaks on one case is told in that case's entry; the run goes on and exits with 0."""

    def broken(*_, **__):
        raise RuntimeError("out of 192.168.1.7")

    monkeypatch.setattr("monitor.cli.gallery.judge", broken)
    code, out, _ = gallery(OWN, "--case", "openCleartext", "--json")
    [entry] = json.loads(out)["cases"]
    assert code == 0
    assert entry["error"] == "RuntimeError: out of [scrubbed]"
    assert entry["state"] is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        ('{"cases": [{"name": "cut', "is no JSON"),
        ("[]", "expected an object"),
        ('{"cases": [{"name": "bare"}]}', "key 'input' is missing"),
    ],
)
def test_a_bad_file_is_one_line(gallery, tmp_path, content, message):
    """Wrong input ends with exit code 2 and one line on standard error, nothing on standard output."""
    path = tmp_path / "cases.json"
    if content is not None:
        path.write_text(content)
    code, out, err = gallery(path, "--json")
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_folder_is_no_case_file(gallery, tmp_path):
    """A folder in the place of the file is told as such, exit code 2."""
    code, _, err = gallery(tmp_path)
    assert code == 2
    assert "Is a directory" in err


def test_an_unknown_case_is_one_line(gallery):
    """A case that the file does not have is wrong input."""
    code, out, err = gallery(OWN, "--case", "openCleartext", "--case", "nonesuch")
    assert (code, out) == (2, "")
    assert err.strip().endswith("no case is called 'nonesuch'")
