"""What can be wrong with something that came over the wire."""

from __future__ import annotations


class WireError(ValueError):
    """Bytes that are not what they should be; the message names the place and never repeats what was found there.

    `code` is the word of a problem document (docs/reference/agent-protocol.md): `malformed`, `signature`, `clock` or
    `too_large`.
    """

    def __init__(self, message: str, code: str = "malformed") -> None:
        super().__init__(message)
        self.code = code
