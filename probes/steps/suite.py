"""Cipher suites by the names that IANA gave them, which is what OONI's files and other tools carry."""

from __future__ import annotations

from functools import lru_cache

_EXCHANGES = ("ECDHE-ECDSA", "ECDHE-RSA", "DHE-RSA", "DHE-DSS", "ECDHE-PSK", "DHE-PSK", "RSA-PSK", "PSK")
_CIPHERS = {
    "AES128": "AES_128",
    "AES256": "AES_256",
    "CHACHA20": "CHACHA20",
    "CAMELLIA128": "CAMELLIA_128",
    "CAMELLIA256": "CAMELLIA_256",
    "ARIA128": "ARIA_128",
    "ARIA256": "ARIA_256",
    "ARIA": "ARIA",
}


@lru_cache(maxsize=256)
def iana(name: str) -> str:
    """The IANA name for OpenSSL's; names of TLS 1.3 are the same in both, and one that is not known stays.

    >>> iana("ECDHE-RSA-AES128-GCM-SHA256"), iana("TLS_AES_128_GCM_SHA256")
    ('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256')
    >>> iana("AES256-SHA"), iana("ECDHE-ECDSA-CHACHA20-POLY1305")
    ('TLS_RSA_WITH_AES_256_CBC_SHA', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256')
    """
    exchange = next((each for each in _EXCHANGES if name.startswith(f"{each}-")), "RSA")
    cipher, _, rest = name.removeprefix(f"{exchange}-").partition("-")
    if cipher not in _CIPHERS or not rest:
        return name
    if cipher == "CHACHA20":
        rest = f"{rest}-SHA256"
    elif rest in ("CCM", "CCM8"):
        rest = rest.replace("8", "_8")
    elif not rest.startswith("GCM-"):
        rest = f"CBC-{rest}"
    return f"TLS_{exchange}_WITH_{_CIPHERS[cipher]}_{rest}".replace("-", "_")
