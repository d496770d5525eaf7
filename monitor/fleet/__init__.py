"""FLEET: the vantage points of others: tokens, keys, consents, plans, what each delivered, and the record of it all.

All of it is one small database apart from the measurements, because people change it while a collector runs:
`fleet.db` in the data folder, or tables in the PostgreSQL that keeps the state (ADR 33). It holds no address.
"""

from monitor.fleet.database import Database, FleetError, FleetFull, FleetRefusal
from monitor.fleet.sqlite import FolderDatabase
from monitor.fleet.trust import Skewed, Trust, trust
from monitor.fleet.words import Entry, Flag, Kept, Member, Status, Token

__all__ = [
    "Database",
    "Entry",
    "Flag",
    "FleetError",
    "FleetFull",
    "FleetRefusal",
    "FolderDatabase",
    "Kept",
    "Member",
    "Skewed",
    "Status",
    "Token",
    "Trust",
    "trust",
]
