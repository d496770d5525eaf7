"""Three languages: chosen as asked, complete, and compiled from what is written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import monitor.web
from monitor.model import BlockingEvent, State
from monitor.web.language import DOMAIN, LANGUAGES, LOCALE, choose, translations

WEB = Path(monitor.web.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.svg", "jinja2")]


def _used() -> Iterator[str]:
    """Every word of the templates and of the code that is to be looked up."""
    for _, _, words, _, _ in extract_from_dir(WEB, METHODS, keywords={"_": None, "mark": None, "ngettext": (1, 2)}):
        yield words if isinstance(words, str) else words[0]


def _source(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def _said(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """Word (of a plural: its singular) -> what it is in the language, in as many forms as the language has."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in catalog
        if message.id
    }


def _first(words: str | tuple[str, ...]) -> str:
    """Of a word with plural forms the singular."""
    return words if isinstance(words, str) else words[0]


@pytest.mark.parametrize(
    ("language", "count", "words"),
    [("ru", 1, "1 сеть"), ("ru", 3, "3 сети"), ("ru", 11, "11 сетей"), ("ru", 21, "21 сеть"), ("ky", 3, "3 тармак")],
)
def test_plural_forms_are_the_languages_own(language: str, count: int, words: str) -> None:
    """One, few and many networks each have their word; Kyrgyz has one for all."""
    said = translations(language).ngettext("%(num)d network", "%(num)d networks", count)

    assert said % {"num": count} == words


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_is_missing(language: str) -> None:
    """Every word that a page can show is translated, and no translation is left of a word that is gone."""
    found = _said(_source(language))

    assert set(found) == set(_used())
    assert [word for word, said in found.items() if not all(said)] == []
    assert not any(message.fuzzy for message in _source(language) if message.id)


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_survive_translation(language: str) -> None:
    """A translation names exactly the values that the original names."""
    for message in _source(language):
        if message.id:
            assert set(re.findall(r"%\(\w+\)\w", str(message.string))) == set(
                re.findall(r"%\(\w+\)\w", str(message.id))
            )


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_that_of_the_source(language: str) -> None:
    """Who changes a .po runs `pybabel compile` before the commit (docs/reference/page.md)."""
    folder = LOCALE / language / "LC_MESSAGES"
    fresh = io.BytesIO()
    write_mo(fresh, _source(language))
    with (folder / f"{DOMAIN}.mo").open("rb") as file:
        committed = _said(read_mo(file))
    fresh.seek(0)

    assert committed == _said(read_mo(fresh))


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("ky", "ru", "ky"),
        (None, "ru-KG, ky;q=0.9", "ru"),
        (None, "de, ky;q=0.4, ru;q=0.3", "ky"),
        ("xx", "", "en"),
        (None, "ru;q=0, en;q=0.1", "en"),
        (None, "ru;q=x, ;;,", "en"),
        ("../../etc", "ky", "ky"),
    ],
)
def test_the_language_is_the_one_asked_for(asked: str | None, accepted: str, language: str) -> None:
    """The address goes before the browser's wish; what we do not have falls back to English."""
    assert choose(asked, accepted) == language


@pytest.mark.parametrize(
    ("language", "words"),
    [("ru", ("заблокирован", "недостаточно данных")), ("ky", ("бөгөттөлгөн", "маалымат жетишсиз"))],
)
async def test_pages_speak_it(
    place: Any, event: Callable[..., BlockingEvent], language: str, words: tuple[str, str]
) -> None:
    """States are in the reader's language on a page that says which one it is, and links keep the choice."""
    place.measure(State.BLOCKED)
    place.measure(State.INSUFFICIENT, target=place.settings.targets[1])
    place.write(lambda store: store.save_events([event()]))
    answer = await place.get(f"/?lang={language}")

    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert all(word in answer.text for word in words)
    assert f'href="/targets/kloop?lang={language}"' in answer.text
    assert "Consistent with" not in answer.text


async def test_the_browsers_wish_is_heard(place: Any) -> None:
    """Without ?lang the header decides, caches are told so, and links carry no language."""
    answer = await place.get("/", **{"Accept-Language": "ru-RU,ru;q=0.9"})

    assert "Пока ничего не измерено." in answer.text
    assert answer.headers["vary"] == "Accept-Language"
    assert 'href="/targets/kloop"' in answer.text
