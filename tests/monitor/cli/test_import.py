"""`presscanary import`: what it prints, what it keeps, how it exits."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.store import open_store

REAL = Path(__file__).parents[4] / "shared" / "data"
HEADER = (
    "input,probe_asn,probe_cc,measurement_start_time,measurement_uid,"
    "dns_blocked,dns_down,dns_ok,tcp_blocked,tcp_down,tcp_ok,tls_blocked,tls_down,tls_ok"
)


def document(minute, *, blocked=False, name="web_connectivity"):
    """A small measurement of kloop.kg, reached or reset."""
    failure = "connection_reset" if blocked else None
    return {
        "input": "https://kloop.kg/",
        "measurement_start_time": f"2023-09-{12 + minute // 1440:02} {minute // 60 % 24:02}:{minute % 60:02}:00",
        "probe_asn": "AS8511",
        "probe_cc": "KG",
        "probe_ip": "127.0.0.1",
        "report_id": "r",
        "test_name": name,
        "test_version": "0.4.2",
        "test_keys": {
            "queries": [
                {
                    "engine": "getaddrinfo", "hostname": "kloop.kg", "query_type": "A", "failure": None,
                    "answers": [{"answer_type": "A", "ipv4": "203.0.113.10"}],
                }
            ],
            "tcp_connect": [{"ip": "203.0.113.10", "port": 443, "status": {"failure": None, "success": True}}],
            "tls_handshakes": [{"address": "203.0.113.10:443", "server_name": "kloop.kg", "failure": failure}],
            "requests": [
                {
                    "failure": failure, "request": {"url": "https://kloop.kg/"},
                    "response": {"code": 0 if blocked else 200, "body": "" if blocked else "<title>Kloop</title>"},
                }
            ],
            "control": {
                "dns": {"failure": None, "addrs": ["203.0.113.10"]},
                "tcp_connect": {"203.0.113.10:443": {"status": True, "failure": None}},
                "tls_handshake": {"203.0.113.10:443": {"server_name": "kloop.kg", "status": True, "failure": None}},
                "http_request": {"failure": None, "status_code": 200, "body_length": 20, "title": "Kloop"},
            },
        },
    }  # fmt: skip


@pytest.fixture
def run(tmp_path, capsys):
    """Run a command on a data folder of its own: exit code, output, errors."""
    config = tmp_path / "targets.yaml"
    config.write_text("targets:\n  - id: kloop-ru\n    urls: [https://kloop.kg/]\n")

    def made(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--config", str(config), "--data-dir", str(tmp_path / "data"), *map(str, arguments)])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return made


@pytest.fixture
def lines(tmp_path):
    """A file of documents, one per line."""

    def made(documents, name="day.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(each) + "\n" for each in documents))
        return path

    return made


def test_measurements_are_judged_beside_their_control(run, lines, tmp_path):
    """Control first, then the measurement: the reset is a block of the target that the file watches."""
    code, shown, faults = run("import", "ooni", lines([document(0), document(60, blocked=True)]), "--json")
    assert (code, faults) == (0, "")
    assert json.loads(shown)["new"] == 2
    with open_store(tmp_path / "data", read_only=True) as store:
        rows = store.outcomes(vantage="ooni:AS8511")
        assert [(row.target, row.verdict.state.value) for row in rows] == [("kloop-ru", "ok"), ("kloop-ru", "blocked")]
        assert rows[1].verdict.controls_total == 1
        origin = store.measurement(rows[0].measurement).origin
        assert json.loads(store.original(origin.document))["input"] == "https://kloop.kg/"


def test_importing_again_changes_nothing(run, lines):
    """The second time everything is known."""
    path = lines([document(0), document(1)])
    run("import", "ooni", path)
    code, shown, _ = run("import", "ooni", path, "--json")
    assert code == 0
    assert (json.loads(shown)["new"], json.loads(shown)["known"]) == (0, 2)


def test_a_block_is_an_event_at_once(run, lines):
    """After the import, `events` shows what the documents say, however long ago it was."""
    documents = [document(60 * hour, blocked=20 <= hour < 50) for hour in range(100)]
    code, shown, _ = run("import", "ooni", lines(documents))
    assert code == 0
    assert "kloop-ru: suspected" in shown
    _, shown, _ = run("events", "--json")
    (event,) = json.loads(shown)
    assert event["onset"] == ["2023-09-12T19:00:00Z", "2023-09-12T20:00:00Z"]
    assert event["end"] == ["2023-09-14T01:00:00Z", "2023-09-14T02:00:00Z"]
    assert event["tier"] == "suspected"


def test_unreadable_places_are_named_and_stop_nothing(run, lines, tmp_path):
    """One bad line, one bad file: exit code 1, file and line and reason, and the rest is there."""
    path = lines([document(0), document(1)])
    path.write_text(path.read_text() + '{"cut')
    bomb = tmp_path / "bomb.jsonl.gz"
    bomb.write_bytes(gzip.compress((b" " * 999 + b"\n") * 100_000))
    code, shown, faults = run("import", "ooni", path, bomb)
    assert code == 1
    assert f"{path}:3: cut off, or not JSON" in faults
    assert f"{bomb}:" in faults
    assert "already known" in shown
    assert "Traceback" not in faults


def test_other_tests_are_counted(run, lines):
    """Skipped documents are no fault."""
    code, shown, _ = run(
        "import", "ooni", lines([document(0), document(1, name="ndt"), document(2, name="ndt")]), "--json"
    )
    assert code == 0
    assert json.loads(shown)["skipped"] == {"ndt": 2}


@pytest.mark.parametrize("command", [("import", "ooni"), ("import", "series", "--format", "ooni-analysis")])
def test_a_wrong_path_is_a_slip(run, tmp_path, command):
    """A path that is not there: exit code 2, one line, and no store is made."""
    code, _, faults = run(*command, tmp_path / "nothing")
    assert code == 2
    assert faults.strip().endswith("no such file or folder")
    assert not (tmp_path / "data").exists()


def test_nothing_readable_is_no_success(run, tmp_path):
    """An empty folder, an empty file, a file of something else: exit code 2."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "text.json").write_text("hello")
    for name in ("empty", "empty.jsonl", "text.json"):
        code, _, faults = run("import", "ooni", tmp_path / name)
        assert code == 2
        assert name in faults


def test_a_second_writer_is_refused(run, lines, tmp_path):
    """While `run` writes, an import says so in one line and exits 1."""
    path = lines([document(0)])
    with open_store(tmp_path / "data", clock=lambda: datetime(2024, 1, 1, tzinfo=UTC)):
        code, _, faults = run("import", "ooni", path)
    assert code == 1
    assert len(faults.strip().splitlines()) == 1


def test_a_series_becomes_cells_once(run, tmp_path):
    """Rows are counted, bad ones named, and importing again adds nothing."""
    path = tmp_path / "series.csv"
    good = "https://kloop.kg/,8511,KG,2023-09-12 0{hour}:00:00,uid-{hour},0,0,1,0,0,1,0,0,1"
    path.write_text("\n".join([HEADER, *(good.format(hour=hour) for hour in range(5)), "bad"]))
    code, shown, _ = run("import", "series", path, "--format", "ooni-analysis", "--json")
    assert code == 1
    assert (json.loads(shown)["new"], json.loads(shown)["unreadable"]) == (5, 1)
    assert json.loads(shown)["unreadable_places"][0]["where"] == f"{path}:7"
    _, shown, _ = run("import", "series", path, "--format", "ooni-analysis", "--json")
    assert (json.loads(shown)["new"], json.loads(shown)["known"]) == (0, 5)


def test_a_wrong_header_or_format_imports_nothing(run, tmp_path):
    """Exit code 2, and the message says what was expected."""
    path = tmp_path / "series.csv"
    path.write_text("time,value\n1,2\n")
    code, _, faults = run("import", "series", path, "--format", "ooni-analysis")
    assert code == 2
    assert "missing: input" in faults
    code, _, faults = run("import", "series", path, "--format", "netflow")
    assert code == 2
    assert "known: ooni-analysis" in faults


def test_uganda_from_file_to_event(run):
    """The real series, from the file to the printed event."""
    path = REAL / "uganda-twitter" / "series.csv"
    if not path.exists():
        pytest.skip("needs the real series, which is not part of this repository")
    code, shown, _ = run("import", "series", path, "--format", "ooni-analysis", "--json")
    assert (code, json.loads(shown)["new"]) == (0, 470)
    _, shown, _ = run("events", "--country", "ug", "--json")
    (event,) = json.loads(shown)
    assert event["onset"] == ["2026-01-13T14:35:50Z", "2026-01-18T05:46:13Z"]
    assert event["end"] == ["2026-01-23T21:32:35Z", "2026-01-24T13:49:43Z"]


def test_the_real_measurements_from_folder_to_verdicts(run, tmp_path):
    """Seven real documents are kept with verdicts like the peer's; the API's answers beside them are reported."""
    folder = REAL / "ooni-measurements"
    if not folder.exists():
        pytest.skip("needs the real measurements, which are not part of this repository")
    code, shown, _ = run("import", "ooni", folder, "--json")
    assert code == 1
    assert (json.loads(shown)["new"], json.loads(shown)["unreadable"]) == (7, 5)
    with open_store(tmp_path / "data", read_only=True) as store:
        states = {row.target: row.verdict.state.value for row in store.outcomes() if row.vantage != "ooni:control"}
    assert states == {
        "thepiratebay.org": "insufficient",
        "prachatai.com": "ok",
        "rutor.org": "blocked",
        "www.efindlove.com": "insufficient",
        "www.pokerroom.com": "down",
        "www.theguardian.com": "ok",
        "www.instagram.com": "ok",
    }


def test_a_series_of_a_simulated_configuration_is_labelled(tmp_path, run):
    """Where nothing in the configuration is real, imported rows and the events from them say so; elsewhere not."""
    series = Path(__file__).parents[3] / "docs" / "tutorial" / "series.csv"
    run("import", "series", series, "--format", "ooni-analysis")
    _, real, _ = run("events", "--json")
    (tmp_path / "data").rename(tmp_path / "other")
    (tmp_path / "targets.yaml").write_text("simulated: true\ntargets:\n  - {id: news, urls: [https://news.example/]}\n")
    run("import", "series", series, "--format", "ooni-analysis")
    _, simulated, _ = run("events", "--json")

    assert [each["simulated"] for each in json.loads(real) + json.loads(simulated)] == [False, True]


def test_real_measurements_are_refused_under_a_simulated_configuration(run, lines, tmp_path):
    """What somebody really measured never gets mixed with what a story made up."""
    config = tmp_path / "story.yaml"
    config.write_text(
        "simulated: true\ntargets:\n- {id: news, urls: ['https://news.example/']}\nvantage_points:\n- {id: here}\n",
        encoding="utf-8",
    )
    code, _, problems = run("--config", config, "import", "ooni", lines([document(0)]))

    assert code == 2
    assert "simulated" in problems
    assert not (tmp_path / "data").exists()
