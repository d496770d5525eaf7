"""The Common Alerting Protocol 1.2 (OASIS, 1 July 2010): an XML document per message, in a folder for aggregators.

Tiers are certainties (suspected: Possible, likely: Likely, confirmed: Observed), ends and updates are updates of the
first message, retractions cancel it. Each document says the same in every language that we speak. Its scope is Public
only where the recipient is `public`, so that a person has approved it: to warn the public is for authorities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from monitor.alert.channels import Answer, Delivered, Later, Letter
from monitor.alert.outside import Outside
from monitor.alert.settings import Address
from monitor.model import Alert, Form, Stage, Tier, Topic

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_SENDER = re.compile(r"[^\s,<&]{3,200}")
_CERTAINTY = {Tier.SUSPECTED: "Possible", Tier.LIKELY: "Likely", Tier.CONFIRMED: "Observed"}
_EVENTS = {Topic.BLOCKING: "Internet service blocking", Topic.OFFLINE: "Network outage"}
_LASTS = timedelta(days=7)
"""After which a message expires that nobody updated: by then an update or the end was sent (ours)."""
_LANGUAGES = {"en": "en", "ky": "ky", "ru": "ru"}


@dataclass(frozen=True, slots=True)
class _CAP:
    """Writes a file named for the message; the same one twice is one file."""

    name: str = "cap"
    once: bool = True

    def mistake(self, address: Address) -> str | None:
        """A folder, and who sends."""
        if not address.to or "\0" in address.to:
            return "`to` is the path of a folder"
        if address.options.keys() != {"sender"} or not _SENDER.fullmatch(address.options["sender"]):
            return "the option `sender`: a name that is yours, such as canary.example, without spaces and commas"
        return None

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Write the document, whole or not at all; Later where the disk refuses. A digest is no alert: left out."""
        if letter.form in (Form.DIGEST, Form.ESCALATION):
            return Delivered()
        folder = outside.path(letter.address.to)
        try:
            outside.write(folder / f"{letter.key}.xml", document(letter).encode())
        except OSError as fault:
            return Later(why=f"the folder could not be written: {fault.strerror}")
        return Delivered(receipt=reference(letter))


def reference(letter: Letter) -> str:
    """How later messages name this one: sender, identifier and time, parted by commas (CAP 1.2, §3.2.1)."""
    return f"{letter.address.options['sender']},{letter.key},{stamp(letter.written)}"


def stamp(moment: datetime) -> str:
    """A time as CAP writes it: whole seconds and an offset, never `Z`.

    >>> stamp(datetime(2026, 1, 13, 15, 3, tzinfo=UTC))
    '2026-01-13T15:03:00+00:00'
    """
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def document(letter: Letter) -> str:
    """The message as XML, its elements in the order of the schema."""
    public = letter.public and letter.form is Form.NEWS
    lines = [
        _tag("identifier", letter.key),
        _tag("sender", letter.address.options["sender"]),
        _tag("sent", stamp(letter.written)),
        _tag("status", _status(letter)),
        _tag("msgType", _kind(letter)),
        _tag("scope", "Public" if public else "Restricted"),
        *([] if public else [_tag("restriction", "Not approved for the public")]),
        *([_tag("references", " ".join(letter.earlier))] if letter.earlier else []),
        *(_info(letter, language) for language in sorted(letter.tongues)),
    ]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="{NAMESPACE}">\n' + "\n".join(lines) + "\n</alert>\n"


def _status(letter: Letter) -> str:
    if letter.form is Form.TEST:
        return "Test"
    return "Exercise" if any(alert.simulated for alert in letter.alerts) else "Actual"


def _kind(letter: Letter) -> str:
    if not letter.earlier:
        return "Alert"
    return "Cancel" if all(alert.stage is Stage.RETRACTED for alert in letter.alerts) else "Update"


def _info(letter: Letter, language: str) -> str:
    headline, description = letter.tongues[language]
    alerts, first = letter.alerts, letter.alerts[0] if letter.alerts else None
    over = first is not None and first.stage in (Stage.ENDED, Stage.RETRACTED)
    begun = first.onset[1] if first is not None and first.onset is not None else letter.written
    event = _EVENTS.get(first.topic, "Monitoring of internet services") if first else "Test"
    lines = [
        _tag("language", _LANGUAGES[language]),
        _tag("category", "Infra"),
        _tag("event", event),
        _tag("responseType", "AllClear" if over else "Monitor"),
        _tag("urgency", "Past" if over else "Immediate"),
        _tag("severity", _severity(alerts)),
        _tag("certainty", _CERTAINTY[first.tier] if first else "Unknown"),
        _tag("effective", stamp(letter.written)),
        _tag("onset", stamp(begun)),
        _tag("expires", stamp(letter.written + _LASTS)),
        _tag("senderName", "Press Canary"),
        _tag("headline", headline),
        _tag("description", description),
        *([_tag("web", letter.link)] if letter.link else []),
        *_parameters(alerts),
        *_areas(alerts),
    ]
    return "<info>\n" + "\n".join(lines) + "\n</info>"


def _severity(alerts: Sequence[Alert]) -> str:
    """One site is minor, several or a whole network moderate, a site on most of a country's tested networks severe."""
    if not alerts:
        return "Unknown"
    if any(len(alert.networks) >= 3 and 2 * len(alert.networks) > alert.tested for alert in alerts):
        return "Severe"
    return "Moderate" if len(alerts) > 1 or alerts[0].topic is Topic.OFFLINE else "Minor"


def _parameters(alerts: Sequence[Alert]) -> Iterator[str]:
    for alert in alerts:
        named = {
            "event": alert.story,
            "revision": str(alert.revision),
            "technique": alert.technique or "",
            "controls": f"{alert.controls_agree}/{alert.controls_total}" if alert.controls_total else "",
        }
        networks = [("network", network) for network in alert.networks]
        for name, value in (*named.items(), *networks):
            if value:
                yield f"<parameter>{_tag('valueName', name)}{_tag('value', value)}</parameter>"


def _areas(alerts: Sequence[Alert]) -> Iterator[str]:
    for country in sorted({alert.country for alert in alerts if alert.country}):
        code = f"<geocode>{_tag('valueName', 'ISO 3166-1')}{_tag('value', country)}</geocode>"
        yield f"<area>{_tag('areaDesc', country)}{code}</area>"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


CHANNEL = _CAP()
