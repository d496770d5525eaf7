"""Trusted time (RFC 3161): the request for a time stamp, and the answer of an authority where one is configured."""

from __future__ import annotations

import hashlib

import httpx

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
_SECONDS = 20.0
_MOST = 65_536
"""Bytes of an answer: a token with its certificates has under ten thousand."""

_SHA256 = bytes.fromhex("300d06096086480165030402010500")
"""AlgorithmIdentifier of SHA-256 (RFC 5754 §2.2), with its NULL parameter."""


class StampError(Exception):
    """An authority that gave no time stamp; the message says why."""


def request(content: bytes) -> bytes:
    """The request for a time stamp over content: a TimeStampReq (RFC 3161 §2.4.1) that asks for the certificate.

    Without a nonce, so that the same content has the same request.

    >>> request(b"").hex()[:10]
    '3039020101'
    """
    imprint = _tagged(0x30, _SHA256 + _tagged(0x04, hashlib.sha256(content).digest()))
    return _tagged(0x30, b"\x02\x01\x01" + imprint + b"\x01\x01\xff")


def ask(authority: str, content: bytes, *, client: httpx.Client | None = None) -> bytes:
    """The authority's answer (a TimeStampResp) to a request over content; StampError where it gave none.

    Whether the token is a good one is for `openssl ts -verify` to say; here only its status is looked at.
    """
    own = client or httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False)
    try:
        with own.stream("POST", authority, content=request(content), headers={"Content-Type": QUERY}) as response:
            body = b"".join(piece for _, piece in zip(range(1024), response.iter_raw(1024), strict=False))
    except httpx.HTTPError as fault:
        raise StampError(f"the time stamp authority could not be asked: {type(fault).__name__}") from fault
    finally:
        if client is None:
            own.close()
    if response.status_code != httpx.codes.OK or len(body) > _MOST:
        raise StampError(f"the time stamp authority answered with status {response.status_code}")
    if not granted(body):
        raise StampError("the time stamp authority refused the request")
    return body


def granted(answer: bytes) -> bool:
    """Whether a TimeStampResp begins with the status granted, or granted with modifications (RFC 3161 §2.4.2).

    >>> granted(bytes.fromhex("30053003020100")), granted(b"no")
    (True, False)
    """
    outer = _inside(answer)
    status = None if outer is None else _inside(outer)
    return status is not None and status[:3] in (b"\x02\x01\x00", b"\x02\x01\x01")


def _tagged(tag: int, content: bytes) -> bytes:
    assert len(content) < 128  # one byte says the length (X.690 §8.1.3.4)
    return bytes([tag, len(content)]) + content


def _inside(der: bytes) -> bytes | None:
    """What a SEQUENCE holds, as far as it goes; None for anything else."""
    if len(der) < 2 or der[0] != 0x30:
        return None
    return der[2:] if der[1] < 128 else der[2 + (der[1] & 0x7F) :]
