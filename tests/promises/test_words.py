"""Cautious words, and no live links: what the program says accuses nobody and endangers no reader (DESIGN §1.6, 7)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from probes.testing import HostBlock, Internet, Route, Site, SNIBlock, block_page, page

ROOT = Path(__file__).parents[2]
SOMEBODY = (
    r"(?:governments?|authorit(?:y|ies)|states?|regimes?|ministr(?:y|ies)|police|countr(?:y|ies)"
    r"|providers?|isps?|operators?)"
)
ACCUSING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{SOMEBODY}\s+(?:(?:is|are|was|were|has|have|had)\s+)?(?:been\s+)?(?:block|censor|bann?)(?:s|ed|ing)?\b(?!\s+(?:page|event|list))",
        rf"\b(?:blocked|banned|shut down|filtered)\s+by\s+(?:the\s+|its\s+|their\s+|an?\s+)?{SOMEBODY}\b",
        r"\bcensored\s+by\b",
        r"\b(?:is|are|was|were|being|been|got)\s+censored\b",
        r"\bcensorship\s+(?:is\s+|was\s+)?(?:confirmed|detected|proven|found)\b",
        r"\bproves?\s+(?:that\s+)?(?:\w+\s+){0,3}censor",
        r"\b(?:illegally|unlawfully)\s+blocked\b",
        r"заблокирован\w*\s+(?:\w+\s+)?(?:власт|правительств|государств|министерств|оператор|провайдер)",
        r"(?:власти|правительство|государство|министерство|провайдер\w*|оператор\w*)\s+(?:за)?блокир",
        r"подверг\w*\s+цензуре",
        r"(?:өкмөт|бийлик|мамлекет|министрлик|провайдер|оператор)\w*\s+(?:\w+\s+)?(?:бөгөттө|блокто|тос[кт])",
    )
)


def accusations(text: str) -> list[str]:
    """The accusing phrases in a text; one in quotation marks is spoken of, not said."""
    unquoted = re.sub(r"[“\"«][^”\"»\n]{0,60}[”\"»]", "…", text)
    return [found[0] for pattern in ACCUSING for found in pattern.finditer(unquoted)]


@pytest.mark.parametrize(
    "text",
    [
        "The government blocked it.", "blocked by the state", "kloop.kg is censored by its provider",
        "Authorities are blocking",
        "This proves that it was censored", "Сайт заблокирован властями", "Правительство блокирует",
        "Өкмөт сайтты бөгөттөдү",
    ],
)  # fmt: skip
def test_accusing_phrases_are_recognised(text):
    """A search that recognises nothing would prove nothing."""
    assert accusations(text)


@pytest.mark.parametrize(
    "text",
    [
        "consistent with SNI-based blocking on 3 of 5 networks tested",
        "where no censor sits",
        "the operator vetoes a target",
    ],
)
def test_cautious_phrases_pass(text):
    """What was seen may be said, however plainly."""
    assert not accusations(text)


def texts() -> Iterator[Path]:
    """Everything that users read or that is read out to them: pages, catalogues, commands, rules, documents."""
    yield from (ROOT / "monitor").rglob("*.html")
    yield from (ROOT / "monitor").rglob("*.svg")
    yield from (ROOT / "monitor").rglob("*.po")
    yield from (ROOT / "monitor").rglob("*.py")
    yield from (path for path in (ROOT / "probes").rglob("*.py") if "testing" not in path.parts)
    yield from (ROOT / "docs").rglob("*.md")
    yield from (ROOT / "dashboards").rglob("*.*")
    yield from ROOT.glob("*.md")


def words_of(path: Path) -> str:
    """What a file says, without the quotation marks that only its own syntax wants."""
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".py":
            said = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
            return "\n".join([*(each for each in said if isinstance(each, str)), *re.findall("#.*", text)])
        case ".po":
            return re.sub(r'^(?:msg\w+(?:\[\d\])? )?"|"$', "", text, flags=re.MULTILINE)
        case ".json":
            return text.replace('"', " ; ")
    return text


def test_nothing_that_users_read_accuses_anybody():
    """Measurements show what happened on the wire, never who ordered it."""
    read = {path: words_of(path) for path in texts()}
    found = {str(path.relative_to(ROOT)): accusations(text.replace("\n", " ")) for path, text in read.items()}
    assert len(read) > 150
    assert {name: said for name, said in found.items() if said} == {}


def test_the_shipped_targets_say_in_our_words_only_what_documents_say():
    """Why a target is watched, notes and milestones accuse nobody; a quotation stands under its source's name."""
    shipped = yaml.safe_load((ROOT / "targets.yaml").read_text(encoding="utf-8"))
    ours = [target.get(key, "") for target in shipped["targets"] for key in ("name", "why")]
    ours += [str(each.get(key, "")) for each in shipped["milestones"] for key in ("short", "disagreement")]
    ours += [str(claim.get("note", "")) for claim in shipped["documented"]]
    assert len(ours) > 100
    assert [said for text in ours for said in accusations(text)] == []


CONFIG = """\
targets:
- {id: herald, urls: ["https://herald.example/"], mirrors: ["https://mirror.herald.example/"]}
- {id: lantern, urls: ["http://lantern.example/"], sensitive: true}
- {id: library, urls: ["https://library.example/"], innocuous: true}
vantage_points:
- {id: here, country: KG, network: AS64500}
- {id: abroad, country: DE, network: AS64496, role: control}
documented:
- {id: letter, target: herald, country: KG, kind: blocked, date: 2023-09-12, sources: [{url: "https://news.example/1"}]}
"""
INTERNET = Internet(
    sites=tuple(
        Site(
            names=(f"{name}.example",),
            addresses=(f"93.184.{216 + n}.10",),
            routes=(Route(response=page(name, length=3000)),),
        )
        for n, name in enumerate(("herald", "lantern", "library"))
    )
)
NOTICE = (
    b"""<title>http://lantern.example/</title><a href="http://lantern.example/">lantern</a> https://herald.example/"""
)
CENSOR = (
    SNIBlock(names=("herald.example",)),
    HostBlock(names=("lantern.example",), action=block_page(NOTICE, headers=[("Link", "<https://herald.example/>")])),
)


async def test_a_block_is_told_cautiously_and_without_a_live_link(country):
    """Every page and the terminal, in three languages, over a censored country: bare names and no accusation."""
    place = country(CONFIG)
    seen = await place.run_once(INTERNET, {"here": CENSOR})
    assert {row["state"] for row in seen["targets"] if row["vantage"] == "here" and not row["innocuous"]} == {"blocked"}
    place.command("status")
    place.command("events")
    place.command("check")

    pages = {
        path: text for path, text in (await place.pages()).items() if not path.endswith(("/document", "openapi.json"))
    }
    assert sum("lang=ru" in path or "lang=ky" in path for path in pages) > 5
    for path, text in pages.items():
        assert not re.findall(
            r"""(?:href|src|action|cite|data|poster)\s*=\s*["']?\s*(?:[a-z]+:|//)[^"'\s>]*""", text, re.IGNORECASE
        ), path
        assert accusations(re.sub(r"<[^>]+>", "", text)) == [], path
    assert accusations(" ".join(place.printed)) == []
