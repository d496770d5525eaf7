"""Files of documents: plain, compressed, cut, hostile, missing."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from monitor.history import Imported, Skipped, Unreadable
from monitor.history.ooni import Caps, read


@pytest.fixture
def line(document):
    """A document on one line, different for each number."""

    def made(number):
        document["measurement_uid"] = f"uid-{number}"
        return json.dumps(document).encode()

    return made


def uids(found):
    return [each.uid for each in found if isinstance(each, Imported)]


def faults(found):
    return [each for each in found if isinstance(each, Unreadable)]


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz", "day.json", "day.gz"])
@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_documents_however_they_are_packed(tmp_path, line, name, packed):
    """The first bytes tell whether a file is compressed, not its name: some `.gz` of OONI's are not."""
    content = line(1) + b"\n\n" + line(2) + b"\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if packed else content)
    assert uids(read(path, {})) == ["uid-1", "uid-2"]


def test_a_document_may_be_spread_over_lines(tmp_path, document):
    """A document that was printed for people is one document."""
    path = tmp_path / "one.json"
    path.write_text(json.dumps(document, indent=2))
    assert uids(read(path, {})) == [document["measurement_uid"]]


def test_several_gzip_members_are_one_file(tmp_path, line):
    """Files that were appended to consist of several members; padding behind them is nothing."""
    path = tmp_path / "day.jsonl.gz"
    path.write_bytes(gzip.compress(line(1) + b"\n") + gzip.compress(line(2)) + b"\0" * 512)
    found = list(read(path, {}))
    assert uids(found) == ["uid-1", "uid-2"]
    assert faults(found) == []


def test_a_cut_file_keeps_what_was_whole(tmp_path, line):
    """A file that was cut in the middle gives its whole documents and the place where it ends."""
    path = tmp_path / "day.jsonl"
    path.write_bytes(line(1) + b"\n" + line(2)[:-100])
    found = list(read(path, {}))
    assert uids(found) == ["uid-1"]
    assert [fault.where for fault in faults(found)] == [f"{path}:2"]


def test_a_cut_compressed_file_keeps_what_was_whole(tmp_path, line):
    """The same where the compression breaks off."""
    path = tmp_path / "day.jsonl.gz"
    squeezed = zlib.compressobj(wbits=31)
    whole = squeezed.compress(line(1) + b"\n") + squeezed.flush(zlib.Z_SYNC_FLUSH) + squeezed.compress(line(2) + b"\n")
    path.write_bytes(whole)
    found = list(read(path, {}))
    assert uids(found) == ["uid-1"]
    assert "ends in the middle" in faults(found)[0].why


def test_damaged_compression_is_reported(tmp_path, line):
    """A bit that fell over is a fault of the file, with its place."""
    path = tmp_path / "day.jsonl.gz"
    content = bytearray(gzip.compress(line(1) * 50))
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    found = list(read(path, {}))
    assert uids(found) == []
    assert faults(found)


def test_a_bomb_is_put_down(tmp_path, line):
    """A small file that grows without end is left after the cap; what came before is kept."""
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(line(1) + b"\n" + (b" " * 999 + b"\n") * 50_000))
    found = list(read(path, {}, caps=Caps(free=1_000_000)))
    assert uids(found) == ["uid-1"]
    assert "times its size" in faults(found)[0].why


def test_a_line_without_end_is_dropped_and_the_next_one_read(tmp_path, line):
    """A document larger than the cap is reported and does not fill the memory."""
    path = tmp_path / "day.jsonl"
    path.write_bytes(line(1) + b"\n" + b"x" * 300_000 + b"\n" + line(3) + b"\n" + b"y" * 300_000)
    found = list(read(path, {}, caps=Caps(document=100_000)))
    assert uids(found) == ["uid-1", "uid-3"]
    assert [fault.where for fault in faults(found)] == [f"{path}:2", f"{path}:4"]


def test_a_huge_document_over_many_lines_is_dropped(tmp_path, document):
    """The cap holds for a document that is spread over lines, too."""
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"filler": ["x" * 50] * 10_000} | document, indent=2))
    (fault,) = read(path, {}, caps=Caps(document=100_000))
    assert fault == Unreadable(where=str(path), why="larger than a document can be")


def test_empty_missing_and_forbidden_files_are_reported(tmp_path):
    """A path that gives nothing says why."""
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    blank = tmp_path / "blank.json"
    blank.write_bytes(b"\n \n")
    assert list(read(empty, {})) == [Unreadable(where=str(empty), why="empty")]
    assert list(read(blank, {})) == [Unreadable(where=str(blank), why="empty")]
    (fault,) = read(tmp_path / "missing.json", {})
    assert "No such file" in fault.why


def test_a_folder_is_read_with_all_below_it(tmp_path, line, document):
    """Every file of such a name, sorted; one bad file stops nothing, other files and links are passed over."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.jsonl").write_bytes(line(2))
    (tmp_path / "a.jsonl").write_bytes(line(1))
    (tmp_path / "bad.jsonl").write_bytes(b"{oops")
    (tmp_path / "other.jsonl").write_text(json.dumps(document | {"test_name": "dash"}))
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "cans.tar.gz").write_bytes(gzip.compress(b"tar"))
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "a.jsonl")
    found = list(read(tmp_path, {}))
    assert uids(found) == ["uid-1", "uid-2"]
    assert [fault.where for fault in faults(found)] == [f"{tmp_path / 'bad.jsonl'}:1"]
    assert [each.reason for each in found if isinstance(each, Skipped)] == ["dash"]


def test_a_folder_without_such_files_is_no_success(tmp_path):
    """A wrong folder must not look like an import of nothing."""
    (fault,) = read(tmp_path, {})
    assert fault.where == str(tmp_path)


def test_progress_counts_the_bytes_of_the_file(tmp_path, line):
    """What is told of the progress adds up to the size on disk, also for compressed files."""
    path = tmp_path / "day.jsonl.gz"
    path.write_bytes(gzip.compress(line(1)))
    told = []
    list(read(path, {}, seen=told.append))
    assert sum(told) == path.stat().st_size
