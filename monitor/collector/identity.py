"""The collector's own key: plans and receipts are signed with it, and agents believe no other from enrolment on."""

from __future__ import annotations

import os
from pathlib import Path

from monitor.sshsig import SignatureError, SigningKey

NAME = "collector.key"


class IdentityError(Exception):
    """The key cannot be read or made; one line for people."""


def signing_key(path: Path) -> SigningKey:
    """The key in a file, made there (mode 0600) where there is none; IdentityError where it cannot be.

    A file that others can read is refused: whoever has the key can send agents where they want.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise IdentityError(f"{path} can be read by others: chmod 600, and think of who may have read it")
        return SigningKey.read(path.read_bytes())
    except SignatureError as fault:
        raise IdentityError(f"{path}: {fault}") from fault
    except OSError as fault:
        raise IdentityError(f"{path} cannot be used: {fault.strerror or fault}") from fault


def _make(path: Path) -> None:
    """Write a new key; of two processes that make one at the same time, the first one's stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, SigningKey.generate().content)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
