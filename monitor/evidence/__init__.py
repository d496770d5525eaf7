"""The evidence package: what proves one event, in a folder that a stranger can check with standard tools.

`build` writes it, `verify` checks it, and both go by the same facts (`Slice`). docs/reference/evidence.md lists what is
in it; the layout is BagIt's (RFC 8493).
"""

from monitor.evidence.build import EvidenceError, Package, build
from monitor.evidence.slice import Slice, cut
from monitor.evidence.verify import Verification, verify

__all__ = ["EvidenceError", "Package", "Slice", "Verification", "build", "cut", "verify"]
