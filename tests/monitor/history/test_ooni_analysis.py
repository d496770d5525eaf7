"""Scored rows as cells, and the Ugandan series through the detector."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import pytest

from monitor.detect import DetectorSettings, detect
from monitor.history import Unreadable, series
from monitor.history.ooni_analysis import read
from monitor.model import Cell, Evidence, Layer, Tier

COLUMNS = (
    "input,probe_asn,probe_cc,measurement_start_time,measurement_uid,top_dns_failure,top_tcp_failure,top_tls_failure,"
    "dns_blocked,dns_down,dns_ok,tcp_blocked,tcp_down,tcp_ok,tls_blocked,tls_down,tls_ok"
)
START = "https://twitter.com/,20294,UG,2026-01-17 22:10:34.000,uid-1"


@pytest.fixture
def rows(tmp_path):
    """What a file with these lines gives."""

    def made(*lines, header=COLUMNS):
        path = tmp_path / "series.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return list(read(path, {}))

    return made


def test_it_is_found_by_its_name():
    """The command line knows the format without registration."""
    assert series()["ooni-analysis"].read is read


def test_a_blocked_row(rows):
    """From 0.5 on the layer is blocked; the failure word names the technique; the row is the witness."""
    (cell,) = rows(f"{START},,connection_refused,,0,0,1,0.75,0.25,0,0,0,0")
    assert (cell.target, cell.country, cell.network, cell.vantage) == ("twitter.com", "UG", "AS20294", "ooni:AS20294")
    assert cell.pooled
    assert cell.start == cell.end == datetime(2026, 1, 17, 22, 10, 34, tzinfo=UTC)
    assert (cell.blocked, cell.ok, cell.down, cell.insufficient) == (1, 0, 0, 0)
    assert (cell.layer, cell.technique, cell.evidence) == (Layer.TCP, "tcp.refused", Evidence.AMBIGUOUS)
    assert (cell.witnesses, cell.source) == (("uid-1",), "ooni-analysis")


@pytest.mark.parametrize(
    ("scores", "state", "technique"),
    [
        ("0,0,1,0,0,1,0,0,1", "ok", None),
        ("0,1,0,0,0,0,0,0,0", "down", None),
        ("0,0,1,0,0,1,0,0,0", "insufficient", None),
        ("0,0,0,0,0,0,0,0,0", "insufficient", None),
        ("0.4,0.1,0.4,0.4,0,0.4,0.4,0,0.4", "insufficient", None),
        ("1,0,0,0,0,0,0,0,0", "blocked", "dns"),
        ("0,0,1,0,0,1,0.8,0.2,0", "blocked", "tls"),
        ("0.95,0.05,1,0,0,1,0,0,1", "blocked", "dns"),
    ],
)
def test_states_from_scores(rows, scores, state, technique):
    """Blocked before down before ok; without a TLS handshake nothing is ok, and masked scores are insufficient."""
    (cell,) = rows(f"{START},,,,{scores}")
    assert getattr(cell, state) == 1
    assert cell.technique == technique


def test_a_page_in_the_clear_is_never_ok(rows):
    """The scores do not look at pages, so that a block page over HTTP would pass for the site."""
    (cell,) = rows(f"{START.replace('https', 'http')},,,,0,0,1,0,0,1,0,0,0")
    assert cell.insufficient == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("only,three,fields", "expected 17 fields, found 3"),
        (f"{START},,,,many,0,1,0,0,1,0,0,1", "expected a number in `dns_blocked`, found 'many'"),
        (f"{START},,,,nan,0,1,0,0,1,0,0,1", "expected a number in `dns_blocked`, found 'nan'"),
        (START.replace("2026-01-17 22:10:34.000", "soon") + ",,,,0,0,1,0,0,1,0,0,1", "expected a time, found 'soon'"),
        ("," + START.split(",", 1)[1] + ",,,,0,0,1,0,0,1,0,0,1", "expected a URL in `input`, found ''"),
    ],
)
def test_a_bad_row_is_reported_and_the_others_are_read(rows, tmp_path, line, why):
    """Each bad row is named with its line and reason."""
    good = f"{START},,,,0,0,1,0,0,1,0,0,1"
    found = rows(good, line, good.replace("uid-1", "uid-2"))
    assert [type(each) for each in found] == [Cell, Unreadable, Cell]
    assert found[1] == Unreadable(where=f"{tmp_path / 'series.csv'}:3", why=why)


def test_a_wrong_header_gives_no_cell(rows):
    """The columns that are missing are named, all at once."""
    (fault,) = rows("1,2", header="time,value")
    assert "missing: input, probe_asn" in fault.why


def test_files_that_are_none(tmp_path):
    """Empty, binary, endless, missing, a folder: one reason each, no exception."""
    whys = {}
    for name, content in {"empty": b"", "binary": b"\xff\xfe\x00", "endless": b"x" * 200_000}.items():
        path = tmp_path / name
        path.write_bytes(content)
        (fault,) = read(path, {})
        whys[name] = fault.why
    (folder,) = read(tmp_path, {})
    (missing,) = read(tmp_path / "missing", {})
    assert "empty" in whys["empty"]
    assert "UTF-8" in whys["binary"]
    assert "longer than" in whys["endless"]
    assert folder.why == "Is a directory"
    assert "No such file" in missing.why


def test_uganda_is_one_event_with_honest_edges(real):
    """Twitter on AS20294 in January 2026: one event; its onset reaches back over the days without data (13-17 January).

    The document's intervals are those of truth.csv; the other detector, hourly medians, says 18 January 19:00 to
    25 January 01:00.
    """
    cells = [row for row in read(real / "uganda-twitter" / "series.csv", {}) if isinstance(row, Cell)]
    (event,) = detect(cells, settings=DetectorSettings(), now=datetime(2026, 3, 1, tzinfo=UTC))
    with (real / "truth.csv").open() as file:
        truth = next(row for row in csv.DictReader(file) if row["target"] == "twitter.com")
    said = {name: datetime.fromisoformat(value) for name, value in truth.items() if "est" in name and value}
    assert len(cells) == 470
    assert said["onset_earliest"] <= event.onset[0] < event.onset[1] <= said["onset_latest"]
    assert said["end_earliest"] <= event.end[0] < event.end[1] <= said["end_latest"]
    assert event.onset == (datetime(2026, 1, 13, 14, 35, 50, tzinfo=UTC), datetime(2026, 1, 18, 5, 46, 13, tzinfo=UTC))
    assert event.end == (datetime(2026, 1, 23, 21, 32, 35, tzinfo=UTC), datetime(2026, 1, 24, 13, 49, 43, tzinfo=UTC))
    assert event.tier is Tier.SUSPECTED
    assert event.technique == "tcp"
