"""A feed to pull, where pushing may be blocked: JSON Feed 1.1 and Atom (RFC 4287) of the same entries, one per story.

`to` names both files without their endings. A recipient whose wishes name one country, target or network has a feed of
just that. The JSON file is what the channel remembers by; both are replaced whole, so that nobody reads half of one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from monitor.alert.channels import Answer, Delivered, Later, Letter
from monitor.alert.outside import Outside
from monitor.alert.settings import Address
from probes.document import rfc3339

ENTRIES = 200
"""The newest stories that a feed holds."""
_OPTIONS = frozenset({"title", "authority"})
_AUTHORITY = re.compile(r"[a-z0-9.-]{1,200}(@[a-z0-9.-]{1,100})?,[0-9]{4}(-[0-9]{2}){0,2}")


@dataclass(frozen=True, slots=True)
class _Feed:
    """Writes two files; the same letter twice leaves them as they are."""

    name: str = "feed"
    once: bool = True

    def mistake(self, address: Address) -> str | None:
        """A path, and perhaps a title and the authority of the tag: URIs (RFC 4151)."""
        if not address.to or "\0" in address.to:
            return "`to` is the path of the feed's files without their endings"
        if address.options.keys() - _OPTIONS:
            return "no options but `title` and `authority`"
        if not _AUTHORITY.fullmatch(address.options.get("authority", "presscanary.invalid,2026")):
            return "`authority`: a name that is yours and a year in which it was, such as canary.example,2026"
        return None

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Put the letter into the feed; Later where the disk refuses."""
        path = outside.path(letter.address.to)
        try:
            made = merged(_read(path), letter)
            outside.write(path.with_name(f"{path.name}.json"), json.dumps(made, ensure_ascii=False, indent=1).encode())
            outside.write(path.with_name(f"{path.name}.atom"), atom(made).encode())
        except OSError as fault:
            return Later(why=f"the feed could not be written: {fault.strerror}")
        return Delivered(receipt=letter.key)


def merged(known: Mapping[str, Any], letter: Letter) -> dict[str, Any]:
    """The JSON Feed with the letter in it: a story's entry is replaced by its newest revision and keeps its id."""
    authority = letter.address.options.get("authority", "presscanary.invalid,2026")
    named = f"{letter.form.value} {letter.key}" if not letter.alerts else letter.alerts[0].story
    entry_id = f"tag:{authority}:{named}"
    before: Mapping[str, Any] = next((each for each in known.get("items", ()) if each.get("id") == entry_id), {})
    alert = letter.alerts[0] if letter.alerts else None
    entry = {
        "id": entry_id,
        "title": letter.subject,
        "content_text": letter.long,
        "date_published": before.get("date_published", rfc3339(letter.written)),
        "date_modified": rfc3339(letter.written),
        "language": letter.language,
        "_presscanary": {
            "key": letter.key,
            "stage": alert.stage.value if alert else None,
            "tier": alert.tier.value if alert else None,
            "revision": alert.revision if alert else None,
            "stories": [each.story for each in letter.alerts],
            "simulated": any(each.simulated for each in letter.alerts),
        },
    }
    if letter.link:
        entry["url"] = letter.link
    rest = [each for each in known.get("items", ()) if each.get("id") != entry_id]
    items = sorted([entry, *rest], key=lambda each: str(each["date_modified"]), reverse=True)
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": letter.address.options.get("title", "Press Canary"),
        "language": letter.language,
        "_presscanary": {"id": f"tag:{authority}:{Path(letter.address.to).name}"},
        "items": items[:ENTRIES],
    }


def atom(feed: Mapping[str, Any]) -> str:
    """The same feed as Atom; all text is plain, and the newest entry dates the feed."""
    items: Sequence[Mapping[str, Any]] = feed["items"]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(feed["language"])}>',
        f"<id>{escape(feed['_presscanary']['id'])}</id>",
        f"<title>{escape(feed['title'])}</title>",
        f"<updated>{max(str(each['date_modified']) for each in items)}</updated>",
        "<author><name>Press Canary</name></author>",
        "<generator>Press Canary</generator>",
        *(_entry(each) for each in items),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def _entry(item: Mapping[str, Any]) -> str:
    link = f'<link rel="alternate" href={quoteattr(item["url"])}/>' if "url" in item else ""
    return (
        f"<entry><id>{escape(item['id'])}</id><title>{escape(item['title'])}</title>"
        f"<published>{item['date_published']}</published><updated>{item['date_modified']}</updated>{link}"
        f'<content type="text" xml:lang={quoteattr(item["language"])}>{escape(item["content_text"])}</content></entry>'
    )


def _read(path: Path) -> Mapping[str, Any]:
    """The feed as it is; an empty one where there is none, or where somebody else has written into its place."""
    try:
        found = json.loads(path.with_name(f"{path.name}.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("items"), list) else {}


CHANNEL = _Feed()
