"""A program of the recipient's: a signed JSON document by POST.

The signature is HMAC-SHA256 with the shared secret over `timestamp.body`, with the time of the attempt: who
receives it compares both in constant time and refuses what is older than five minutes, so that nothing is replayed. The
document has a number, `version`, and docs/reference/alerts.md names its keys. With the option
`envelope: cloudevents` it comes inside a CloudEvents 1.0 envelope.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from monitor.alert.channels import Answer, Letter, answered
from monitor.alert.outside import Outside, web_address
from monitor.alert.settings import Address
from probes.document import document, rfc3339

VERSION = 1
"""Of the document: a new optional key keeps it, everything else raises it."""
_ENVELOPES = frozenset({"", "cloudevents"})


@dataclass(frozen=True, slots=True)
class _Webhook:
    """Posts; the key goes along as `Idempotency-Key`."""

    name: str = "webhook"
    once: bool = True

    def mistake(self, address: Address) -> str | None:
        """An http(s) address without user and password, and a known envelope."""
        if told := web_address(address.to):
            return told
        if not address.secret:
            return "secret_file or secret_env: the receiver could not tell our messages from others without a signature"
        if address.options.keys() - {"envelope"} or address.options.get("envelope", "") not in _ENVELOPES:
            return "no option but `envelope: cloudevents`"
        return None

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Post the letter; 2xx is taken, 4xx refused, all else tried again."""
        cloud = letter.address.options.get("envelope") == "cloudevents"
        body = json.dumps(enveloped(letter) if cloud else written(letter), ensure_ascii=False).encode()
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/cloudevents+json" if cloud else "application/json",
            "Idempotency-Key": letter.key,
            "X-PressCanary-Timestamp": stamp,
            "X-PressCanary-Signature": f"sha256={signature(letter.address.secret, stamp, body)}",
        }
        return answered(await outside.request("POST", letter.address.to, body=body, headers=headers))


def signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 (hex, RFC 2104) over the time stamp, a full stop and the body.

    >>> signature("s", "1", b"{}")[:16]
    'b253639bcd705ed1'
    """
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def written(letter: Letter) -> dict[str, Any]:
    """The document."""
    return {
        "version": VERSION,
        "id": letter.key,
        "written": rfc3339(letter.written),
        "form": letter.form.value,
        "update": bool(letter.earlier),
        "language": letter.language,
        "subject": letter.subject,
        "text": letter.long,
        "link": letter.link or None,
        "alerts": document(letter.alerts),
    }


def enveloped(letter: Letter) -> dict[str, Any]:
    """The document in a CloudEvents 1.0 envelope (JSON format)."""
    alert = letter.alerts[0] if letter.alerts else None
    return {
        "specversion": "1.0",
        "id": letter.key,
        "source": "urn:presscanary",
        "type": f"org.presscanary.alert.{alert.stage.value if alert else letter.form.value}.v{VERSION}",
        "subject": alert.story if alert else letter.form.value,
        "time": rfc3339(letter.written),
        "datacontenttype": "application/json",
        "data": written(letter),
    }


CHANNEL = _Webhook()
