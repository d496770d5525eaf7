"""The words of alerts: complete in three languages, cautious, short enough, and harmless whatever the names are."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as some

import monitor.alert
from monitor.alert.letter import LONG, SHORT, compose
from monitor.alert.phrases import TECHNIQUES
from monitor.alert.tongue import DOMAIN, LANGUAGES, LOCALE
from monitor.model import Form, Stage, Tier, Topic
from tests.monitor.alert.made import AT, Inbox, event, minutes, recipient

GOLDEN = Path(__file__).with_name("golden")
OTHERS = [language for language in LANGUAGES if language != "en"]
KEYWORDS = {"_": None, "mark": None, "number": (1, 2)}
TOLD = [
    *((stage, tier) for stage in (Stage.EXTENDED, Stage.ENDED, Stage.RETRACTED) for tier in Tier),
    *((Stage(tier.value), tier) for tier in Tier),
]
(DELIVERY,) = Inbox().at(12, event())


def alert(stage=Stage.LIKELY, tier=Tier.LIKELY, **changes):
    """A block at a stage and tier; an ended one has an end."""
    end = (AT + minutes(590), AT + minutes(600)) if stage is Stage.ENDED else None
    return replace(DELIVERY.alerts[0], stage=stage, tier=tier, end=end, **changes)


def letter(*alerts, language="en", link=False, **changes):
    """The letter about these to somebody in Bishkek."""
    who = recipient(language=language, timezone="Asia/Bishkek", link=link)
    return compose(replace(DELIVERY, alerts=alerts, **changes), who, who.addresses[0], page="https://canary.example/")


def source(language):
    """The written catalogue."""
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def key(words):
    """A message's singular."""
    return words if isinstance(words, str) else words[0]


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_is_missing(language):
    """Everything that a message can say is translated, and no translation is left of what is gone."""
    used = {key(found[2]) for found in extract_from_dir(Path(monitor.alert.__file__).parent, keywords=KEYWORDS)}
    written = {key(message.id): message.string for message in source(language) if message.id}

    assert set(written) == used
    assert all(said and all(said) for said in written.values())


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_survive_translation(language):
    """Each form of a translation names exactly the values of the original."""
    for message in source(language):
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        for form in forms if message.id else ():
            assert set(re.findall(r"%\(\w+\)\w", form)) == set(re.findall(r"%\(\w+\)\w", key(message.id)))


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_that_of_the_source(language):
    """Who changes a .po runs `pybabel compile` before the commit (docs/reference/alerts.md)."""
    fresh = io.BytesIO()
    write_mo(fresh, source(language))
    fresh.seek(0)
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        committed = {str(message.id): str(message.string) for message in read_mo(file) if message.id}

    assert committed == {str(message.id): str(message.string) for message in read_mo(fresh) if message.id}


def examples(language):
    """Everything that is told, in readable pieces: each stage and tier in its three forms, then each technique, then
    what is not about one block."""
    for stage, tier in TOLD:
        made = letter(alert(stage, tier), language=language)
        yield f"== {stage.value}, {tier.value}", made.subject, "-- short", made.short, "-- long", made.long
    for code in [*TECHNIQUES, None]:
        yield f"== {code}", letter(alert(technique=code), language=language).short
    others = {
        "beside others": [alert(others=5)],
        "again": [alert(Stage.EXTENDED, note="again", flaps=2)],
        "several sites": [alert(), alert(story="ev-2", hosts=("24.kg",)), alert(story="ev-3", hosts=("kaktus.media",))],
        "one vantage point, one network, no control": [
            alert(observers=1, tested=1, networks=("AS1",), controls_total=0, decisive=0, onset=(None, AT))
        ],
        "twenty-one networks": [alert(tested=21, networks=tuple(f"AS{n}" for n in range(20)), decisive=21)],
        "network offline": [alert(topic=Topic.OFFLINE, hosts=(), networks=("AS47237",))],
        "network back": [alert(Stage.ENDED, topic=Topic.OFFLINE, hosts=(), networks=("AS47237",))],
        "network wrongly called offline": [
            alert(Stage.RETRACTED, topic=Topic.OFFLINE, hosts=(), networks=("AS47237",))
        ],
        "a block whose term is over": [alert(note="term 2023-11-12")],
        "term": [alert(topic=Topic.TERM, note="term 2023-11-12")],
        "claim": [alert(topic=Topic.CLAIM, note="claim kloop-ru-2023 2023-09-12")],
        "coverage": [alert(topic=Topic.COVERAGE, hosts=(), note="coverage 3")],
        "silence": [alert(topic=Topic.MONITOR, hosts=(), country="", networks=(), note="silence")],
        "silence over": [alert(Stage.ENDED, topic=Topic.MONITOR, hosts=(), country="", networks=(), note="silence")],
        "reported": [alert(topic=Topic.MONITOR, hosts=(), country="", networks=(), note="reported DiskFull")],
        "undelivered": [alert(topic=Topic.MONITOR, hosts=(), country="", networks=(), note="undelivered desk")],
        "simulated": [alert(simulated=True, country="XD")],
    }
    for name, alerts in others.items():
        yield f"== {name}", letter(*alerts, language=language).long
    yield "== escalation", letter(alert(), language=language, form=Form.ESCALATION).short
    digest = [alert(), alert(Stage.ENDED, story="ev-2"), alert(Stage.RETRACTED, story="ev-3")]
    yield "== digest", letter(*digest, language=language, form=Form.DIGEST, note="withheld 2 thin 1").long
    yield "== test", letter(language=language, form=Form.TEST).long


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_the_one_that_was_read_and_approved(language):
    """The texts are those of the golden file; who changes them on purpose writes it anew and reads the difference."""
    text = "\n".join(itertools.chain.from_iterable(examples(language))) + "\n"
    path = GOLDEN / f"{language}.txt"

    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_combination_fits_and_says_what_it_must(language):
    """Stage by tier by technique: short enough, defanged, without a link, with the event's id, and no word of blame."""
    for (stage, tier), code in itertools.product(TOLD, [*TECHNIQUES, None]):
        made = letter(alert(stage, tier, technique=code), language=language)
        assert len(made.short) <= SHORT
        assert len(made.long) <= LONG
        for text in (made.subject, made.short, made.long):
            assert "kloop.kg" not in text
            assert "://" not in text
            assert not re.search(r"government|правительств|өкмөт", text)
        assert "ev-1" in made.short
        assert "2026-03-02 08:50 – 09:00 UTC (14:50 – 15:00 " in made.short


def test_a_link_is_there_only_for_those_who_asked():
    """It leads to the event's own page, once, and the texts keep to their lengths."""
    made = letter(alert(story="24.kg-kg-2026"), link=True)

    assert made.link == "https://canary.example/events/24.kg-kg-2026"
    assert made.short.endswith(f"\n{made.link}")
    assert letter(alert()).link == ""


NASTY = [
    "@everyone",
    "<script>",
    "[x](http://evil)",
    "*b*",
    "a\r\nBcc: x",
    "\x1b[31m",
    "\u202egnp",
    "`",
    "&lt;",
    "_x_",
    "#tag",
]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("field", ["hosts", "story", "country", "networks", "note"])
def test_no_name_can_smuggle_markup_mentions_or_controls(nasty, field):
    """Whatever a name, a code or an id holds, it comes out as plain characters on its line."""
    value = (nasty,) if field in ("hosts", "networks") else f"claim {nasty} x" if field == "note" else nasty
    topic = Topic.CLAIM if field == "note" else Topic.BLOCKING
    made = letter(alert(topic=topic, **{field: value}))

    for text in (made.subject, made.short, made.long):
        assert not re.search(r"[<>@*`#_&\x00-\x09\x0b-\x1f\x7f\u202e]|\]\(|://", text)
        assert "Bcc" not in text or "\nBcc" not in text
    assert "\n" not in made.subject


@settings(deadline=None, max_examples=50)
@given(name=some.text(max_size=300), country=some.text(max_size=20))
def test_any_text_at_all_stays_on_its_line_and_within_bounds(name, country):
    """Names of strangers cannot break the form of a message."""
    made = letter(alert(hosts=(name,), country=country))

    assert len(made.subject) <= 160
    assert len(made.short) <= SHORT
    assert made.subject.isprintable() or "\ufffd" in made.subject or not made.subject.isascii()
    assert "\n" not in made.subject


def test_nothing_of_an_operator_is_in_any_message():
    """Neither addresses nor vantage points nor paths: an alert does not even hold them."""
    fields = set(alert().__dataclass_fields__)

    assert not fields & {"vantage", "witnesses", "spans", "url", "address"}
    for language in LANGUAGES:
        text = "\n".join(itertools.chain.from_iterable(examples(language)))
        assert not re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b|[0-9a-f]{0,4}(:[0-9a-f]{1,4}){3,}|/home/|valley-1", text)
