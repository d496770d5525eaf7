"""ACCESS: who may see what: users, sessions, keys, and the record of what they did. It knows nothing of measurements.

All of it is one small database in the data folder, `access.db`, apart from the store: the store has one writer, and
users are added while it runs; and who reads a copy of the store must not get hashes of passwords with it (ADR 51).
"""

from monitor.access.database import AccessError, Database
from monitor.access.words import ANONYMOUS, EVERYONE, Entry, Key, Session, User, UserRole, Visitor

__all__ = [
    "ANONYMOUS",
    "EVERYONE",
    "AccessError",
    "Database",
    "Entry",
    "Key",
    "Session",
    "User",
    "UserRole",
    "Visitor",
]
