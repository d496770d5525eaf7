"""From the section `alerts` to the records of the program; secrets are read where it says that they are kept."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.alert.settings import Address, AlertSettings, Digest, Quiet, Recipient, Wants
from monitor.config.alerting import AddressPart, AlertsPart, QuietPart, RecipientPart, WantsPart
from monitor.config.tree import Tree, Where
from monitor.model import Tier, Topic

_LARGEST = 16_384
"""Characters of a secret: more is the wrong file."""


def alerts(tree: Tree, part: AlertsPart, folder: Path, environment: Mapping[str, str], zone: str) -> AlertSettings:
    """The settings that the section stands for; what is wrong with its secrets goes into the tree's problems.

    `zone` is the file's own time zone. No message holds anything of a secret.
    """
    read = _Secrets(tree=tree, folder=folder, environment=environment)
    recipients = tuple(
        _recipient(each, zone, read, ("alerts", "recipients", index)) for index, each in enumerate(part.recipients)
    )
    heartbeat = read(("alerts",), part.heartbeat_file, part.heartbeat_env)
    times = {name: getattr(part, name) for name in ("wait", "gap", "updates", "settle", "fresh", "silence")}
    return AlertSettings(
        recipients=recipients,
        page=part.page or "",
        heartbeat=heartbeat,
        allow=frozenset(part.allow_hosts),
        coverage=part.coverage,
        attempts=part.attempts,
        **times,
    )


class _Secrets:
    """Reads secrets, and tells where there is none."""

    def __init__(self, *, tree: Tree, folder: Path, environment: Mapping[str, str]) -> None:
        self._tree, self._folder, self._environment = tree, folder, environment

    def __call__(self, where: Where, file: Path | None, variable: str | None) -> str:
        """The secret, empty where none is named or where there was something to tell."""
        place = self._tree.place(where)
        if variable is not None:
            if not self._environment.get(variable, "").strip():
                self._tree.tell(place, f"the variable {variable} is not set", "the secret in it")
            return self._environment.get(variable, "").strip()
        if file is None:
            return ""
        path = self._folder / file.expanduser()
        try:
            open_to_all = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            why = getattr(fault, "strerror", None) or "not a text file"
            self._tree.tell(place, f"the secret in {path} cannot be read ({why})", "a file with nothing else in it")
            return ""
        if open_to_all:
            self._tree.tell(place, f"{path} can be read by other users", f"chmod 600 {path}")
        if not text or len(text) > _LARGEST:
            self._tree.tell(place, f"{path} holds no secret", "a file with nothing else in it")
            return ""
        return text


def _recipient(part: RecipientPart, zone: str, read: _Secrets, where: Where) -> Recipient:
    return Recipient(
        name=part.name,
        addresses=tuple(_addresses(part, read, where)),
        wants=tuple(map(_wants, part.wants)),
        language=part.language,
        timezone=part.timezone or zone,
        quiet=None if part.quiet is None else _quiet(part.quiet),
        cap=part.cap,
        digest=None if part.digest is None else Digest(weekly=part.digest.every == "week", at=part.digest.at),
        escalate_to=part.escalate_to or "",
        escalate_after=part.escalate_after,
        public=part.public,
        link=part.link,
    )


def _addresses(part: RecipientPart, read: _Secrets, where: Where) -> Iterator[Address]:
    taken: set[str] = set()
    for index, each in enumerate(part.to):
        name = _name(each, taken)
        taken.add(name)
        secret = read((*where, "to", index), each.secret_file, each.secret_env)
        yield Address(name=name, channel=each.channel, to=each.to or "", options=dict(each.options), secret=secret)


def _name(part: AddressPart, taken: set[str]) -> str:
    """The address's own name, or its channel's, with a number where it is not the first."""
    wanted = part.name or part.channel
    return wanted if wanted not in taken else f"{wanted}-{len(taken) + 1}"


def _quiet(part: QuietPart) -> Quiet:
    return Quiet(begins=part.begins, ends=part.ends, wake=None if part.wake is None else Tier(part.wake))


def _wants(part: WantsPart) -> Wants:
    return Wants(
        topics=frozenset(map(Topic, part.topics)),
        countries=frozenset(part.countries),
        networks=frozenset(part.networks),
        categories=frozenset(part.categories),
        targets=frozenset(part.targets),
        tier=Tier(part.tier),
        from_networks=part.from_networks,
    )
