"""From a delivery to a letter: the same facts as one line of subject, a short text and a long one."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from monitor.alert import sentences
from monitor.alert.channels import Letter
from monitor.alert.settings import Address, Recipient
from monitor.alert.tongue import LANGUAGES, Tongue
from monitor.model import Alert, Delivery, Form, Stage, Topic

SHORT, LONG, SUBJECT = 500, 4096, 160
"""Characters: Mastodon's limit, Telegram's limit, and what mail programs show."""


def compose(
    delivery: Delivery, recipient: Recipient, address: Address, *, page: str = "", earlier: tuple[str, ...] = ()
) -> Letter:
    """The letter of a delivery in its recipient's language; there is a link in it only where they asked for one."""
    tongue = Tongue(language=recipient.language, timezone=recipient.timezone)
    link = _link(delivery, page) if recipient.link and page else ""
    subject, short, long = _texts(delivery, tongue)
    others = {each: Tongue(language=each, timezone=recipient.timezone) for each in LANGUAGES}
    tongues = {each: _texts(delivery, other) for each, other in others.items()}
    return Letter(
        key=delivery.key,
        address=address,
        subject=_cut(subject, SUBJECT),
        short=_with(short, link, SHORT),
        long=_with(long, link, LONG),
        alerts=delivery.alerts,
        written=delivery.created,
        form=delivery.form,
        quiet=delivery.quiet,
        language=recipient.language,
        earlier=earlier,
        link=link,
        public=recipient.public,
        tongues={each: (_cut(texts[0], SUBJECT), _cut(texts[2], LONG)) for each, texts in tongues.items()},
    )


def _texts(delivery: Delivery, tongue: Tongue) -> tuple[str, str, str]:
    match delivery.form:
        case Form.TEST:
            return _test(tongue)
        case Form.DIGEST:
            return _digest(delivery, tongue)
    _ = tongue.words
    subject = sentences.subject(delivery.alerts, tongue)
    urgent = _("Nobody has acknowledged this yet.") if delivery.form is Form.ESCALATION else ""
    facts = _facts(delivery.alerts, tongue)
    short = _joined([f"{subject}.", urgent, *_pressed([f"{subject}.", urgent], facts)])
    return subject, short, "\n".join(part for part in (f"{subject}.", urgent, *facts) if part)


def _facts(alerts: Sequence[Alert], tongue: Tongue) -> list[str]:
    """The sentences about one story, or about several that go together, the most important first."""
    first = alerts[0]
    if first.stage is Stage.RETRACTED:
        return [sentences.back(alerts, tongue), sentences.began(first, tongue), *_ids(alerts, tongue)]
    match first.topic:
        case Topic.BLOCKING:
            told = _blocking(alerts, tongue)
        case Topic.OFFLINE:
            told = [sentences.offline(first, tongue), sentences.began(first, tongue), sentences.sure(first, tongue)]
        case _:
            told = [sentences.noticed(alert, tongue) for alert in alerts]
    return [*told, *_ids(alerts, tongue)]


def _blocking(alerts: Sequence[Alert], tongue: Tongue) -> list[str]:
    first = max(alerts, key=lambda alert: len(alert.networks))
    over = first.stage is Stage.ENDED
    return [
        sentences.before(first, tongue),
        sentences.ended(first, tongue) if over else sentences.where(first, tongue),
        sentences.began(first, tongue),
        sentences.where(first, tongue) if over and len(alerts) > 1 else "",
        sentences.how(first, tongue),
        sentences.controls(first, tongue),
        sentences.noticed(first, tongue) if first.note.startswith("term ") and not over else "",
        sentences.together(alerts, tongue),
        sentences.proof(first, tongue),
        sentences.pauses(first, tongue),
        sentences.observers(first, tongue),
        sentences.sure(first, tongue),
    ]


def _ids(alerts: Sequence[Alert], tongue: Tongue) -> list[str]:
    return [sentences.named(alert, tongue) for alert in alerts[:12]]


def _test(tongue: Tongue) -> tuple[str, str, str]:
    _ = tongue.words
    subject = _("Test message of Press Canary")
    text = _("This is a test. Nothing happened; alerts reach you here.")
    return subject, f"{subject}. {text}", f"{subject}\n{text}"


def _digest(delivery: Delivery, tongue: Tongue) -> tuple[str, str, str]:
    _ = tongue.words
    subject = _("Press Canary: digest of %(day)s") % {"day": tongue.moment(delivery.created)[:10]}
    over = [alert for alert in delivery.alerts if alert.stage is Stage.ENDED]
    back = [alert for alert in delivery.alerts if alert.stage is Stage.RETRACTED]
    standing = [alert for alert in delivery.alerts if alert not in over and alert not in back]
    lines = [
        _("Going on: %(count)d") % {"count": len(standing)},
        _("Ended: %(count)d") % {"count": len(over)},
        _("Taken back: %(count)d") % {"count": len(back)},
        _("Kept from you since the last digest: %(count)s") % {"count": _counted(delivery.note, "withheld")},
        _("Networks of which too little was measured: %(count)s") % {"count": _counted(delivery.note, "thin")},
        _("What was not measured is not in here, and is not said to work."),
    ]
    listed = [
        f"- {sentences.subject([alert], tongue)}. {sentences.began(alert, tongue)}"
        for alert in (*standing, *over, *back)
    ]
    return subject, _joined([f"{subject}.", *(f"{line}." for line in lines[:5])]), "\n".join([subject, *lines, *listed])


def _counted(note: str, word: str) -> str:
    """The number behind a word of a digest's note.

    >>> _counted("withheld 2 thin 3", "thin"), _counted("", "thin")
    ('3', '0')
    """
    words = note.split(" ")
    return words[words.index(word) + 1] if word in words else "0"


def _pressed(head: Sequence[str], facts: Sequence[str]) -> list[str]:
    """As many facts as the short form has room for, in their order; the story's id always, as the last."""
    *told, last = facts
    kept: list[str] = []
    for fact in told:
        if len(_joined([*head, *kept, fact, last])) <= SHORT - 1:
            kept.append(fact)
    return [*kept, last]


def _joined(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def _with(text: str, link: str, most: int) -> str:
    return f"{_cut(text, most - len(link) - 1)}\n{link}" if link else _cut(text, most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _link(delivery: Delivery, page: str) -> str:
    alert = delivery.alerts[0] if delivery.alerts else None
    if alert is None or alert.topic not in (Topic.BLOCKING, Topic.OFFLINE):
        return page
    return f"{page.rstrip('/')}/events/{quote(alert.story, safe='')}"
