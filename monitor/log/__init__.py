"""The transparency log: each accepted measurement is an entry of a Merkle tree whose heads are signed (RFC 9162)."""

from monitor.log.audit import Audit, audit
from monitor.log.book import Consistency, Inclusion, Log, Receipt, open_reading, open_writing
from monitor.log.errors import LogBusy, LogDamaged, LogError, LogMissing
from monitor.log.heads import NAMESPACE, Head

__all__ = [
    "NAMESPACE",
    "Audit",
    "Consistency",
    "Head",
    "Inclusion",
    "Log",
    "LogBusy",
    "LogDamaged",
    "LogError",
    "LogMissing",
    "Receipt",
    "audit",
    "open_reading",
    "open_writing",
]
