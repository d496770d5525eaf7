"""`presscanary check-config`: the verdict on a file."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from monitor.cli.check_config import command
from monitor.cli.frame import Place
from monitor.config import shipped

TARGETS = Path(__file__).parents[2] / "targets"


def app(config: Path) -> typer.Typer:
    """The command as the program mounts it."""
    made = typer.Typer()

    @made.callback()
    def entry(context: typer.Context) -> None:
        context.obj = Place(config=config, named=None)

    made.command("check-config")(command)
    return made


def test_a_right_file_is_one_line_with_counts() -> None:
    """The line says that the file is right and how much it holds."""
    result = CliRunner().invoke(app(shipped()), ["check-config"])
    assert result.exit_code == 0
    assert "targets.yaml: ok." in result.stdout
    assert "4 innocuous targets" in result.stdout
    assert result.stdout.count("\n") == 1


def test_a_named_file_goes_before_the_configured_one() -> None:
    """The argument decides, and what is simulated is labelled."""
    result = CliRunner().invoke(app(shipped()), ["check-config", str(TARGETS / "valid-simulated.yaml")])
    assert "valid-simulated.yaml: ok. SIMULATED. 1 targets" in result.stdout


def test_every_mistake_is_printed_and_the_exit_code_is_2() -> None:
    """Mistakes go to standard error, one a line, none left out."""
    path = TARGETS / "invalid-references.yaml"
    result = CliRunner().invoke(app(path), ["check-config"])
    assert result.exit_code == 2
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert result.stderr.splitlines() == [f"{path}:{line}" for line in expected]
    assert result.stdout == ""


def test_mistakes_as_json_have_places() -> None:
    """Scripts get the same with line, column and remedy apart, and the same exit code."""
    path = TARGETS / "invalid-vantage-points.yaml"
    result = CliRunner().invoke(app(path), ["check-config", "--json"])
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert (found["ok"], found["problems"][0]["line"], found["problems"][0]["column"]) == (False, 4, 8)
    assert found["problems"][0]["expected"].startswith("small letters, digits")


def test_a_right_file_as_json_has_counts() -> None:
    """Scripts get the counts as numbers."""
    result = CliRunner().invoke(app(shipped()), ["check-config", str(TARGETS / "valid-everything.yaml"), "--json"])
    found = json.loads(result.stdout)
    assert (found["ok"], found["counts"]["targets"], found["counts"]["controls"], found["counts"]["claims"]) == (
        True,
        1,
        1,
        1,
    )


def test_the_schema_is_printed_whatever_the_file_says(tmp_path: Path) -> None:
    """--schema needs no file."""
    result = CliRunner().invoke(app(tmp_path / "nothing.yaml"), ["check-config", "--schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "targets.yaml"
