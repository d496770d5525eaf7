"""`python -m probes URL`: visit one page from this machine, step by step, and say what happened at each step."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from itertools import groupby
from typing import NoReturn

from probes.document import document, measurement_id
from probes.echo.token import VARIABLE, read_token
from probes.failure import MEANINGS
from probes.kinds import Need, Probe
from probes.model import (
    DNSLookup,
    DNSSECValidation,
    DoHServer,
    Echo,
    HTTPRoundTrip,
    Limits,
    Measurement,
    QUICHandshake,
    Resolvers,
    Screened,
    Step,
    Target,
    Task,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
    VantagePoint,
)
from probes.network import SystemNetwork
from probes.registry import all_probes
from probes.steps.certificate import describe
from probes.steps.resolver import endpoint
from probes.steps.url import parse
from probes.streams import abandon, settle

_RED, _GREEN, _BOLD, _PLAIN = "\033[31m", "\033[32m", "\033[1m", "\033[0m"
_CLOSING = (
    "These are facts about one visit at one moment, not a verdict: whether a site is blocked shows only beside\n"
    "the same visit from networks without censorship, and over time."
)
_OFFLINE = "Nobody answered anything: this machine may have no connection to the internet."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the URL that the arguments name and print the steps; 0 measured, 1 not printed, 2 wrong arguments."""
    settle()
    chosen = _parser().parse_args(arguments)
    try:
        task, probe = _task(chosen), all_probes()[chosen.kind]
        _complete(probe, task)
        allow = tuple(ip_network(text) for text in chosen.allow)
        _source(chosen.source_address)
        network = SystemNetwork(source_address=chosen.source_address, interface=chosen.interface, allow=allow)
    except ValueError as error:
        print(f"python -m probes: {error}", file=sys.stderr)
        return 2
    if sys.stderr.isatty():
        doing = "Visiting" if probe.name == "website" else f"{probe.name}:"
        print(f"{doing} {task.url} (at most {task.limits.total:g} s) …", file=sys.stderr)
    try:
        measurement = asyncio.run(_measure(probe, task, network))
    except KeyboardInterrupt:
        return 130
    except ValueError as error:  # a bare address has no name that could be compared
        print(f"python -m probes: {error}", file=sys.stderr)
        return 2
    if chosen.json:
        found = {"id": measurement_id(measurement)} | document(measurement)
        return _print(json.dumps(found, ensure_ascii=False, indent=2))
    return _print(render(measurement, colour=sys.stdout.isatty()))


def _print(text: str) -> int:
    """Print `text`; 0 where it is out or nobody wanted all of it, 1 where it could not be written (a full disk)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        abandon()
    except OSError as error:
        abandon()
        print(f"python -m probes: cannot print: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _complete(probe: Probe, task: Task) -> None:
    if lacking := probe.lacks(task):
        raise ValueError(f"{probe.name} needs {' and '.join(map(_option, lacking))}")


async def _measure(probe: Probe, task: Task, network: SystemNetwork) -> Measurement:
    return await probe.measure(task, network, lambda: datetime.now(UTC))


def _option(need: Need) -> str:
    """What is lacking, with the option that gives it."""
    options = {Need.INNOCUOUS: "--innocuous NAME", Need.ECHO: f"--echo IP, --echo-pin HEX and {VARIABLE}"}
    return f"{need.value} ({options[need]})"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help says more)\n")


def _parser() -> argparse.ArgumentParser:
    usual = Resolvers()
    doh = f"{usual.doh.url}@{usual.doh.address}" if usual.doh else "none"
    parser = _Parser(prog="python -m probes", description="Visit one page from this machine, step by step.")
    parser.add_argument("url", metavar="URL", help="http:// or https://")
    kinds = ", ".join(sorted(all_probes()))
    parser.add_argument(
        "--kind", choices=sorted(all_probes()), default="website", metavar="KIND", help=f"{kinds} (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    parser.add_argument(
        "--timeout", type=float, default=Limits().total, metavar="S", help="of the whole visit (%(default)g)"
    )
    parser.add_argument(
        "--resolver-udp", default=usual.udp, metavar="IP", help="public resolver, or none (%(default)s)"
    )
    parser.add_argument("--doh", default=doh, metavar="URL@IP", help="DNS over HTTPS, or none (%(default)s)")
    parser.add_argument("--source-address", metavar="IP", help="local address to measure from")
    parser.add_argument("--interface", metavar="NAME", help="network interface to measure from")
    parser.add_argument(
        "--allow", action="append", default=[], metavar="NET", help="dial these private addresses as well"
    )
    parser.add_argument(
        "--innocuous", action="append", default=[], metavar="NAME", help="host that nobody blocks, to compare with"
    )
    parser.add_argument(
        "--no-dns", action="append", default=[], metavar="IP", help="address that runs no DNS: answers are injected"
    )
    parser.add_argument(
        "--echo", action="append", default=[], metavar="IP", help=f"your echo host; its token in ${VARIABLE}"
    )
    parser.add_argument("--echo-pin", default="", metavar="HEX", help="pin of its key, as it prints it")
    return parser


def _task(chosen: argparse.Namespace) -> Task:
    if not chosen.timeout > 0:  # nan as well
        raise ValueError(f"--timeout must be more than 0, not {chosen.timeout:g}")
    place = parse(chosen.url)
    return Task(
        target=Target(id=place.host, urls=(chosen.url,)),
        url=chosen.url,
        vantage=VantagePoint(id="local"),
        resolvers=Resolvers(udp=_udp(chosen.resolver_udp), doh=_doh(chosen.doh)),
        limits=Limits(total=chosen.timeout),
        echo=_echo(chosen),
        innocuous_names=tuple(parse(f"https://{name}/").host for name in chosen.innocuous),
        no_dns=tuple(_address("--no-dns", text) for text in chosen.no_dns),
    )


def _echo(chosen: argparse.Namespace) -> Echo | None:
    if not chosen.echo:
        return None
    return Echo(
        addresses=tuple(_address("--echo", text) for text in chosen.echo),
        token=read_token(None, os.environ) if VARIABLE in os.environ else "",
        pin=chosen.echo_pin.lower(),
    )


def _address(option: str, text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise ValueError(f"{option} wants an IP address, not {text!r}") from error


def _udp(text: str) -> str | None:
    if text == "none":
        return None
    try:
        endpoint(text)
    except ValueError as error:
        raise ValueError(f"--resolver-udp wants an IP address, not {text!r}") from error
    return text


def _source(text: str | None) -> None:
    try:
        ip_address(text or "::")
    except ValueError as error:
        raise ValueError(f"--source-address wants an IP address, not {text!r}") from error


def _doh(text: str) -> DoHServer | None:
    if text == "none":
        return None
    url, _, address = text.rpartition("@")
    try:
        secure, server = parse(url).secure, DoHServer(url=url, address=str(ip_address(address)))
    except ValueError:
        secure, server = False, None
    if not secure:
        raise ValueError(f"--doh wants https://HOST/PATH@IP, not {text!r}")
    return server


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
    match step:
        case DNSLookup():
            return f"{step.query_type:4} {step.name} by {step.resolver or 'the system resolver'}"
        case DNSSECValidation():
            return f"{step.query_type:4} {step.name} by {step.resolver or 'the system resolver'}"
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
            return f"{step.method} {step.name} with {step.ttl} hops to live: {step.received} bytes came back"


def _notes(step: Step) -> list[str]:
    """What more is worth a line: late answers, certificates that were refused, titles, ways on."""
    match step:
        case DNSLookup():
            others = [each for each in step.datagrams if each.answers != step.answers or each.malformed]
            values = ((each, ", ".join(answer.value for answer in each.answers) or "no address") for each in others)
            return [f"another answer at {each.arrived:.3f} s, IP TTL {each.ip_ttl}: {text}" for each, text in values]
        case TCPConnect() if step.icmp:
            return [f"ICMP type {step.icmp[0]}, code {step.icmp[1]}{f', from {step.router}' if step.router else ''}"]
        case TLSHandshake() | QUICHandshake() if step.failure:
            presented = (f"presented: {describe(leaf)}" for leaf in step.chain[:1])
            return [*filter(None, (step.reason,)), *presented]
        case HTTPRoundTrip():
            language = f"language: {step.body.language}" if step.body and step.body.language else None
            location = next((value for name, value in step.headers if name.lower() == "location"), None)
            title = f"title: {step.body.title}" if step.body and step.body.title else None
            shown = (step.url, title, language, f"leads to {location}" if location else None)
            return [text for text in (*shown, step.failure and step.status and f"status {step.status}") if text]
    return []


def _size(step: HTTPRoundTrip) -> str:
    if step.body is None:
        return "no body"
    return f"{step.body.length} bytes{' and more' if step.body.truncated else ''}"


def _printable(text: str) -> str:
    """Text of strangers without what a terminal would obey."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


if __name__ == "__main__":
    sys.exit(main())
