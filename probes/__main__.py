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
from typing import NoReturn

from probes.document import document, measurement_id
from probes.echo.token import VARIABLE, read_token
from probes.kinds import Need, Probe
from probes.model import (
    DoHServer,
    DoTServer,
    Echo,
    Limits,
    Measurement,
    Resolvers,
    Target,
    Task,
    VantagePoint,
)
from probes.network import SystemNetwork
from probes.registry import all_probes
from probes.report import render
from probes.steps.resolver import endpoint
from probes.steps.url import parse
from probes.streams import abandon, settle


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
    parser.add_argument("--dot", default="none", metavar="NAME@IP", help="DNS over TLS, or none (%(default)s)")
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
        resolvers=Resolvers(udp=_udp(chosen.resolver_udp), doh=_doh(chosen.doh), dot=_dot(chosen.dot)),
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


def _dot(text: str) -> DoTServer | None:
    if text == "none":
        return None
    name, _, place = text.rpartition("@")
    try:
        address, port = endpoint(place, 853)
        return DoTServer(name=parse(f"https://{name}/").host, address=address, port=port)
    except ValueError as error:
        raise ValueError(f"--dot wants NAME@IP, not {text!r}") from error


if __name__ == "__main__":
    sys.exit(main())
