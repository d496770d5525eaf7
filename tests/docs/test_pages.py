"""What the pages point at exists, every page can be found, and the commands that they name are real."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from monitor.config import load
from tests.docs.command_line import PROBES, PROGRAM, commands, options
from tests.docs.pages import DOCS, ROOT, Page, pages

PAGES = pages()
INDEX = DOCS / "README.md"
START = DOCS / "tutorial" / "first-look.md"
BY_PATH = {page.path: page for page in PAGES}
OTHERS = {"--network"}
"""Options of other programs that pages name alone: Docker's."""
WORDS = {name.partition(" ")[2]: name for name in commands()}


def _alive(page: Page, link: str) -> bool:
    place, _, heading = link.partition("#")
    target = (page.path.parent / place).resolve() if place else page.path
    if not target.exists() or ROOT not in [target, *target.parents]:
        return False
    return not heading or heading in BY_PATH[target].anchors


def named(page: Page) -> str:
    """A page's name, for the list of tests."""
    return page.name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    """Every relative link leads to a file or folder, and a link to a heading leads to one that is there."""
    assert [link for link in page.links if not _alive(page, link)] == []


def test_the_index_names_every_page():
    """Each page below docs/ is linked from the index, once, and the place to start twice."""
    linked = [(INDEX.parent / link.partition("#")[0]).resolve() for link in BY_PATH[INDEX].links]
    below = {page.path for page in PAGES if DOCS in page.path.parents and page.path != INDEX}

    assert {path for path in linked if DOCS in path.parents} == below
    assert {path for path in below if linked.count(path) > 1} == {START}  # said at the top, and in its room


def test_the_front_page_leads_to_the_index():
    """Whoever reads the README finds the index."""
    assert "docs/README.md" in BY_PATH[ROOT / "README.md"].links


def _walk(name: str, words: list[str]) -> str | None:
    """What is wrong with the words after a program's name, or None."""
    current = name
    while words:
        word = words.pop(0)
        below = getattr(commands().get(current), "commands", {})
        if word.startswith("-"):
            option = word.partition("=")[0]
            if option not in options(current):
                return f"{current} has no {option}"
            if _takes_value(current, option) and "=" not in word and words:
                words.pop(0)
        elif below:
            if word not in below:
                return None if word in ("COMMAND", "…") else f"{current} has no command {word}"
            current = f"{current} {word}"
    return None


def _takes_value(name: str, option: str) -> bool:
    if name == PROBES:
        return option != "--json"
    return any(option in each.opts and not each.is_flag for each in commands()[name].params)


def _fault(text: str) -> str | None:
    """What is wrong with a command line, if it is one of ours."""
    if "presscanary" not in text and PROBES not in text:
        return None
    words = [word.strip("[]") for word in shlex.split(text, comments=True)]
    if words and Path(words[0]).name == PROGRAM and len(words) > 1:
        return _walk(PROGRAM, words[1:])
    if [Path(word).name for word in words[:3]] == PROBES.split():
        return _walk(PROBES, words[3:])
    return None


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_are_real(page):
    """Pages name only commands and options that the programs know."""
    assert [fault for text in [*page.shell, *page.inline] if (fault := _fault(text))] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_options_are_real(page):
    """An option in code style, alone or after the name of a command, is one of ours."""
    every = OTHERS.union(*map(options, [*commands(), PROBES]))
    unknown = []
    for text in page.inline:
        command, _, rest = text.partition(" --")
        if text.startswith("--"):
            unknown += [] if text.split()[0].partition("=")[0] in every else [text]
        elif rest and command in WORDS:
            unknown += [] if f"--{rest.split()[0]}" in options(WORDS[command]) else [text]
    assert unknown == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("presscanary run --twice", "presscanary run has no --twice"),
        ("presscanary --data-dir DIR evnts", "presscanary has no command evnts"),
        ("presscanary import series f.csv --format x --json", None),
        (".venv/bin/presscanary check --country KG | less", None),
        ("python -m probes URL --quick", "python -m probes has no --quick"),
        ("systemctl reload presscanary", None),
    ],
)
def test_what_is_a_fault(text, fault):
    """The comparison itself sees what is wrong and lets pass what is right."""
    assert _fault(text) == fault


def test_configurations_are_right(tmp_path):
    """A piece of targets.yaml that a page shows, with a target where it names none, is accepted."""
    shown = [text for page in PAGES for text in page.blocks("yaml") if "vantage_points:" in text or "targets:" in text]
    for number, text in enumerate(shown):
        file = tmp_path / f"{number}.yaml"
        target = "" if "targets:" in text else 'targets: [{id: kloop, urls: ["https://kloop.kg/"]}]\n'
        file.write_text(target + text, encoding="utf-8")
        assert load(file).targets
    assert len(shown) >= 2
