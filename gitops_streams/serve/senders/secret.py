"""Secrets as the bytes that HTTP carries, compared in constant time."""

from __future__ import annotations

import hmac
from collections.abc import Iterable


def secret_bytes(secret: str) -> bytes:
    """Return the bytes of a configured secret; what is no Unicode (from an environment) stays the bytes it was."""
    try:
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return secret.encode("utf-8", "surrogatepass")


def header_bytes(value: str) -> bytes:
    """Return the bytes of a header's value, which servers hand on as ISO 8859-1 (ASGI, PEP 3333)."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def matches_any(given: bytes, expected: Iterable[bytes]) -> bool:
    """Compare with all of them, in constant time and without stopping at the one that fits."""
    found = False
    for each in expected:
        found |= hmac.compare_digest(given, each)
    return found
