"""Our own control server: it answers any name over TCP, TLS, HTTP and QUIC, and tells who has the token what came.

A probe shows it the target's name and an innocuous one. Where one arrives and the other does not, something between the
two decided by the name: both ends have seen it. The server keeps nothing and logs no visitor.
"""

from probes.echo.bounds import Bounds
from probes.echo.certificate import Identity, identity, self_made
from probes.echo.server import EchoServer
from probes.echo.token import TokenError, read_token

__all__ = ["Bounds", "EchoServer", "Identity", "TokenError", "identity", "read_token", "self_made"]
