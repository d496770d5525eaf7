"""Numbered SQL for the servers, each applied once, known by its checksum."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from monitor.store.errors import StoreDamaged, StoreNewer
from monitor.store.schema import Migration


def shipped(package: str) -> tuple[Migration, ...]:
    """The migrations in the folder `migrations` of a package, in order.

    >>> [step.version for step in shipped("monitor.store.postgres")][:1]
    [1]
    """
    folder = resources.files(package) / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(Migration(version=int(file.name[:4]), sql=file.read_text(encoding="utf-8")) for file in files)


def missing(applied: Mapping[int, str], known: tuple[Migration, ...], place: object) -> tuple[Migration, ...]:
    """The steps that are still to be applied at `place`; StoreNewer and StoreDamaged where its ledger is not ours.

    >>> [step.version for step in missing({}, shipped("monitor.store.postgres"), "db")][:1]
    [1]
    """
    newest = max(applied, default=0)
    if newest > len(known):
        raise StoreNewer(
            f"the store at {place} was written by a newer presscanary (store version {newest}, this one knows "
            f"{len(known)}): upgrade presscanary, or name another database"
        )
    for step in known[:newest]:
        if applied.get(step.version) != step.checksum:
            raise StoreDamaged(
                f"the store at {place} is damaged (schema version {step.version} is not the one that this presscanary "
                "knows): stop writing, and restore a backup or name another database"
            )
    return known[newest:]


def pieces(sql: str) -> tuple[str, ...]:
    """The single statements of a script, which are parted by blank lines; comments are left out.

    >>> pieces("-- why\\nCREATE TABLE a (b Int8);\\n\\nCREATE TABLE c (d Int8);")
    ('CREATE TABLE a (b Int8)', 'CREATE TABLE c (d Int8)')
    """
    plain = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    return tuple(piece.strip().rstrip(";") for piece in plain.split("\n\n") if piece.strip())
