"""TLS as a client without a socket: bytes of the peer go in, bytes for the peer come out.

The engine is the OpenSSL that the package `cryptography` carries, by way of pyOpenSSL: the same everywhere, so that a
handshake looks and fails alike on every vantage point, and a third cheaper than with the 3.0 that many Pythons have.
"""

from __future__ import annotations

import operator
import ssl
from functools import lru_cache
from typing import Any

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL, crypto

RECORD = 16384
"""All that one record can hold (RFC 8446 §5.1), and so all that is read at once."""
_GROUPS = b"X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192"
"""The order of OpenSSL 3.0, with one key share. Later versions begin with a hybrid group, which makes the ClientHello
three times as long: two packets, which some filters cannot put together, and a tenth more of work."""
_CIPHERS = b"@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""What Python offers by itself (`_ssl.c`), for TLS 1.2."""
_PROTOCOLS = [b"h2", b"http/1.1"]


class Engine:
    """One connection. All of it may raise ssl.SSLError, with the `reason` spelled as Python's own TLS does."""

    def __init__(self, server_name: str) -> None:
        self._tls = SSL.Connection(_context())
        self._fault: ssl.SSLError | None = None
        if server_name:
            self._tls.set_tlsext_host_name(server_name.encode("ascii"))
        self._tls.set_connect_state()

    @property
    def alpn(self) -> str:
        """The protocol that was negotiated (`h2`, `http/1.1`), or an empty string."""
        return self._tls.get_alpn_proto_negotiated().decode("ascii", errors="replace")

    @property
    def version(self) -> str:
        """`TLSv1.3` and so on; empty before the handshake ended."""
        return self._tls.get_protocol_version_name() if self.cipher else ""

    @property
    def cipher(self) -> str:
        """The cipher suite, in OpenSSL's spelling; empty before one was chosen."""
        return self._tls.get_cipher_name() or ""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates that the peer presented (DER, leaf first), as far as the handshake came."""
        presented = self._tls.get_peer_cert_chain() or ()
        return tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in presented)

    def shake(self) -> bool:
        """Go on with the handshake; False where more bytes of the peer are needed."""
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise _named(error) from error
        return True

    def feed(self, data: bytes) -> None:
        """Take in what the peer sent; empty at the end of its stream."""
        if data:
            self._tls.bio_write(data)
        else:
            self._tls.bio_shutdown()

    def drain(self) -> bytes:
        """What has to be sent to the peer now."""
        try:
            return self._tls.bio_read(RECORD)
        except SSL.WantReadError:
            return b""

    def read(self, most: int) -> bytes | None:
        """At most `most` decrypted bytes; None where more bytes of the peer are needed, empty at the end."""
        pieces: list[bytes] = []
        while most > 0 and self._fault is None:
            try:
                pieces.append(self._tls.recv(min(most, RECORD)))
                most -= len(pieces[-1])
            except SSL.WantReadError:
                break
            except SSL.Error as error:
                self._fault = _named(error)
        if pieces:
            return b"".join(pieces)
        match self._fault:
            case None:
                return None
            case ssl.SSLZeroReturnError() | ssl.SSLEOFError():
                return b""
        raise self._fault

    def write(self, data: bytes) -> None:
        """Encrypt `data`, to be drained."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._tls.send(rest) :]
            except SSL.Error as error:
                raise _named(error) from error


@lru_cache(maxsize=1)
def _context() -> SSL.Context:
    """One bare context for all: without roots and without verification, so that the chain is seen in any case."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_cipher_list(_CIPHERS)
    context.set_options(SSL.OP_ALL)  # pads the ClientHello to 512 bytes (RFC 7685), as Python does
    context.set_alpn_protos(_PROTOCOLS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    # pyOpenSSL cannot choose groups; what it is made of can.
    binding: Any = Binding.lib
    if binding.SSL_CTX_set1_curves_list(operator.attrgetter("_context")(context), _GROUPS) != 1:
        raise ssl.SSLError(1, "this OpenSSL knows other groups")
    return context


def _named(error: SSL.Error) -> ssl.SSLError:
    """The same as Python's own TLS would raise it."""
    match error:
        case SSL.ZeroReturnError():
            return ssl.SSLZeroReturnError(ssl.SSL_ERROR_ZERO_RETURN, "TLS/SSL connection has been closed (EOF)")
        case SSL.SysCallError():
            return ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol")
    queued = error.args[0] if error.args else ()
    reason = queued[0][2].upper().replace(" ", "_") if queued else "UNKNOWN"
    named = ssl.SSLError(ssl.SSL_ERROR_SSL, f"[SSL: {reason}]")
    named.reason = reason
    return named
