"""COLLECTOR: takes what other people's vantage points deliver, and trusts nobody.

It knows the agents' side only as letters (`monitor.wire`). `create_app` is the door, `Desk` keeps what came in:
everything goes through `pipeline.record`, as our own measurements do. Nothing here is kept between two requests but
counts in memory, so several collectors may stand behind one name on one store (ADR 34).
"""

from monitor.collector.desk import Desk
from monitor.collector.identity import IdentityError, signing_key
from monitor.collector.site import create_app

__all__ = ["Desk", "IdentityError", "create_app", "signing_key"]
