"""`presscanary evaluate` and `presscanary backtest` as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from monitor.cli import backtest, evaluate
from monitor.cli.frame import USAGE, CommandError, Place
from monitor.config import shipped

DATA = Path(__file__).parents[4] / "shared" / "data"
TRUTH = "file,target,network,onset_earliest,onset_latest,end_earliest,end_latest\n"
ROWS = "measurement_start_time,probe_cc,probe_asn,blocking,domain\n"


@pytest.fixture
def run(tmp_path):
    """Exit code or fault, and what was printed."""
    app = typer.Typer()

    @app.callback()
    def entry(context: typer.Context) -> None:
        context.obj = Place(config=shipped(), named=tmp_path / "data")

    app.command("evaluate")(evaluate.command)
    app.command("backtest")(backtest.command)

    def ran(*arguments):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        if isinstance(result.exception, CommandError):
            return result.exception.code, str(result.exception)
        assert result.exception is None, result.exception
        return result.exit_code, result.stdout

    return ran


@pytest.fixture
def series(tmp_path):
    """A table of conclusions: a day that works, a day that does not, a day that works; and the truth about it."""

    def made(rows=None, truth=None):
        lines = [
            f"2024-03-0{day} {hour:02}:00:00,KG,AS1,{'dns' if day == 3 else 'false'},site.example"
            for day in (1, 2, 3, 4, 5)
            for hour in range(24)
        ]
        (tmp_path / "rows.csv").write_text(ROWS + "\n".join(lines if rows is None else rows) + "\n")
        times = "2024-03-02T22:00:00Z,2024-03-03T02:00:00Z,2024-03-03T22:00:00Z,2024-03-04T02:00:00Z"
        said = f"rows.csv,site.example,AS1,{times}"
        (tmp_path / "truth.csv").write_text(TRUTH + (said if truth is None else truth) + "\n")
        return "backtest", tmp_path / "rows.csv", "--truth", tmp_path / "truth.csv"

    return made


def test_evaluate_prints_rows_for_machines(run):
    """One row per detector with the agreed names, and our tiers under theirs; one process is enough."""
    code, shown = run("evaluate", "--quick", "--seeds", "1", "--days", "4", "--jobs", "1", "--json")
    report = json.loads(shown)
    assert code == 0
    assert {"suspected", "likely", "confirmed", "3 in a row", "OONI CUSUM, hourly"} <= {
        row["detector"] for row in report["rows"]
    }
    assert {
        "precision", "recall", "false_alarms_per_unit_year", "onset_error_p50_min", "onset_error_p90_min",
        "time_to_detect_p50_min", "time_to_detect_p90_min", "fragments", "recall_by_kind",
    } <= set(report["rows"][0])  # fmt: skip
    assert (report["seeds"], report["simulated"]) == ([1], True)


def test_evaluate_says_that_it_is_simulated(run):
    """The table for people begins with the label and ends with what it rests on."""
    code, shown = run("evaluate", "--quick", "--seeds", "2", "--days", "4", "--jobs", "1")
    assert code == 0
    assert shown.startswith("SIMULATED")
    assert "1 seeds (2) of 4 days" in shown
    assert "recall by kind" in shown


@pytest.mark.parametrize("text", ["", "x", "3-1", "1,,2", "1-999999999", "-1"])
def test_seeds_that_are_none(text):
    """Wrong seeds are wrong input, and a typing error does not start a million worlds."""
    with pytest.raises(CommandError) as fault:
        evaluate.parse(text)
    assert fault.value.code == USAGE


def test_backtest_prints_ours_beside_theirs(run, series):
    """Both detectors with verdict, onset, alarm and end."""
    code, shown = run(*series())
    assert code == 0
    assert "documents" in shown
    assert "presscanary: precision 1, recall 1 (1 of 1 found" in shown
    code, shown = run(*series(), "--json")
    report = json.loads(shown)
    assert [row["detector"] for row in report["rows"]] == ["presscanary", "OONI CUSUM, hourly"]
    assert (report["rows"][0]["recall"], report["rows"][0]["onset_error_p50_hours"]) == (1.0, 0.0)
    assert (report["cells"], report["unreadable"]) == (120, 0)


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        ("other.csv,a,AS1,2024-01-01,2024-01-02,,", "no row speaks of rows.csv"),
        ("rows.csv,a,AS1,soon,2024-01-02,,", "truth.csv:2: expected a time, found 'soon'"),
        ("rows.csv,a,AS1,2024-01-03,2024-01-02,,", "an interval ends before it begins"),
        ("rows.csv,,AS1,2024-01-01,2024-01-02,,", "expected a target"),
    ],
)
def test_a_truth_that_cannot_be_understood(run, series, truth, said):
    """It is named with its line."""
    code, shown = run(*series(truth=truth))
    assert code == USAGE
    assert said in shown


def test_files_that_are_no_series(run, series, tmp_path):
    """A header of nobody's, a missing file and a file without a usable row are wrong input."""
    arguments = series(rows=[])
    assert run(*arguments)[0] == USAGE
    assert "rows.csv:2: expected 5 fields" in run(*arguments)[1]
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    code, shown = run(*arguments)
    assert code == USAGE
    assert "belongs to no known series" in shown
    (tmp_path / "rows.csv").unlink()
    assert run(*arguments)[0] == USAGE
    (tmp_path / "truth.csv").write_text("target\nx\n")
    arguments = series()
    (tmp_path / "truth.csv").write_text("target\nx\n")
    assert "expected the columns network" in run(*arguments)[1]


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("uganda-twitter/series.csv", "found", "found"),
        ("ooni-posts/20190502-china-wikipedia.rows197-320.csv", "found", "missed"),
        ("ooni-posts/20190617-ethiopia-whatsapp.csv", "found", "insufficient"),
        ("ooni-posts/20190619-ethiopia-telegram.csv", "found", "found"),
        ("ooni-posts/201906-jordan-facebook.csv", "insufficient", "insufficient"),
    ],
)
def test_the_real_series(run, name, ours, theirs):
    """Each is one event inside the documented dates, where there is one to be found, and nothing else."""
    if not DATA.exists():
        pytest.skip("needs the real series, which are not part of this repository")
    code, shown = run("backtest", DATA / name, "--truth", DATA / "truth.csv", "--json")
    first, second = json.loads(shown)["findings"]
    assert code == 0
    assert (first["verdict"], second["verdict"]) == (ours, theirs)
    assert (first["fragments"], first["false"]) == (0, [])
    assert first["onset_error_hours"] in (0.0, None)
    assert first["end_error_hours"] in (0.0, None)
