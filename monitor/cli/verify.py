"""`presscanary verify`: whether an evidence package is what was signed, and its conclusions come out again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.frame import FAULT, USAGE, CommandError, err, out, print_json
from monitor.evidence import verify


def command(
    package: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the package.")],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="SHA256:…", help="The fingerprint of the key that it should be signed with.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a package: files, signature, log, tables; then judge and detect anew from its facts alone.

    Needs nothing but the folder. Name the key's fingerprint that was published elsewhere: a key that comes with a
    package proves nothing. Exit code 1 where something does not hold, each named; exit code 2 for no package.
    """
    if not (package / "bagit.txt").is_file():
        raise CommandError(f"{package} is no evidence package: there is no bagit.txt in it", USAGE)
    if key is not None and not key.startswith("SHA256:"):
        raise CommandError(f"--key: expected a fingerprint such as SHA256:…, found {key!r}", USAGE)
    with err.status("verifying"):
        found = verify(package, key)
    if as_json:
        print_json(found)
    else:
        out.print(f"{found.event}: {', '.join(found.checked)} checked.", markup=False, soft_wrap=True)
        for note in found.notes:
            out.print(f"note: {note}", style="dim", markup=False, soft_wrap=True)
        for fault in found.faults:
            err.print(f"NOT OK: {fault}", style="red", markup=False, soft_wrap=True)
        out.print("This package is what was signed." if not found.faults else "This package is NOT what was signed.")
    if found.faults:
        raise typer.Exit(FAULT)
