"""`presscanary check` and its report on the terminal."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from monitor.check import check
from monitor.cli.check import Form, Wanted, command, compare, read, written
from monitor.cli.claims.text import render, summary
from monitor.cli.frame import USAGE, CommandError, Place
from monitor.config import load, shipped
from monitor.model import BlockingEvent, Cell, CheckReport, Claim, Day, Locus, Source, Tier
from monitor.store import StoreError, open_store

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def app(config: Path, data_dir: Path) -> typer.Typer:
    """The command as the program mounts it, in a place of its own."""
    made = typer.Typer()

    @made.callback()
    def entry(context: typer.Context) -> None:
        context.obj = Place(config=config, named=data_dir)

    made.command("check")(command)
    return made


def event(**more: Any) -> BlockingEvent:
    """A block of Kloop on 13 September 2023."""
    day = datetime(2023, 9, 12, 20, tzinfo=UTC), datetime(2023, 9, 13, 2, tzinfo=UTC)
    made: dict[str, Any] = {
        "id": "e1", "target": "kloop-ru", "country": "KG", "networks": ("AS12997",), "onset": day, "end": None,
        "tier": Tier.LIKELY, "technique": "tls.reset", "locus": Locus.NETWORK, "alarm": day[1], "score": 14.0,
        "counts": {}, "witnesses": (),
    }  # fmt: skip
    return BlockingEvent(**made | more)


def shown(report: CheckReport, width: int = 140) -> str:
    """A report as it is printed."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    render(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_store_every_claim_is_not_testable_and_it_says_so(tmp_path: Path) -> None:
    """A new user sees all documented claims, none of them judged, and plain words why."""
    result = CliRunner().invoke(app(shipped(), tmp_path / "none"), ["check", "--country", "kg"])
    assert result.exit_code == 0
    assert "Nothing has been measured here yet" in result.output
    assert "kloop-ru-2023-block" in result.output
    assert "0 supported, 0 consistent, 0 contradicted" in result.output
    assert "nothing here agrees or disagrees with a document" in result.output
    assert not (tmp_path / "none").exists()


def test_only_claims_of_the_country_are_checked(tmp_path: Path) -> None:
    """--country leaves out what is documented about other countries."""
    result = CliRunner().invoke(app(shipped(), tmp_path / "none"), ["check", "--country", "RU", "--json"])
    checks = json.loads(result.stdout)["checks"]
    assert {each["claim"]["country"] for each in checks} == {"RU"}


@pytest.mark.parametrize("country", ["Kyrgyzstan", "K1", ""])
def test_what_is_no_country_is_wrong_input(tmp_path: Path, country: str) -> None:
    """A country is two letters; anything else is one message and exit code 2."""
    result = CliRunner().invoke(app(shipped(), tmp_path), ["check", "--country", country])
    assert isinstance(result.exception, CommandError)
    assert result.exception.code == USAGE


def test_a_wrong_configuration_is_wrong_input(tmp_path: Path) -> None:
    """A missing file is told with its name, exit code 2."""
    result = CliRunner().invoke(app(tmp_path / "nothing.yaml", tmp_path), ["check"])
    assert isinstance(result.exception, CommandError)
    assert result.exception.code == USAGE
    assert "nothing.yaml:1:1: there is no such file" in str(result.exception)


def test_a_store_that_cannot_be_read_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's own one-line message becomes the command's."""

    def broken(*_: object, **__: object) -> None:
        raise StoreError("the store is damaged")

    monkeypatch.setattr("monitor.cli.check.open_store", broken)
    result = CliRunner().invoke(app(shipped(), tmp_path), ["check"])
    assert isinstance(result.exception, CommandError)
    assert (str(result.exception), result.exception.code) == ("the store is damaged", 1)


def test_stored_events_and_imported_cells_are_compared_with_the_claims(tmp_path: Path) -> None:
    """What a store holds, measured or imported, decides the verdicts."""
    with open_store(tmp_path) as store:
        days = [datetime(2023, 9, day, 12, tzinfo=UTC) for day in (12, 13)]
        store.append_cells(
            [
                Cell(
                    target="kloop-ru",
                    country="KG",
                    network="AS12997",
                    vantage="v",
                    start=day,
                    end=day,
                    blocked=9,
                    source="x",
                )
                for day in days
            ]
        )
        store.save_events([event()])
    report = compare(load(shipped()), read(tmp_path, "KG"), now=NOW, wanted=Wanted(country="KG"))
    found = {each.claim.id: each for each in report.checks}
    assert found["kloop-ru-2023-block"].verdict.value == "supported"
    assert (found["kloop-ru-2023-block"].days_covered, found["kloop-ru-2023-block"].measurements) == (2, 18)
    assert found["azattyk-2022-block@azattyk-ru"].verdict.value == "not testable"


def test_a_real_claim_is_not_testable_with_a_simulated_store(tmp_path: Path) -> None:
    """The demonstration's store says nothing of documented dates."""
    with open_store(tmp_path) as store:
        store.save_events([event(simulated=True)])
    report = compare(load(shipped()), read(tmp_path), now=NOW)
    assert {each.verdict.value for each in report.checks} == {"not testable"}


CLAIM = Claim(
    id="kloop-block",
    target="kloop-ru",
    country="KG",
    kind="blocked",
    date="2023-09-12",
    precision="day",
    interval=(datetime(2023, 9, 11, 18, tzinfo=UTC), datetime(2023, 9, 13, 18, tzinfo=UTC)),
    sources=(Source(url="https://news.example/1"), Source(url="doc:a letter")),
)
DAYS = (Day(target="kloop-ru", country="KG", network="AS12997", day=datetime(2023, 9, 13).date(), blocked=9),)


def test_the_table_shows_claim_source_precision_verdict_distance_and_coverage() -> None:
    """One row says what is claimed, by whom, how precisely, and what the data say, on how much of them."""
    text = shown(check([event()], [CLAIM], DAYS, now=NOW))
    for part in ("kloop-block", "blocked, 2023-09-12", "news.example +1", "day", "supported", " 0 ", "1 of 2 d"):
        assert part in text
    assert "SIMULATED" not in text


def test_a_table_in_a_pipe_is_not_folded() -> None:
    """Names stay whole where nobody's window limits them."""
    assert "kloop-block" in shown(check([event()], [CLAIM], DAYS, now=NOW), width=40)


def test_simulated_reports_are_labelled() -> None:
    """Everything that a demonstration made says so."""
    report = check([event(simulated=True)], [], [], now=NOW)
    assert "SIMULATED" in shown(report)


def test_markup_in_a_claim_is_text() -> None:
    """Square brackets in a file are printed, not obeyed."""
    report = check([], [replace(CLAIM, id="[bold]x[/bold]")], [], now=NOW)
    assert "[bold]x[/bold]" in shown(report)


def test_what_is_left_over_on_either_side_is_named() -> None:
    """Events without a claim and claims without an event are listed."""
    open_days = (Day(target="kloop-ru", country="KG", network="AS1", day=datetime(2023, 9, 13).date(), ok=9),)
    report = check([event(id="other", target="24kg")], [CLAIM], open_days, now=NOW)
    lines = "\n".join(summary(report))
    assert "Events that no claim speaks of: other" in lines
    assert "there are data and no event: kloop-block" in lines


def asked(tmp_path: Path, *arguments: str, config: Path | None = None) -> Any:
    """The result of `check` with these arguments, without a store."""
    return CliRunner().invoke(app(config or shipped(), tmp_path / "none"), ["check", *arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--target", "nobody"], "no claim of"),
        (["--source", "nobody.example"], "has such a source"),
        (["--json", "--format", "csv"], "expected one of the two"),
        (["--output", "/nowhere/report.html"], "No such file or directory"),
        (["--output", "."], "Is a directory"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], told: str) -> None:
    """What cannot be done is told with its reason."""
    result = asked(tmp_path, *arguments)
    assert isinstance(result.exception, CommandError)
    assert told in str(result.exception)
    assert "\n" not in str(result.exception)
    assert result.exception.code == USAGE


def test_an_unknown_format_or_language_is_wrong_input(tmp_path: Path) -> None:
    """The command line says which there are."""
    assert asked(tmp_path, "--format", "pdf").exit_code == USAGE
    assert asked(tmp_path, "--format", "html", "--language", "xx").exit_code == USAGE


def test_one_target_or_one_source_can_be_asked_for(tmp_path: Path) -> None:
    """The claims about it, and no others."""
    checks = json.loads(asked(tmp_path, "--target", "tiktok", "--json").stdout)["checks"]
    assert {each["claim"]["target"] for each in checks} == {"tiktok"}
    checks = json.loads(asked(tmp_path, "--source", "eurasianet.org", "--format", "json").stdout)["checks"]
    assert checks
    assert all(any("eurasianet" in source["url"] for source in each["claim"]["sources"]) for each in checks)


@pytest.mark.parametrize("ending", ["txt", "json", "csv", "html"])
def test_the_ending_of_the_file_says_what_is_written(tmp_path: Path, ending: str) -> None:
    """Text, JSON, CSV or a page, each with every claim."""
    file = tmp_path / f"report.{ending}"
    result = asked(tmp_path, "--output", str(file), "--target", "tiktok")
    assert (result.exit_code, result.stdout) == (0, "")
    text = file.read_text(encoding="utf-8")
    assert text.lstrip().startswith({"txt": "claim ", "json": "{", "csv": "claim,", "html": "<!doctype html>"}[ending])
    assert "tiktok-2024-block" in text


HOSTILE = replace(
    CLAIM,
    id="<script>alert(1)</script>",
    date="=HYPERLINK(1)",
    sources=(Source(url="https://news.example/<b>", says='"><img src=x onerror=alert(1)>\u202e'),),
    disagreements=("<i>no</i>",),
)


@pytest.mark.parametrize("language", ["en", "ru", "ky"])
def test_the_page_stands_alone_and_lets_nothing_through(language: str) -> None:
    """No script, link, picture or style sheet; what strangers wrote is text, and what hides is written out."""
    html = written(check([], [HOSTILE], DAYS, now=NOW), Form.HTML, language)
    assert "<script" not in html
    assert "<img" not in html
    assert "<i>no" not in html
    assert "\u202e" not in html
    assert re.findall(r'(?:href|src)\s*=\s*"', html) == []
    assert "default-src 'none'" in html
    assert f'<html lang="{language}">' in html
    assert "&lt;script&gt;" in html
    assert "@media print" in html


@pytest.mark.parametrize("form", list(Form))
def test_every_form_of_a_simulated_report_says_so(form: Form) -> None:
    """Wherever it is read, and a single row of the CSV too."""
    report = check([event(simulated=True)], [replace(CLAIM, simulated=True)], DAYS, now=NOW)
    text = written(report, form)
    assert {Form.CSV: ",true\r\n", Form.JSON: '"simulated": true'}.get(form, "SIMULATED") in text


def test_the_sheet_runs_no_formula() -> None:
    """A text that begins like one is quoted; numbers stay numbers."""
    rows = list(csv.DictReader(io.StringIO(written(check([], [HOSTILE], DAYS, now=NOW), Form.CSV))))
    assert [row["date"] for row in rows] == ["'=HYPERLINK(1)"]
    assert [row["measurements"] for row in rows] == ["9"]


def test_the_store_is_replayed_for_the_power_of_a_claim(tmp_path: Path) -> None:
    """Hourly rows before, during and after the claim's days would have shown a block; the report says how soon."""
    first = datetime(2023, 9, 10, tzinfo=UTC)
    times = [first + timedelta(hours=number) for number in range(24 * 7)]
    config = tmp_path / "targets.yaml"
    config.write_text(
        "targets: [{id: kloop-ru, urls: ['https://kloop.example/']}]\n"
        "documented:\n"
        "- {id: c, target: kloop-ru, country: KG, kind: blocked, date: 2023-09-12, sources: [{url: 'doc:x'}]}\n"
    )
    with open_store(tmp_path / "data") as store:
        store.append_cells(
            [
                Cell(
                    target="kloop-ru", country="KG", network="AS1", vantage="v", start=time, end=time, ok=1, source="x"
                )
                for time in times
            ]
        )
    result = CliRunner().invoke(app(config, tmp_path / "data"), ["check", "--json"])
    [each] = json.loads(result.stdout)["checks"]
    assert (each["verdict"], each["power"]["full"]) == ("contradicted", 1.0)
    assert 2 < each["power"]["full_hours"] < 24
