"""`presscanary log prove`: that a measurement is in the log, or that one head's log begins with another's."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.frame import FAULT, USAGE, CommandError, out, place, print_json
from monitor.cli.log.opened import AsJson, number, up_to_date
from monitor.log import Consistency, Inclusion, Log

_DIGITS = 32


def command(
    context: typer.Context,
    measurement: Annotated[
        str | None, typer.Argument(help="The id of a measurement, or the SHA-256 of its document (hex).")
    ] = None,
    *,
    size: Annotated[
        str | None, typer.Option(help="Prove it in the log as it was with so many entries (a head's), not all.")
    ] = None,
    begins: Annotated[
        str | None, typer.Option("--from", help="Instead: prove that the log still begins with its first so many.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the proof that a measurement is in the log, or (--from) that a later log begins with an earlier one.

    With --json it is what a verifier reads: hashes in hex, as RFC 9162 §2.1 orders them. Exit code 1 where the
    measurement is not in the log, 2 for what is no id or no number of entries.
    """
    if (measurement is None) == (begins is None):
        raise CommandError("name a measurement, or --from with a number of entries: one of both", USAGE)
    if measurement is not None and not _is_id(measurement):
        raise CommandError(f"{measurement!r} is no id of a measurement: 32 or 64 hex digits are expected", USAGE)
    told = None if size is None else number(size, "--size")
    first = None if begins is None else number(begins, "--from")
    with up_to_date(place(context).data_dir) as (log, _):
        proof = _proof(log, measurement, told, first)
    if as_json:
        print_json(proof)
    else:
        out.print(_words(proof), markup=False, soft_wrap=True)


def _proof(log: Log, measurement: str | None, size: int | None, first: int | None) -> Inclusion | Consistency:
    try:
        if first is not None:
            return log.connect(first, log.size if size is None else size)
        assert measurement is not None
        found = log.include(measurement.lower(), size)
    except IndexError as fault:
        raise CommandError(str(fault), USAGE) from fault
    if found is None:
        raise CommandError(f"measurement {measurement} is not among the log's {size or log.size} entries", FAULT)
    return found


def _is_id(text: str) -> bool:
    return len(text) in (_DIGITS, 2 * _DIGITS) and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _words(proof: Inclusion | Consistency) -> str:
    match proof:
        case Inclusion():
            said = (
                f"Entry {proof.index} of {proof.size}: {proof.entry}\nroot {proof.root}\naudit path, from the leaf up:"
            )
        case Consistency():
            said = (
                f"The log of {proof.second} entries (root {proof.second_root})\n"
                f"begins with that of {proof.first} (root {proof.first_root}).\nproof:"
            )
    return "\n".join([said, *(f"  {node}" for node in proof.path or ("nothing else is needed",))])
