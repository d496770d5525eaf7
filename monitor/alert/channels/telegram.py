"""Telegram: a bot writes into a chat or channel (Bot API, `sendMessage`); updates answer the first message.

Links are never previewed, and an update comes without a sound. Telegram takes no key, so that whoever dies between
sending and writing that down sends twice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from monitor.alert.channels import Answer, Delivered, Later, Letter, Refused
from monitor.alert.outside import Outside, Reply, web_address
from monitor.alert.settings import Address

_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{4,31}")
_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,64}")
API = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class _Telegram:
    """Sends the long text, which fits into one message (4,096 characters)."""

    name: str = "telegram"
    once: bool = False

    def mistake(self, address: Address) -> str | None:
        """A chat's number or a channel's @name, and the bot's token as the secret."""
        if not _CHAT.fullmatch(address.to):
            return "`to` is a chat's number or a channel's name such as @example"
        if not address.secret:
            return "secret_file or secret_env: the bot's token"
        if address.options.keys() - {"server"}:
            return "no option but `server`, for a Bot API server of your own"
        return web_address(address.options.get("server", API))

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Send the letter; how long to wait is what Telegram says."""
        token = letter.address.secret
        if not _TOKEN.fullmatch(token):
            return Refused(why="the secret is no token of a bot")
        server = letter.address.options.get("server", API).rstrip("/")
        body = json.dumps(message(letter)).encode()
        headers = {"Content-Type": "application/json"}
        return answered(await outside.request("POST", f"{server}/bot{token}/sendMessage", body=body, headers=headers))


def message(letter: Letter) -> dict[str, Any]:
    """The parameters of `sendMessage`: plain text, no preview, as an answer to the first message of the story."""
    made: dict[str, Any] = {
        "chat_id": letter.address.to,
        "text": letter.long,
        "link_preview_options": {"is_disabled": True},
        "disable_notification": letter.quiet,
    }
    if letter.earlier and letter.earlier[0].isdecimal():
        made["reply_parameters"] = {"message_id": int(letter.earlier[0]), "allow_sending_without_reply": True}
    return made


def answered(reply: Reply) -> Answer:
    """What Telegram's answer says: `ok` with the message's id, or an error with `parameters.retry_after` (seconds)."""
    try:
        said = json.loads(reply.body)
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    if reply.status == 200 and said.get("ok") is True:
        return Delivered(receipt=str(_inside(said, "result").get("message_id", "")))
    why = f"Telegram answered {reply.status}"
    if reply.status == 429 or reply.status >= 500:
        after = _inside(said, "parameters").get("retry_after")
        return Later(why=why, after=float(after) if isinstance(after, int | float) else reply.retry_after)
    return Refused(why=why)


def _inside(said: dict[str, Any], key: str) -> dict[str, Any]:
    found = said.get(key)
    return found if isinstance(found, dict) else {}


CHANNEL = _Telegram()
