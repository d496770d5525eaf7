"""A measurement in words for a person: every step with its time and outcome, and what its failures mean."""

from __future__ import annotations

from itertools import groupby

from probes.failure import MEANINGS
from probes.model import (
    DNSLookup,
    DNSSECValidation,
    HTTPRoundTrip,
    Measurement,
    Purpose,
    QUICHandshake,
    Screened,
    Step,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
)
from probes.steps.certificate import describe

_RED, _GREEN, _BOLD, _PLAIN = "\033[31m", "\033[32m", "\033[1m", "\033[0m"
_CLOSING = (
    "These are facts about one visit at one moment, not a verdict: whether a site is blocked shows only beside\n"
    "the same visit from networks without censorship, and over time."
)
_OFFLINE = "Nobody answered anything: this machine may have no connection to the internet."


def render(measurement: Measurement, *, colour: bool) -> str:
    """A measurement as lines for a person: every step with its time and outcome, and what its failures mean."""
    red, green, bold, plain = (_RED, _GREEN, _BOLD, _PLAIN) if colour else ("", "", "", "")
    width = max((len(_subject(step)) for step in measurement.steps), default=0)
    lines = [f"{bold}{measurement.url}{plain}   {measurement.started:%Y-%m-%d %H:%M:%S} UTC", ""]
    if measurement.steps:
        lines.append(f"{'start':>9}  step  {'about':{width}}  {'took':>9}  outcome")
    for hop, steps in groupby(measurement.steps, key=lambda step: step.hop):
        lines += ["", f"{bold}after redirect {hop}{plain}"] if hop else []
        for step in steps:
            facts = f"{step.started:7.3f} s  {_name(step):4}  {_subject(step):{width}}  {step.duration:7.3f} s  "
            lines.append(f"{facts}{red if step.failure else green}{_printable(step.failure or _outcome(step))}{plain}")
            lines += [f"{'':9}        {_printable(note)}" for note in _notes(step)]
    ended = f"; cut short by its time limit ({measurement.failure})" if measurement.failure else ""
    return "\n".join(
        [*lines, "", f"All of it took {measurement.duration:.3f} s{ended}.", *_legend(measurement), "", _CLOSING]
    )


def _legend(measurement: Measurement) -> list[str]:
    """What the failures that occurred mean; and where nothing at all answered, what that may mean."""
    words = sorted({step.failure.partition(":")[0] for step in measurement.steps if step.failure})
    width = max(map(len, words), default=0)
    lines = ["", *(f"{word:{width}}  {MEANINGS.get(word, 'see OONI df-007')}" for word in words)] if words else []
    tried = [step for step in measurement.steps if not isinstance(step, Screened)]
    if tried and not any(_answered(step) for step in tried):
        lines += ["", _OFFLINE]
    return lines


def _answered(step: Step) -> bool:
    """Whether anybody on the network answered at all, be it with a lie or a refusal."""
    match step:
        case DNSLookup():
            return bool(step.datagrams) or step.rcode is not None
    return step.failure is None or step.failure in ("connection_reset", "connection_refused")


def _name(step: Step) -> str:
    match step:
        case DNSLookup():
            return "dns"
        case DNSSECValidation():
            return "sig"
        case Screened():
            return "-"
        case TCPConnect():
            return "tcp"
        case TLSHandshake():
            return "tls"
        case HTTPRoundTrip():
            return "http"
        case QUICHandshake():
            return "quic"
        case TTLTrial():
            return "ttl"


def _subject(step: Step) -> str:
    """What a step was about; in an experiment also what it was made for."""
    purpose = "" if step.purpose is Purpose.VISIT else f" ({step.purpose})"
    return f"{_about(step)}{purpose}"


def _about(step: Step) -> str:
    match step:
        case DNSLookup() | DNSSECValidation():
            way = " over TCP" if step.engine == "tcp" else ""
            return f"{step.query_type:4} {step.name} by {step.resolver or 'the system resolver'}{way}"
        case TTLTrial():
            return f"{_place(step)}, {step.method} {step.name}, hops to live: {step.ttl}"
        case TLSHandshake() | QUICHandshake() if step.purpose is not Purpose.VISIT and step.server_name:
            return f"{_place(step)} as {step.server_name}"
    return _place(step)


def _place(step: Screened | TCPConnect | TLSHandshake | HTTPRoundTrip | QUICHandshake | TTLTrial) -> str:
    return f"[{step.address}]:{step.port}" if ":" in step.address else f"{step.address}:{step.port}"


def _outcome(step: Step) -> str:
    """What a step that did not fail came to."""
    match step:
        case DNSLookup():
            return ", ".join(step.addresses) or ", ".join(answer.value for answer in step.answers)
        case DNSSECValidation():
            return f"{step.result}: {step.reason}"
        case Screened():
            return f"not dialled, on purpose: {step.reason.replace('_', ' ')} address"
        case TCPConnect():
            return f"connected{f', round trip {step.tcp_info.rtt / 1000:.1f} ms' if step.tcp_info else ''}"
        case TLSHandshake():
            return f"{step.version} {step.alpn}, certificate good for {step.server_name}"
        case HTTPRoundTrip():
            return f"{step.status} over {step.protocol}, {_size(step)}"
        case QUICHandshake() if not step.server_name:
            return f"speaks QUIC version {', '.join(step.versions)}"
        case QUICHandshake():
            return f"QUIC version {step.version} {step.alpn}, certificate good for {step.server_name}"
        case TTLTrial():
            return f"{step.received} bytes came back"


def _notes(step: Step) -> list[str]:
    """What more is worth a line: late answers, certificates that were refused, titles, ways on."""
    match step:
        case DNSLookup():
            others = [each for each in step.datagrams if each.answers != step.answers or each.malformed]
            values = ((each, ", ".join(answer.value for answer in each.answers) or "no address") for each in others)
            late = (f"another answer at {each.arrived:.3f} s, IP TTL {each.ip_ttl}: {text}" for each, text in values)
            return [*late, *_router(step)]
        case TCPConnect() | TTLTrial():
            return _router(step)
        case TLSHandshake() if step.failure:
            return _refused(step)
        case QUICHandshake() if step.failure:
            return [*_refused(step), *_router(step)]
        case HTTPRoundTrip():
            language = f"language: {step.body.language}" if step.body and step.body.language else None
            location = next((value for name, value in step.headers if name.lower() == "location"), None)
            title = f"title: {step.body.title}" if step.body and step.body.title else None
            shown = (step.url, title, language, f"leads to {location}" if location else None)
            return [text for text in (*shown, step.failure and step.status and f"status {step.status}") if text]
    return []


def _router(step: DNSLookup | TCPConnect | QUICHandshake | TTLTrial) -> list[str]:
    """The ICMP error that came, and who sent it."""
    if step.icmp is None:
        return []
    return [f"ICMP type {step.icmp[0]}, code {step.icmp[1]}{f', from {step.router}' if step.router else ''}"]


def _refused(step: TLSHandshake | QUICHandshake) -> list[str]:
    """Why a handshake failed, and with which certificate."""
    presented = (f"presented: {describe(leaf)}" for leaf in step.chain[:1])
    return [*filter(None, (step.reason,)), *presented]


def _size(step: HTTPRoundTrip) -> str:
    if step.body is None:
        return "no body"
    return f"{step.body.length} bytes{' and more' if step.body.truncated else ''}"


def _printable(text: str) -> str:
    """Text of strangers without what a terminal would obey."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
