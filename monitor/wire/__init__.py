"""What agents and collectors say to one another: letters, plans, consents, signed batches, receipts, signed requests.

Both sides import this room and neither imports the other; docs/reference/agent-protocol.md is the same in words.
"""

from monitor.wire.batch import Batch, ClockReading, Dropped, Header, compose
from monitor.wire.consent import Consent, Offer
from monitor.wire.errors import WireError
from monitor.wire.letter import Letter, as_read
from monitor.wire.plan import Plan
from monitor.wire.receipt import Receipt, Refused
from monitor.wire.request import Signed

__all__ = [
    "Batch",
    "ClockReading",
    "Consent",
    "Dropped",
    "Header",
    "Letter",
    "Offer",
    "Plan",
    "Receipt",
    "Refused",
    "Signed",
    "WireError",
    "as_read",
    "compose",
]
