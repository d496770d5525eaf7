"""Matrix: an account writes into a room (client-server API, `m.room.message`); updates are put into the story's thread.

The delivery's key is the transaction's id: a homeserver takes the same one once, so that nothing arrives twice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from monitor.alert.channels import Answer, Delivered, Later, Letter, Refused
from monitor.alert.outside import Outside, Reply, web_address
from monitor.alert.settings import Address

_ROOM = re.compile(r"![A-Za-z0-9._=/+-]{1,200}(:[A-Za-z0-9.:\[\]-]{1,230})?")


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Sends the long text as plain text."""

    name: str = "matrix"
    once: bool = True

    def mistake(self, address: Address) -> str | None:
        """A room's id, the homeserver's address and an access token as the secret."""
        if not _ROOM.fullmatch(address.to):
            return "`to` is a room's id such as !abc:example.org"
        if not address.secret:
            return "secret_file or secret_env: the account's access token"
        if address.options.keys() != {"server"}:
            return "the option `server`: the homeserver's address"
        return web_address(address.options["server"])

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Put the letter into the room."""
        server = letter.address.options["server"].rstrip("/")
        room = quote(letter.address.to, safe="")
        url = f"{server}/_matrix/client/v3/rooms/{room}/send/m.room.message/{letter.key}"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {letter.address.secret}"}
        body = json.dumps(event(letter), ensure_ascii=False).encode()
        return answered(await outside.request("PUT", url, body=body, headers=headers))


def event(letter: Letter) -> dict[str, Any]:
    """The content of the event; a quiet update is a notice, which clients do not ring for. Nobody is mentioned."""
    made: dict[str, Any] = {
        "msgtype": "m.notice" if letter.quiet else "m.text",
        "body": letter.long,
        "m.mentions": {},
    }
    if letter.earlier:
        made["m.relates_to"] = {
            "rel_type": "m.thread",
            "event_id": letter.earlier[0],
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": letter.earlier[-1]},
        }
    return made


def answered(reply: Reply) -> Answer:
    """What the homeserver's answer says: the event's id, or an error; `retry_after_ms` is in milliseconds."""
    try:
        said = json.loads(reply.body)
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    if reply.status == 200:
        return Delivered(receipt=str(said.get("event_id", "")))
    why = f"the homeserver answered {reply.status}"
    if reply.status == 429 or reply.status >= 500:
        wait = said.get("retry_after_ms")
        return Later(why=why, after=wait / 1000 if isinstance(wait, int | float) else reply.retry_after)
    return Refused(why=why)


CHANNEL = _Matrix()
