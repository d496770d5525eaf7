"""`presscanary echo`: our own control server, which answers any name and says what reached it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.frame import FAULT, USAGE, CommandError, out, print_json
from probes.echo import EchoServer, Identity, TokenError, identity, read_token


def command(
    *,
    host: Annotated[
        list[str] | None,
        typer.Option(help="Address to listen on; may be given more than once.", show_default="0.0.0.0 and ::"),
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port; each speaks TLS and cleartext. May be given more than once.",
            show_default="80 and 443",
        ),
    ] = None,
    quic: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            max=65535,
            help="UDP port for HTTP/3, which needs the extra `quic`. May be given more than once.",
            show_default="none",
        ),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token.", show_default="$PRESSCANARY_ECHO_TOKEN")
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="PEM file with key and chain; made if absent.", show_default="a new one at every start"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say ports and pin as JSON.")] = False,
) -> None:
    """Run our own control server: it answers any name over TLS and HTTP, and tells who has the token what reached it.

    Probes that swap names show it those of their targets. It stores and logs no visitor. SIGTERM or Ctrl-C ends it with
    exit code 0. Exit code 1: a port cannot be had. Exit code 2: token or certificate are of no use.
    """
    try:
        token = read_token(token_file, os.environ)
        known = identity(certificate, datetime.now(UTC))
    except (TokenError, ValueError) as fault:
        raise CommandError(str(fault), USAGE) from fault
    except OSError as fault:
        raise CommandError(f"{certificate}: {fault.strerror}", USAGE) from fault
    hosts = host or (["0.0.0.0", "::"] if os.path.exists("/proc/net/if_inet6") else ["0.0.0.0"])  # noqa: S104, PTH110
    listen = [(one, each) for one in hosts for each in port or (80, 443)]
    datagrams = [(one, each) for one in hosts for each in quic or ()]
    asyncio.run(_serve(listen, datagrams, token, known, as_json=as_json))


async def _serve(
    listen: list[tuple[str, int]], quic: list[tuple[str, int]], token: str, known: Identity, *, as_json: bool
) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    server = EchoServer(listen=listen, quic=quic, token=token, identity=known, clock=lambda: datetime.now(UTC))
    try:
        async with server:
            _greet(server, as_json=as_json)
            await stopping.wait()
    except ModuleNotFoundError as fault:
        raise CommandError("--quic needs the extra `quic`: pip install 'presscanary[quic]'", USAGE) from fault
    except OSError as fault:
        raise CommandError(f"cannot listen: {fault.strerror}; choose others with --host and --port", FAULT) from fault
    if not as_json:
        _part(server)


def _greet(server: EchoServer, *, as_json: bool) -> None:
    if as_json:
        print_json({"ports": server.ports, "quic_ports": server.quic_ports, "pin": server.identity.pin})
        sys.stdout.flush()
        return
    out.print(f"Answering any name on {_places(server)}.", soft_wrap=True)
    if server.quic:
        out.print(f"And over QUIC on UDP port {', '.join(map(str, dict.fromkeys(server.quic_ports)))}.")
    out.print(f"Pin of the key, for the probes: {server.identity.pin}", soft_wrap=True)
    out.print("Visitors are neither stored nor logged.")


def _places(server: EchoServer) -> str:
    pairs = zip(server.listen, server.ports, strict=True)
    return ", ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for (host, _), port in pairs)


def _part(server: EchoServer) -> None:
    tally = server.tally
    out.print(
        f"Stopped after {tally.connections} connections: {tally.answered} answered, {tally.refused} without the token, "
        f"{tally.limited} over a limit, {tally.broken} broken off."
    )
