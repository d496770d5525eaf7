"""Everything that the library Apprise can reach: Signal, Slack, Mattermost, ntfy, Mastodon and some 170 more.

The whole Apprise URL is a secret, because most of them hold tokens. Apprise is an extra (`presscanary[alerts]`), reads
no configuration of its own here, loads no plug-in, and is handed plain text only; our outbox does the retrying.
"""

from __future__ import annotations

import asyncio
import importlib.util
from dataclasses import dataclass
from typing import Any

from monitor.alert.channels import Answer, Delivered, Later, Letter, Refused
from monitor.alert.outside import Outside
from monitor.alert.settings import Address


@dataclass(frozen=True, slots=True)
class _Apprise:
    """Hands letters to Apprise."""

    name: str = "apprise"
    once: bool = False

    def mistake(self, address: Address) -> str | None:
        """The URL as the secret, and nothing else."""
        if not address.secret:
            return "secret_file or secret_env: the Apprise URL, such as ntfy://example.org/topic"
        return "no `to` and no options: all of it is in the URL" if address.to or address.options else None

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Hand the letter over in a thread of its own; a host in the URL is screened first."""
        if importlib.util.find_spec("apprise") is None:
            return Refused(why="Apprise is not installed: pip install 'presscanary[alerts]'")
        made = await asyncio.to_thread(_service, letter.address.secret)
        if made is None:
            return Refused(why="Apprise does not know this URL")
        host = getattr(made, "host", None)
        if isinstance(host, str) and host:
            await outside.dial(host, int(getattr(made, "port", None) or 443))
        return await asyncio.to_thread(_notify, made, letter)


def _service(url: str) -> Any:
    """Apprise's object for a URL; None where it knows none."""
    import apprise  # noqa: PLC0415 - an extra, and half a second

    asset = apprise.AppriseAsset(plugin_paths=[], secure_logging=True, async_mode=False, app_id="presscanary")
    service: Any = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    return service


def _notify(service: Any, letter: Letter) -> Answer:
    import apprise  # noqa: PLC0415 - see above

    room = int(getattr(service, "body_maxlen", 0) or 0)
    body = letter.long if room >= len(letter.long) else letter.short
    sent = service.notify(
        body=body, title=letter.subject, notify_type=apprise.NotifyType.WARNING, body_format=apprise.NotifyFormat.TEXT
    )
    return Delivered() if sent else Later(why="Apprise could not deliver it")


CHANNEL = _Apprise()
