"""The public keys that Google signs its tokens with: read here, fetched elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gitops_streams.serve.senders.json_body import Unreadable, items, read_json, text

GOOGLE_KEYS_URL = "https://www.googleapis.com/oauth2/v3/certs"
"""Where Google publishes them (RFC 7517), with a ``Cache-Control: max-age`` that says when to look again."""


class JwtKeys(Protocol):
    """Finds a key; whoever fetches and caches them stands behind it."""

    def find(self, key_id: str) -> Mapping[str, str] | None:
        """Return the key (RFC 7517) with that ``kid``; ``None`` where Google has none.

        It is called for every delivery, forged ones too: it has to answer from memory, or fetch seldom. It raises
        nothing.
        """
        ...


def parse_keys(document: bytes) -> Mapping[str, Mapping[str, str]]:
    """Read a JWK Set: RSA keys for signatures, by their id; whatever else stands there is left out."""
    read = read_json(document)
    if isinstance(read, Unreadable):
        return {}
    found: dict[str, Mapping[str, str]] = {}
    for key in items(read.value, "keys"):
        key_id, modulus, exponent = text(key, "kid"), text(key, "n"), text(key, "e")
        if text(key, "kty") == "RSA" and text(key, "use") in {"", "sig"} and key_id and modulus and exponent:
            found[key_id] = {"kty": "RSA", "kid": key_id, "n": modulus, "e": exponent, "alg": "RS256", "use": "sig"}
    return found
