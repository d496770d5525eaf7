"""The pages that people read: every Markdown file of the repository, its links, its headings, and the code in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A file and its text."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def links(self) -> tuple[str, ...]:
        """Where the page points, pictures included; addresses on the web are left out."""
        found = _LINK.findall(_CODE.sub("", self.prose))
        return tuple(link for link in found if not re.match(r"[a-z]+:", link))

    @property
    def anchors(self) -> set[str]:
        """What a link to a heading of this page says after the `#`, as GitHub makes it."""
        return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)}

    @property
    def inline(self) -> tuple[str, ...]:
        """The words in code style within sentences and tables."""
        return tuple(_CODE.findall(self.prose))

    def blocks(self, language: str) -> tuple[str, ...]:
        """The page's fenced blocks of a language."""
        return tuple(block for found, block in _FENCE.findall(self.text) if found == language)

    @property
    def shell(self) -> Iterator[str]:
        """The single commands in the page's blocks of shell and of service files."""
        for language, block in _FENCE.findall(self.text):
            for line in block.replace("\\\n", " ").splitlines():
                yield from _commands(language, line)


def _commands(language: str, line: str) -> Iterator[str]:
    if language == "console" and line[:2] in ("$ ", "# "):
        yield from re.split(r"\s*(?:\||&&|;)\s*", line[2:])
    elif language == "sh":
        yield from re.split(r"\s*(?:\||&&|;)\s*", line)
    elif language == "ini" and line.startswith("ExecStart="):
        yield line.removeprefix("ExecStart=")


def anchor(heading: str) -> str:
    """A heading as the end of a link.

    >>> anchor("How sure: `tiers`")
    'how-sure-tiers'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def pages() -> tuple[Page, ...]:
    """Every Markdown file, those of hidden folders and of installed packages left out."""
    found = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
    found += [
        path
        for folder in ("docs", "dashboards", "monitor", "probes", "tests")
        for path in (ROOT / folder).rglob("*.md")
    ]
    return tuple(Page(path=path, text=path.read_text(encoding="utf-8")) for path in sorted(found))
