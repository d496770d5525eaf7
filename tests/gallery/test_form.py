"""A case that is written wrongly says where and what was expected."""

from __future__ import annotations

import pytest

from tests.gallery.form import SECTIONS, FormError, difference, read_case, read_expected, write_expected

GOOD = """why: Handshakes with the name are reset.
task:
  url: https://news.example/
internet:
  sites:
  - names: [news.example]
    addresses: [93.184.216.34]
vantage:
  rules:
  - {sni: [news.example], action: reset}
"""


@pytest.fixture
def written(tmp_path):
    """A case's folder with that `network.yaml`."""

    def write(text: str):
        (tmp_path / "network.yaml").write_text(text)
        return tmp_path

    return write


def test_a_case_is_read(written):
    """What the file does not say has a default: three controls whose networks do nothing, and the website probe."""
    network = read_case(written(GOOD)).network
    assert (network.task.kind, len(network.controls), network.vantage.rules[0].action) == ("website", 3, "reset")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("action: reset", "acton: reset", "network.yaml:10:27: unknown key 'acton'; expected 'action' perhaps"),
        ("names: [news.example]", "name: news.example", "the key 'names' is missing"),
        ("93.184.216.34", "93.184.216", "network.yaml:7:17: internet.sites.0.addresses.0 is wrong"),
        ("sni: [news.example]", "sni: [news.example], host: [news.example]", "exactly one of dns, sni, host"),
        ("sni: [news.example], action: reset", "action: reset", "found none"),
        ("sni: [news.example], action: reset", "sni: [news.example]", "a rule about connections has an action"),
        ("sni: [news.example], action: reset", "dns: [news.example], action: drop", "no other rule has one"),
        ("action: reset", "action: {throttle: 1, freeze: 2}", "exactly one of throttle"),
        ("action: reset", "action: explode", "vantage.rules.0.action is wrong"),
        ("addresses: [93.184.216.34]", 'addresses: [93.184.216.34]\n    ports: ["443"]', "internet.sites.0.ports.0"),
        ("Handshakes with the name are reset.", "because", "why is wrong"),
        ("vantage:", "vantage: {}\nvantage:", "the key 'vantage' stands twice"),
        ("task:\n  url: https://news.example/\n", "", "the key 'task' is missing"),
        (GOOD, "- a list", "the file is wrong"),
        (GOOD, "why: [", "not readable as YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place(written, old, new, message):
    """One wrong word in the file is one clear line."""
    assert GOOD.count(old) == 1
    with pytest.raises(FormError) as fault:
        read_case(written(GOOD.replace(old, new)))
    assert message in str(fault.value)
    assert all("network.yaml:" in line for line in str(fault.value).splitlines())


def test_all_mistakes_are_told_at_once(written):
    """Two mistakes are two lines, in the order of the file."""
    with pytest.raises(FormError) as fault:
        read_case(written(GOOD.replace("url:", "uri:").replace("action: reset", "acton: reset")))
    lines = [line.split(":")[1] for line in str(fault.value).splitlines()]
    assert lines == sorted(lines, key=int)
    assert len(lines) >= 3


def test_a_folder_without_a_network_is_told(tmp_path):
    """A missing file is named."""
    with pytest.raises(FormError, match="there is no such file"):
        read_case(tmp_path)


def test_what_is_expected_comes_back_as_it_was_written(tmp_path):
    """Writing and reading keep every value: words that look like others, none, and Cyrillic."""
    found = dict.fromkeys(SECTIONS) | {"steps": ["0 tcp 93.184.216.34:443: ok", "no"], "health": "Жок"}
    write_expected(tmp_path, found)
    assert read_expected(tmp_path) == found


@pytest.mark.parametrize("text", [None, "", "steps: []\n", "- 1\n", "steps: [\n"])
def test_an_expectation_that_is_missing_or_broken_is_told(tmp_path, text):
    """There is no case without a whole expectation."""
    if text is not None:
        (tmp_path / "expected.yaml").write_text(text)
    with pytest.raises(FormError, match=r"expected\.yaml"):
        read_expected(tmp_path)


def test_a_difference_is_a_diff():
    """What is alike shows nothing; what is not shows both sides, line by line."""
    expected, found = {"verdict": {"state": "ok", "layer": None}}, {"verdict": {"state": "blocked", "layer": None}}
    assert difference(expected, expected, "verdict") == ""
    told = difference(expected, found, "verdict")
    assert "-state: ok" in told
    assert "+state: blocked" in told
