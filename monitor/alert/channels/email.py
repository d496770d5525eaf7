"""E-mail: SMTP with TLS, plain text and HTML of the same words, one thread per story.

The message's id is made of the delivery's key, so that a copy that was sent twice is one to whoever sorts by it, and a
mail program puts updates under the first message (RFC 5322, In-Reply-To and References).
"""

from __future__ import annotations

import asyncio
import html
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.utils import format_datetime

from monitor.alert.channels import Answer, Delivered, Later, Letter, Refused
from monitor.alert.outside import Outside
from monitor.alert.settings import Address
from monitor.model import Form

_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_OPTIONS = frozenset({"host", "port", "user", "from", "tls"})
_PORTS = {"implicit": 465, "starttls": 587}
_TIMEOUT = 30.0
"""Seconds for each answer of the server."""


@dataclass(frozen=True, slots=True)
class _Email:
    """Sends through the recipient's own mail server; never without TLS."""

    name: str = "email"
    once: bool = False

    def mistake(self, address: Address) -> str | None:
        """A mailbox, a server and a sender; a user has a password."""
        options = address.options
        if not _MAILBOX.fullmatch(address.to):
            return "`to` is one mailbox such as desk@example.org"
        if options.keys() - _OPTIONS or not options.get("host"):
            return "options `host`, and perhaps `port`, `user`, `from`, `tls`"
        if not _MAILBOX.fullmatch(options.get("from", "")):
            return "the option `from`: the mailbox that it comes from"
        if options.get("tls", "starttls") not in _PORTS:
            return "`tls: starttls` or `tls: implicit`; never without"
        if not options.get("port", "587").isdecimal():
            return "`port` is a number"
        if bool(options.get("user")) is not bool(address.secret):
            return "a `user` and a secret_file or secret_env, both or none"
        return None

    async def send(self, letter: Letter, outside: Outside) -> Answer:
        """Hand the letter to the mail server."""
        options = letter.address.options
        way = options.get("tls", "starttls")
        port = int(options.get("port", _PORTS[way]))
        address = await outside.dial(options["host"], port)
        return await asyncio.to_thread(_hand_over, letter, address, port, way, outside.tls())


def _hand_over(letter: Letter, address: str, port: int, way: str, context: ssl.SSLContext) -> Answer:
    options, message = letter.address.options, composed(letter)
    try:
        with _connected(address, options["host"], port, way, context) as server:
            if options.get("user"):
                server.login(options["user"], letter.address.secret)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as fault:
        return _refused(max(code for code, _ in fault.recipients.values()))
    except smtplib.SMTPResponseException as fault:
        return _refused(fault.smtp_code)
    except smtplib.SMTPNotSupportedError:
        return Refused(why="the mail server offers no TLS, or no login")
    except (smtplib.SMTPException, OSError) as fault:
        return Later(why=f"the mail server could not be used ({type(fault).__name__})")
    return Delivered(receipt=str(message["Message-ID"]))


def _connected(address: str, host: str, port: int, way: str, context: ssl.SSLContext) -> smtplib.SMTP:
    """A connection to the very address that was screened, with a certificate for the name that was asked for."""
    server: smtplib.SMTP = _Pinned(address, context) if way == "implicit" else _PinnedPlain(address)
    server.timeout = _TIMEOUT
    server.connect(host, port)
    if way == "starttls":
        server.starttls(context=context)
    return server


class _PinnedPlain(smtplib.SMTP):
    """Connects to one address, whatever the host's name resolves to by now."""

    def __init__(self, address: str) -> None:
        super().__init__(timeout=_TIMEOUT)
        self._address = address

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        """Connect to the pinned address; the name is kept for the certificate."""
        self._host = host
        return super().connect(self._address, port)


class _Pinned(smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        super().__init__(timeout=_TIMEOUT, context=context)
        self._address = address

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        """Connect to the pinned address; the name is kept for the certificate."""
        self._host = host
        return super().connect(self._address, port)


def _refused(code: int) -> Answer:
    """4xx is for now, 5xx for good (RFC 5321 §4.2.1).

    >>> _refused(451), _refused(550)
    (Later(why='the mail server answered 451', after=None), Refused(why='the mail server answered 550'))
    """
    why = f"the mail server answered {code}"
    return Later(why=why) if 400 <= code < 500 else Refused(why=why)


def composed(letter: Letter) -> EmailMessage:
    """The letter as a message of two parts, plain text first."""
    options = letter.address.options
    domain = options["from"].rpartition("@")[2]
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = _mailbox("Press Canary", options["from"])
    message["To"] = _mailbox("", letter.address.to)
    message["Date"] = format_datetime(letter.written)
    message["Message-ID"] = f"<{letter.key}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-PressCanary-Key"] = letter.key
    if letter.earlier and letter.form is not Form.DIGEST:
        message["In-Reply-To"] = letter.earlier[-1]
        message["References"] = " ".join(letter.earlier)
    message.set_content(letter.long, cte="base64")
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in letter.long.splitlines() if line)
    body = f'<!doctype html><html lang="{letter.language}"><meta charset="utf-8"><body>{paragraphs}</body></html>'
    message.add_alternative(body, subtype="html", cte="base64")
    return message


def _mailbox(name: str, address: str) -> Mailbox:
    user, _, domain = address.rpartition("@")
    return Mailbox(display_name=name, username=user, domain=domain)


CHANNEL = _Email()
