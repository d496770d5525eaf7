"""What is on the operator's disk: one folder (0700) with the key, what was agreed to, and what waits to be sent.

Nothing in it says who the operator is. The key alone leads from this disk to what was measured.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from monitor.sshsig import PublicKey, SignatureError, SigningKey
from monitor.wire import Consent, Letter, Plan, WireError, as_read
from monitor.wire import consent as consents
from monitor.wire import plan as plans
from probes.document import document

T = TypeVar("T")


NOT_ENROLLED = "this machine is not enrolled: `presscanary agent enrol URL --token TOKEN` does it"


class AgentError(Exception):
    """Why an agent cannot go on: one message for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Whom the agent belongs to, and how it gets there."""

    collectors: tuple[str, ...]
    """Addresses of the collector, tried in turn."""
    collector: str
    """Its public key: only plans and receipts that it signed count."""
    vantage: str
    """The id under which the collector knows this vantage point."""
    proxy: str = ""
    """Through which proxy all that goes to the collector goes; measurements never do."""
    pinned: bool = False
    """Whether `ca.pem` alone says which certificates the collector may have."""
    limit: int = 1024**3
    """Bytes that the spool may take."""


class AgentFolder:
    """The files of one agent. Raises AgentError where one is missing or damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spool = path / "spool.db"
        self.ca = path / "ca.pem"

    @property
    def enrolled(self) -> bool:
        """Whether an enrolment was finished here."""
        return (self.path / "membership.json").exists()

    def prepare(self) -> None:
        """Make the folder (0700) where it is missing."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    def new_key(self) -> SigningKey:
        """The vantage point's key, made where there is none yet (0600); it never leaves the folder."""
        if not (self.path / "key").exists():
            _write(self.path / "key", SigningKey.generate().content)
        return self.key()

    def key(self) -> SigningKey:
        """The vantage point's key."""
        place = self.path / "key"
        try:
            return SigningKey.read(place.read_bytes())
        except FileNotFoundError as fault:
            raise AgentError(NOT_ENROLLED) from fault
        except SignatureError as fault:
            raise AgentError(
                f"{place} is damaged: {fault}; enrol again (`presscanary agent stop --wipe` first)"
            ) from fault

    def join(self, membership: Membership) -> None:
        """Write down whom the agent belongs to: the last step of an enrolment."""
        _write(self.path / "membership.json", json.dumps(document(membership), indent=1).encode())

    def membership(self) -> Membership:
        """Whom the agent belongs to."""
        place = self.path / "membership.json"
        if not place.exists():
            raise AgentError(NOT_ENROLLED)
        try:
            return as_read(Membership, json.loads(place.read_bytes()))
        except (WireError, ValueError) as fault:
            raise AgentError(f"{place} is damaged: enrol again (`presscanary agent stop --wipe` first)") from fault

    def keep_plan(self, letter: Letter) -> None:
        """Put a plan in the place of the one before; whoever calls has checked it."""
        _write(self.path / "plan.json", letter.content)

    def plan(self, collector: PublicKey) -> tuple[Plan, str]:
        """The plan in force and the hash of its document, checked anew against the collector's key."""
        letter = self._letter("plan.json")
        return self._opened(letter, Plan, collector, plans.NAMESPACE), letter.sha256

    def plan_letter(self) -> Letter:
        """The plan as it was signed."""
        return self._letter("plan.json")

    def keep_consent(self, letter: Letter) -> None:
        """Put a consent in the place of the one before."""
        _write(self.path / "consent.json", letter.content)

    def consent(self, key: PublicKey) -> Consent:
        """What the operator agreed to, as it was signed with the vantage point's key."""
        return self._opened(self._letter("consent.json"), Consent, key, consents.NAMESPACE)

    def consent_letter(self) -> Letter:
        """The consent as it is told to the collector."""
        return self._letter("consent.json")

    @property
    def stamp(self) -> tuple[int, ...]:
        """What changes whenever the plan or the consent does."""
        found = ((self.path / name).stat() for name in ("plan.json", "consent.json"))
        try:
            return tuple(number for each in found for number in (each.st_ino, each.st_mtime_ns))
        except OSError:
            return ()

    def pin(self, certificates: bytes) -> None:
        """Keep the certificates that alone may vouch for the collector."""
        _write(self.ca, certificates)

    def wipe(self) -> None:
        """Remove everything, the key first: without it nothing on this disk proves what was measured here."""
        key = self.path / "key"
        if key.exists():
            with contextlib.suppress(OSError), key.open("r+b") as file:
                file.write(bytes(key.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            key.unlink()
        shutil.rmtree(self.path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one agent of this folder; AgentError where another one is running."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as fault:
                raise AgentError("an agent is running on this folder already") from fault
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            yield
        finally:
            os.close(handle)

    def running(self) -> int | None:
        """The process id of the running agent, or None."""
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            told = os.read(handle, 20)
            return int(told) if told.isdigit() else None
        finally:
            os.close(handle)
        return None

    def _letter(self, name: str) -> Letter:
        try:
            return Letter.read((self.path / name).read_bytes())
        except FileNotFoundError as fault:
            raise AgentError(f"{name} is missing in {self.path}: enrol again") from fault
        except WireError as fault:
            raise AgentError(f"{name} in {self.path} is damaged: {fault}") from fault

    def _opened(self, letter: Letter, kind: type[T], key: PublicKey, namespace: str) -> T:
        try:
            return letter.opened(kind, key, namespace)
        except WireError as fault:
            raise AgentError(f"the {kind.__name__.lower()} in {self.path} is not what was signed: {fault}") from fault


def _write(place: Path, content: bytes) -> None:
    """Put content in the place of a file (0600): a crash leaves the old one or the new one."""
    fresh = place.with_name(place.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    fresh.replace(place)
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
