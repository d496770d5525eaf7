"""`presscanary fleet rotate`: a new key for a vantage point that is enrolled."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from monitor.cli.fleet.opened import ACTOR, AsJson, Vantage, now, opened
from monitor.cli.fleet.token import LONGEST, show
from monitor.fleet import FleetRefusal, Status, Token, members, tokens


def command(
    context: typer.Context,
    vantage: Vantage,
    *,
    days: Annotated[int, typer.Option(min=1, max=LONGEST, help="How long the token can be used.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Print a token with which a vantage point's operator enrols again, with a new key.

    The old key works until then, and not a moment longer. The series goes on under the same id. Exit code 2: no key of
    that vantage point holds.
    """
    with opened(context) as fleet:
        member = members.named(fleet, vantage)
        if not member.live:
            raise FleetRefusal(f"the vantage point {vantage} is {member.status}: invite it anew with `fleet token`")
        token = Token(
            vantage=vantage,
            country=member.country,
            network=member.network,
            role=member.role,
            approved=member.status is Status.APPROVED,
            made=now(),
            expires=now() + timedelta(days=days),
            replaces=member.key,
        )
        secret = tokens.issue(fleet, token, actor=ACTOR)
    show(token, secret, as_json=as_json)
