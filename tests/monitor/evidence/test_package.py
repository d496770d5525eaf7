"""What a package holds, that it can be made again, and that strangers' tools read it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import socket
import subprocess
import uuid
from pathlib import Path

import pytest

from monitor.evidence import EvidenceError, verify
from monitor.evidence.method import KNOWN_ERRORS, settings_document, settings_from
from monitor.evidence.words import Language, say, words
from monitor.model import Tier
from probes.document import DocumentError, document

ROOT = Path(__file__).parents[3]
openssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed here")


def files(folder):
    """Every file by its name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_is_what_was_signed_and_its_conclusions_come_out_again(scene, package):
    """Every check holds: files, signature, documents, tables, log; verdicts and the event come out the same."""
    found = verify(package, scene.key.public.fingerprint)

    assert found.faults == ()
    assert (found.event, found.key) == (scene.event.id, scene.key.public.fingerprint)
    assert len(found.checked) == 7
    assert found.notes == ("no trusted time: nobody has stamped this package",)
    replay = json.loads((package / "data/method/replay.json").read_text())
    assert replay["differences"] == []
    assert len(replay["verdicts"]["same"]) >= 30
    assert replay["verdicts"]["different"] == []


@openssh
def test_the_script_needs_no_python(scene, package):
    """verify.sh finds everything in order, and says which key it was."""
    done = subprocess.run(
        ["sh", package / "verify.sh", scene.key.public.fingerprint], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "ok: tag files are what was listed",
        "ok: all files are what was listed",
        "ok: nothing was added",
        "ok: signed with the key in allowed_signers",
        "ok: the key is the one that you named",
        "no trusted time: nobody has stamped this package (tagmanifest-sha256.txt.sig.tsq asks for it)",
        "This package is what was signed.",
    ]


@openssh
def test_another_key_is_told(package):
    """Who names the fingerprint of another key is told so by both."""
    wrong = "SHA256:" + "A" * 43
    assert "not with" in verify(package, wrong).faults[0]
    done = subprocess.run(["sh", package / "verify.sh", wrong], capture_output=True, text=True, check=False)
    assert (done.returncode, f"not {wrong}" in done.stdout) == (1, True)


def test_the_same_facts_give_the_same_bytes(scene, package, tmp_path):
    """A package that is made again has the same files, byte for byte, the PDF and the WARC included."""
    scene.build(tmp_path / "again")

    assert files(tmp_path / "again") == files(package)
    assert "data/report.pdf" in files(package)


def test_a_folder_that_is_there_is_not_touched(scene, package):
    """EvidenceError, and nothing has changed."""
    before = files(package)
    with pytest.raises(EvidenceError, match="could not be written"):
        scene.build(package)
    assert files(package) == before


def test_the_bag_is_one_for_others(package):
    """The reference implementation of BagIt finds it valid."""
    bagit = pytest.importorskip("bagit", reason="bagit is not installed here")
    assert bagit.Bag(str(package)).validate()


def test_block_pages_are_in_a_warc_that_others_read(package):
    """Each kept page is a response record with its digest, under the moment at which it was measured."""
    iterator = pytest.importorskip("warcio.archiveiterator", reason="the extra `evidence` is not installed here")
    with (package / "data/warc/pages.warc.gz").open("rb") as file:
        records = [
            (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read())
            for record in iterator.ArchiveIterator(file, check_digests=True)
        ]
    assert len(records) == 11
    assert all(kind == "response" and url == "http://kloop.kg/" for kind, url, _ in records)
    assert all(b"Blocked by decision" in body for _, _, body in records)


def test_the_tables_say_what_their_dictionary_says(package):
    """Columns are those of datapackage.json, and no cell makes a spreadsheet calculate."""
    told = json.loads((package / "data/datapackage.json").read_text())
    for resource in told["resources"]:
        rows = list(csv.reader(io.StringIO((package / "data" / resource["path"]).read_text())))
        assert rows[0] == [field["name"] for field in resource["schema"]["fields"]]
        assert len(rows) > 1
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_the_negative_evidence_is_in_it(package):
    """The report says what the controls and the innocuous sites saw, what was not measured, and how often we err."""
    said = " ".join((package / "data/report.txt").read_text().split())
    assert "Controls: 108 of 108 results reached the site" in said
    assert "No other network of this country was measured" in said
    assert "of 1,000 events called likely 914 were real" in said
    assert "news.example" in said
    assert "It does not say who decided it" in said


def test_a_report_shows_what_was_captured_and_runs_none_of_it(package):
    """The page loads nothing, runs nothing, and every captured text is escaped."""
    page = (package / "data/report.html").read_text()
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "http://kloop.kg" not in page


@pytest.mark.parametrize("language", list(Language))
def test_a_report_is_in_the_language_that_was_asked_for(scene, tmp_path, language):
    """Page, text and a PDF of one to four pages, in each language."""
    pdf = pytest.importorskip("fpdf", reason="the extra `evidence` is not installed here")
    assert pdf
    scene.build(tmp_path / "package", language=language)
    said = (tmp_path / "package/data/report.txt").read_text()
    assert say(language, "observed") in said
    assert f'<html lang="{language.value}">' in (tmp_path / "package/data/report.html").read_text()
    content = (tmp_path / "package/data/report.pdf").read_bytes()
    assert 1 <= content.count(b"/Type /Page\n") <= 4
    assert verify(tmp_path / "package").faults == ()


def test_every_word_is_in_every_language():
    """No key lacks a language, and all have the same places to fill."""
    import string

    for name, told in words().items():
        assert list(told) == ["en", "ru", "ky"], name
        places = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in told.values()]
        assert places[0] == places[1] == places[2], name
    assert {f"tier_{tier.value}" for tier in Tier} <= words().keys()


def test_the_figures_of_error_are_those_of_the_evaluation():
    """What a report says of the detector's errors stands in docs/reference/evaluation.md."""
    page = (ROOT / "docs/reference/evaluation.md").read_text()
    for tier in ("likely", "confirmed"):
        for figure in ("precision", "recall"):
            assert (
                f"{KNOWN_ERRORS[tier][figure]:.3f}".lstrip("0") in page or f"{KNOWN_ERRORS[tier][figure]:.3f}" in page
            )


def test_settings_survive_their_document(scene):
    """What the detector ran with is read back the same; anything else is a DocumentError."""
    told = json.loads(json.dumps(settings_document(scene.settings)))
    fingerprints = json.loads(json.dumps(document(scene.settings.fingerprints)))
    assert settings_from(told, fingerprints) == scene.settings
    for wrong in ({}, [], {"detector": {"nothing": 1}}, told | {"beside": "long"}):
        with pytest.raises(DocumentError):
            settings_from(wrong, fingerprints)


def test_nobody_who_measured_is_in_it(package):
    """No name of this machine, none of its addresses and no LAN in any file, unpacked ones included."""
    own = {":".join(f"{uuid.getnode():012x}"[at : at + 2] for at in range(0, 12, 2)), "192.168.", "/home/", "/root/"}
    own |= {name for name in [socket.gethostname()] if len(name) > 5}  # a shorter one stands in any file by chance
    for name, content in files(package).items():
        plain = gzip.decompress(content) if name.endswith(".gz") else content
        for detail in own:
            assert detail.encode() not in plain, (name, detail)
