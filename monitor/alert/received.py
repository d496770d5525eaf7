"""What an Alertmanager reports to us: each firing alert is a file, so that the desk knows what stands when it plans.

The payload is that of Alertmanager's webhook, version 4. It comes from whoever holds an operator's key, and
is a stranger's text all the same: names are cut, counted and made plain, and nothing else of it is kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.model import Alert, Stage, Tier, Topic
from probes.document import moment, rfc3339

MOST = 200
"""Alerts that stand at once; more is a storm, and the first ones tell of it."""
LARGEST = 262_144
"""Bytes of one payload."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class PayloadError(ValueError):
    """A payload that is none of Alertmanager's; the message is one line for whoever sent it."""


def take_in(folder: Path, payload: Any) -> int:
    """Keep what fires and remove what is resolved; how many alerts the payload had. PayloadError, OSError."""
    if not isinstance(payload, dict) or payload.get("version") != "4" or not isinstance(payload.get("alerts"), list):
        raise PayloadError('expected the webhook of Alertmanager: an object with version "4" and a list of alerts')
    read = [_one(each) for each in payload["alerts"]]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path_id, standing in read:
        path = folder / f"{path_id}.json"
        if standing is None:
            path.unlink(missing_ok=True)
        elif path.exists() or len(list(folder.glob("*.json"))) < MOST:
            draft = folder / f".{path_id}.draft"
            draft.write_text(json.dumps(standing), encoding="utf-8")
            draft.replace(path)
    return len(read)


def _one(given: Any) -> tuple[str, Mapping[str, str] | None]:
    """One alert's id, and what stands; None where it is resolved."""
    labels = given.get("labels") if isinstance(given, dict) else None
    name = labels.get("alertname") if isinstance(labels, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PayloadError("each alert has a label alertname of letters, digits and underscores")
    status = given.get("status")
    if status not in ("firing", "resolved"):
        raise PayloadError("each alert has the status firing or resolved")
    try:
        since = moment(str(given.get("startsAt")))
    except ValueError:
        raise PayloadError("each alert has a time startsAt with its zone") from None
    path_id = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:32]
    return path_id, None if status == "resolved" else {"name": name, "since": rfc3339(since)}


def standing(folder: Path | None, now: datetime) -> Iterator[Alert]:
    """What fires, as alerts about the monitor itself; several of one name that began together are one story."""
    seen = set()
    for path in sorted(folder.glob("*.json")) if folder is not None and folder.is_dir() else ():
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            name, since = str(held["name"]), min(now, moment(held["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        story = f"reported-{name.lower()}-{since:%Y%m%dT%H%M}"
        if story not in seen:
            seen.add(story)
            yield Alert(
                story=story,
                revision=1,
                stage=Stage.LIKELY,
                topic=Topic.MONITOR,
                tier=Tier.LIKELY,
                since=since,
                note=f"reported {name}",
            )
