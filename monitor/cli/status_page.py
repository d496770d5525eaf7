"""`presscanary status-page`: the public status page as files, for any web server or static host."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from monitor.cli.frame import FAULT, CommandError, load_settings, out, place, print_json
from monitor.config import Settings
from monitor.store import Location, StoreError, open_store

if TYPE_CHECKING:
    from monitor.web.ground import Ground


def command(
    context: typer.Context,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to; made where it is missing.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the names of the files as JSON.")] = False,
) -> None:
    """Write the public status page and a badge per target, in every language, as files that need no server of ours.

    They show what strangers may see (likely and confirmed events), whatever the configuration says, and link nowhere.
    Each file is replaced in one step, so that a web server never sends half of one. Exit code 1: the store cannot be
    read, or the folder cannot be written.
    """
    if find_spec("fastapi") is None or find_spec("jinja2") is None:
        raise CommandError("the page needs the extra `web`: pip install 'presscanary[web]'", FAULT)
    here = place(context)
    try:
        files = dict(_files(load_settings(here.config), here.where))
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault
    for name, content in files.items():
        _write(output / name, content)
    if as_json:
        print_json(sorted(files))
    else:
        out.print(f"{len(files)} files are in {output}; begin with index.html", markup=False, soft_wrap=True)


def _files(settings: Settings, where: Location) -> Iterator[tuple[str, bytes]]:
    from monitor.web import status  # noqa: PLC0415 - the extra `web` may be absent
    from monitor.web.language import LANGUAGES  # noqa: PLC0415
    from monitor.web.style import FILES  # noqa: PLC0415

    found = status.picture(_ground(settings, where))
    names = {code: "index.html" if code == "en" else f"index.{code}.html" for code in LANGUAGES}
    for code, name in names.items():
        yield name, status.page(found, code, root="", here=names).encode()
        for standing in found.standings:
            ending = "svg" if code == "en" else f"{code}.svg"
            yield f"badge/{quote(standing.target.id, safe='')}.{ending}", status.badge(found, standing, code).encode()
    yield from FILES.items()


def _ground(settings: Settings, where: Location) -> Ground:
    from monitor.metrics import Runtime  # noqa: PLC0415
    from monitor.web import PageSettings  # noqa: PLC0415
    from monitor.web.ground import Ground  # noqa: PLC0415
    from monitor.web.settings import version  # noqa: PLC0415

    return Ground(
        lambda: open_store(where, read_only=True),
        settings=lambda: PageSettings.of(settings),
        clock=lambda: datetime.now(UTC),
        runtime=Runtime(version=version()),
    )


def _write(path: Path, content: bytes) -> None:
    """The file as a whole: written beside it, then put in its place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            file.write(content)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as fault:
        raise CommandError(f"{path}: {fault.strerror or fault}", FAULT) from fault
