"""`presscanary fingerprints`: public lists are read in whole or not at all, and one wrong line is one message."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from monitor.cli import main
from monitor.pipeline import record
from monitor.store import StoreError, open_store
from monitor.store import fingerprints as kept
from probes.model import Role, VantagePoint
from tests.scenes import connected, fetched, looked, measured

HEADER = (
    "name,scope,other_names,location_found,pattern_type,pattern,"
    "confidence_no_fp,expected_countries,source,exp_url,notes"
)
OONI = f"""{HEADER}
kg_0,isp,,header.location,full,http://homeline.example/b,5,KG,ooni,,
"two.lines",nat,,body,contains,"first line
second line",5,"ID, ZZ",ooni,,
odd,injb,,body,contains,some words,5,,ooni,,
server,prod,,header.server,contains,Gatekeeper,5,,ooni,,
look,nat,,body,regexp,(?=ahead)x,5,KG,ooni,,
lax,nat,,body,regexp,x*,5,KG,ooni,,
short,nat,,body,contains,no,5,KG,ooni,,
address,isp,,dns,full,198.18.0.9,5,KG,ooni,,
"""
PLANET = """{"fingerprint": "c_isp_kg_one", "pattern": "blocked by .{0,40}decision"}
{"fingerprint": "a_prod_gate", "pattern": "Gatekeeper \\\\d+"}
{"fingerprint": "x_fp_bank", "pattern": "Улуттук банкы"}
{"fingerprint": "c_isp_kg_one", "pattern": "another page of theirs"}
"""


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command on a data folder of its own: exit code, output, errors. `text` is what a file holds."""

    def made(*arguments, text=None):
        if text is not None:
            (tmp_path / "list").write_bytes(text if isinstance(text, bytes) else text.encode())
            arguments = [*arguments, str(tmp_path / "list")]
        code = 0
        try:
            main(["--data-dir", str(tmp_path / "data"), "fingerprints", *arguments])
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return made


def test_oonis_list_is_read(run):
    """Rows that verdicts can use are kept with scope, place and countries; the others are counted with their reason."""
    code, out, _ = run("import", "--json", text=OONI)
    listed = {one["id"]: one for one in json.loads(run("list", "--json")[1])}

    told = json.loads(out)
    assert (code, told["read"], told["new"], sum(told["skipped"].values())) == (0, 3, 3, 5)
    assert (listed["kg_0"]["place"], listed["kg_0"]["scope"], listed["kg_0"]["countries"]) == (
        "location",
        "isp",
        ["KG"],
    )
    assert listed["two.lines"]["pattern"] == "first line\nsecond line"
    assert listed["two.lines"]["countries"] == ["ID"]
    assert listed["address"]["place"] == "address"


def test_censored_planets_list_is_read(run):
    """The id tells whose page it is and where; two patterns of one id are both kept."""
    run("import", text=PLANET)
    listed = {one["id"]: one for one in json.loads(run("list", "--json")[1])}

    assert (listed["c_isp_kg_one"]["scope"], listed["c_isp_kg_one"]["countries"]) == ("isp", ["KG"])
    assert listed["c_isp_kg_one:2"]["pattern"] == "another page of theirs"
    assert listed["a_prod_gate"]["scope"] == "product"
    assert listed["x_fp_bank"]["scope"] == "false_positive"


def test_reading_again_changes_nothing_and_lists_stand_beside_each_other(run):
    """The second import of a list has nothing new; another list is added; --replace forgets what was there."""
    run("import", text=OONI)
    again = json.loads(run("import", "--json", text=OONI)[1])
    beside = json.loads(run("import", "--json", text=PLANET)[1])
    instead = json.loads(run("import", "--json", "--replace", text=PLANET)[1])

    assert (again["new"], again["total"]) == (0, 3)
    assert (beside["new"], beside["total"]) == (4, 7)
    assert instead["total"] == 4


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "the file is empty"),
        ("name,scope\na,b\n", 1, "missing: location_found"),
        (f"{HEADER}\na,isp,,body,full,words,5,KG,ooni\n", 2, "expected 11 fields"),
        (f"{HEADER}\na,isp,,body,glob,words,5,KG,ooni,,\n", 2, "expected one of full, prefix, contains, regexp"),
        (f"{HEADER}\na,isp,,body,full,words,5,Kyrgyzstan,ooni,,\n", 2, "expected two-letter country codes"),
        (f"{HEADER}\na,isp,,body,full, ,5,KG,ooni,,\n", 2, "the pattern is empty"),
        (f"{HEADER}\n\x1b[31m,isp,,body,full,words,5,KG,ooni,,\n", 2, "expected a name"),
        (f"{HEADER}\n" + "a" * 200_000, 2, "a line is longer"),
        (PLANET + "{nonsense}\n", 5, "not JSON"),
        (PLANET + '{"fingerprint": "a_b"}\n', 5, "the keys 'fingerprint' and 'pattern'"),
        (PLANET + '{"fingerprint": 3, "pattern": "x"}\n', 5, "expected a name"),
        (PLANET + '{"fingerprint": "a_b", "pattern": []}\n', 5, "the pattern is empty"),
        (PLANET + "[" * 100_000 + "\n", 5, "not JSON"),
        (b"\xff\xfe\x00", 1, "UTF-8"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_read_in(run, tmp_path, text, line, why):
    """One message with file and line, exit code 2, and the folder is as it was."""
    code, out, err = run("import", text=text)

    assert (code, out) == (2, "")
    assert err.startswith(f"{tmp_path / 'list'}:{line}: ")
    assert why in err
    assert "\x1b" not in err
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_not_there_is_named(run, tmp_path):
    """A slip of the keyboard is wrong input."""
    code, _, err = run("import", str(tmp_path / "nowhere"))

    assert (code, err) == (2, f"{tmp_path / 'nowhere'}: No such file or directory\n")


def test_a_file_that_was_damaged_is_told_with_its_line(run, tmp_path):
    """What is kept is read strictly: half a line is no list."""
    run("import", text=OONI)
    file = tmp_path / "data" / "fingerprints.jsonl"
    file.write_bytes(file.read_bytes()[:-30])

    code, _, err = run("list")

    assert code == 1
    assert "fingerprints.jsonl:3" in err


def test_without_an_import_the_shipped_ones_are_listed(run):
    """A table for people, with the source of each; a country chooses."""
    _, out, _ = run("list", "--country", "kg")

    assert "kg.homeline" in out
    assert "uz.registry" not in out


def test_a_write_that_fails_leaves_the_list_as_it_was(run, tmp_path, monkeypatch):
    """The new file takes the old one's name only when it is on the disk."""
    run("import", text=OONI)
    before = (tmp_path / "data" / "fingerprints.jsonl").read_bytes()

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = run("import", text=PLANET)

    assert code == 1
    assert "full" in err
    assert (tmp_path / "data" / "fingerprints.jsonl").read_bytes() == before
    assert not list((tmp_path / "data").glob("*.new"))


def test_what_is_read_comes_back(run, tmp_path):
    """The store gives the records that were saved, in their order, and none for a folder without a list."""
    run("import", text=PLANET)

    assert [one.id for one in kept.read_fingerprints(tmp_path / "data")][:2] == ["c_isp_kg_one", "a_prod_gate"]
    assert kept.read_fingerprints(tmp_path / "elsewhere") == ()
    (tmp_path / "data" / "fingerprints.jsonl").write_text("[]\n")
    with pytest.raises(StoreError, match=r"fingerprints\.jsonl:1"):
        kept.read_fingerprints(tmp_path / "data")


def visited(site, *, role=Role.VANTAGE, innocuous=False, **page):
    """A visit to a site in the clear that is answered with that page."""
    url = f"http://{site}/"
    point = VantagePoint(id=f"{role}-1", country="KG" if role is Role.VANTAGE else "DE", network="AS64500", role=role)
    shown = fetched(url, **page)
    steps = looked(["93.184.216.34"], name=site), connected(port=80), shown
    return replace(measured(*steps, url=url), target=site, vantage=point, innocuous=innocuous)


@pytest.fixture
def stored(tmp_path):
    """Keep visits as the schedule would."""

    def made(*measurements):
        with open_store(tmp_path / "data") as store:
            for measurement in measurements:
                record(measurement, store)

    return made


NOTICE = {"title": "Restricted", "length": 300, "sha256": "ab" * 32, "kept": b"<title>Restricted</title>by order"}
OWN = {"title": "News of every day", "length": 9000, "headers": [("X-Own", "1")]}


def test_a_page_in_the_place_of_unrelated_sites_is_suggested(run, stored):
    """Three sites show one page here and their own at a control; kept, it is a fingerprint of this network."""
    sites = ("one.example", "two.kg", "three.org")
    stored(*(visited(site, **NOTICE) for site in sites), *(visited(site, role=Role.CONTROL, **OWN) for site in sites))

    [one] = json.loads(run("suggest", "--days", "3650", "--keep", "--json")[1])
    listed = json.loads(run("list", "--json")[1])

    assert one["sites"] == ["one.example", "three.org", "two.kg"]
    assert len(one["measurements"]) == 3
    assert (listed[-1]["scope"], listed[-1]["networks"], listed[-1]["pattern"]) == ("recurring", ["AS64500"], "ab" * 32)
    assert "3: one.example, three.org, two.kg" in run("suggest", "--days", "3650")[1]
    assert json.loads(run("suggest", "--days", "3650", "--least", "4", "--json")[1]) == []


def test_what_innocuous_sites_show_too_is_suggested_as_a_portal(run, stored):
    """Nothing is kept of it, and the table says what it is."""
    stored(
        *(visited(site, **NOTICE) for site in ("one.example", "two.kg")), visited("wiki.org", innocuous=True, **NOTICE)
    )

    code, out, _ = run("suggest", "--days", "3650", "--keep")

    assert code == 0
    assert "a portal" in out
    assert "recurring" not in run("list")[1]


def test_without_a_store_nothing_is_suggested(run):
    """An empty folder is no fault."""
    assert run("suggest")[:2] == (0, "No page stands in the place of unrelated sites, among 0 answers in the clear.\n")
    assert run("suggest", "--least", "1")[0] == 2
