"""The files of dashboards/ are what the generator says, name metrics that exist, and Prometheus accepts them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config.settings import WebSettings
from monitor.metrics.boards import BOARDS
from monitor.metrics.dashboards import differing, files
from monitor.metrics.families import FAMILIES
from monitor.metrics.grafana import dashboard
from monitor.metrics.panels import Board
from monitor.metrics.rules import RECORDINGS, RULES
from monitor.metrics.stack import ADDRESS

FOLDER = Path(__file__).parents[2] / "dashboards"


def _expressions() -> Iterator[str]:
    for board in BOARDS:
        for panels in board.sections.values():
            for panel in panels:
                yield from panel.queries.values()
        yield from filter(None, [board.marks])
        yield from (variable.query for variable in board.variables)
    yield from (rule.expression for rule in (*RULES, *RECORDINGS))


def _used() -> set[str]:
    found = {name for expression in _expressions() for name in re.findall(r"\b(?:probe|presscanary)_\w+", expression)}
    return {_family(name) for name in found}


def _family(name: str) -> str:
    """The family that a series of a histogram belongs to, else the name itself."""
    return name if name in FAMILIES else re.sub(r"_(bucket|sum|count)$", "", name)


def _promtool(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    return subprocess.run([promtool, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def _panels(board: Board) -> list[dict[str, Any]]:
    return [panel for panel in dashboard(board)["panels"] if panel["type"] != "row"]


each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


def test_the_committed_files_are_what_the_generator_writes() -> None:
    """Whoever changes the generator runs `presscanary dashboards` before the commit."""
    assert differing(FOLDER) == ()


def test_the_folder_holds_nothing_else() -> None:
    """A file that the generator no longer knows is removed, not left to mislead."""
    found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}

    assert found - {"README.md"} == set(files())


def test_every_metric_that_is_used_exists() -> None:
    """No panel and no rule asks for a metric that is not exported."""
    assert _used() <= set(FAMILIES)


def test_every_metric_is_shown_or_alerted_on() -> None:
    """A metric that nothing shows is a metric that nobody will find."""
    assert set(FAMILIES) <= _used()


def test_labels_in_expressions_exist() -> None:
    """Every matcher and every `by (…)` names a label of the family, or one that the scrape adds."""
    known = {label for family in FAMILIES.values() for label in family.labels} | {"job", "instance", "le"}
    for expression in _expressions():
        grouped = ", ".join(re.findall(r"\b(?:by|on) \(([^)]*)\)", expression))
        matched = re.findall(r"(\w+)=~?\"", expression)
        assert {*re.findall(r"\w+", grouped), *matched} <= known, expression


def test_uids_stay_as_they_are() -> None:
    """Links and provisioning hold on to them; Grafana takes at most 40 characters of letters, digits, - and _."""
    assert {board.name: board.uid for board in BOARDS} == {
        "overview": "presscanary",
        "target": "presscanary-target",
        "network": "presscanary-network",
        "event": "presscanary-event",
        "fleet": "presscanary-fleet",
        "prober": "presscanary-prober",
    }
    assert all(re.fullmatch(r"[\w-]{1,40}", board.uid) for board in BOARDS)


@each_board
def test_a_dashboard_can_be_provisioned(board: Board) -> None:
    """No id, no inputs, not editable, the data source is a variable, and a menu leads to the other dashboards."""
    made = dashboard(board)

    assert made["id"] is None
    assert made["editable"] is False
    assert "__inputs" not in made
    assert [variable["name"] for variable in made["templating"]["list"]][:3] == ["datasource", "job", "instance"]
    assert {panel["datasource"]["uid"] for panel in _panels(board)} == {"${datasource}"}
    assert {link["tags"][0] for link in made["links"]} <= set(made["tags"])
    assert made["title"].startswith("Press Canary")


@each_board
def test_what_queries_refer_to_can_be_chosen(board: Board) -> None:
    """Every `$name` in a query is a variable of its dashboard or Grafana's own, and every variable is used."""
    made = dashboard(board)
    names = {variable["name"] for variable in made["templating"]["list"]}
    queries = [query["expr"] for panel in _panels(board) for query in panel["targets"]]
    queries += [each["expr"] for each in made["annotations"]["list"]]
    chosen = [variable["definition"] for variable in made["templating"]["list"] if "definition" in variable]
    used = {name for text in (*queries, *chosen) for name in re.findall(r"\$(\w+)", text)} - {"__rate_interval"}

    assert used == names - {"datasource"}


@each_board
def test_titles_say_what_is_seen_once(board: Board) -> None:
    """No two panels of a dashboard share a title."""
    titles = [panel["title"] for panel in _panels(board)]

    assert len(set(titles)) == len(titles)


@each_board
def test_panels_follow_the_dashboard_linter(board: Board) -> None:
    """Each panel has a title, a description, a unit and job and instance matchers; counters are shown as rates."""
    for panel in _panels(board):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        for query in panel["targets"]:
            assert 'job=~"$job"' in query["expr"]
            assert query["expr"].count('job=~"$job"') == query["expr"].count("{")
            assert len(re.findall(r'instance=~"\$(instance|url)"', query["expr"])) == query["expr"].count("{")
            for function, inside in re.findall(r"(\w+)\(\w+_(?:total|bucket|count)\{[^}]*\}([^)]*)\)", query["expr"]):
                assert (function, inside) == ("rate", "[$__rate_interval]")
            assert not re.search(r"(?<!rate\()\b\w+_total\{", query["expr"])


@each_board
def test_panels_do_not_overlap(board: Board) -> None:
    """Every panel has a place of its own inside 24 columns, and an id of its own."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard(board)["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert all(0 <= x < 24 for x, _ in cells)
        taken |= cells
    ids = [panel["id"] for panel in dashboard(board)["panels"]]
    assert len(set(ids)) == len(ids)


def test_the_scrape_config_finds_the_page_where_it_is_served() -> None:
    """The address is the one that `run` uses by default, and the URL stays the instance of the probe families."""
    config = yaml.safe_load(files()["prometheus/prometheus.yml"])
    (job,) = config["scrape_configs"]

    assert job["static_configs"] == [{"targets": [ADDRESS]}]
    assert job["honor_labels"] is True
    assert f"{WebSettings().host}:{WebSettings().port}" == ADDRESS


def test_promtool_accepts_the_config_and_the_rules() -> None:
    """`promtool check config` and `check rules --lint=all` find nothing wrong."""
    config = _promtool("check", "config", "--lint=all", "prometheus.yml", folder=FOLDER / "prometheus")
    rules = _promtool("check", "rules", "--lint=all", "presscanary.rules.yml", folder=FOLDER / "prometheus")

    assert config.returncode == 0, config.stderr
    assert rules.returncode == 0, rules.stderr


def test_promtool_accepts_every_panels_query(tmp_path: Path) -> None:
    """Each query of the dashboards, with its variables filled in, is PromQL that Prometheus parses."""
    queries = [query["expr"] for board in BOARDS for panel in _panels(board) for query in panel["targets"]]
    filled = [re.sub(r"\$(?!__)\w+", ".+", query).replace("$__rate_interval", "5m") for query in queries]
    rules = [{"record": f"panel:query:{number}", "expr": query} for number, query in enumerate(filled)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = _promtool("check", "rules", "panels.yml", folder=tmp_path)

    assert done.returncode == 0, done.stderr


@each_board
def test_the_json_is_readable_json(board: Board) -> None:
    """What Grafana is given parses to exactly what was made."""
    assert json.loads(files()[f"grafana/dashboards/{board.name}.json"]) == dashboard(board)
