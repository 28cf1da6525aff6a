"""Verifies the token that Google Pub/Sub sends along with a push.

Source: cloud.google.com/pubsub/docs/authenticate-push-subscriptions.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from gitops_streams.serve.event import Refused
from gitops_streams.serve.senders.authentication import AuthenticationKind, Evidence, Verified, refused

ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
LEEWAY = 60
"""Seconds that our clock and Google's may differ by."""
_LONGEST = 8192
_LONGEST_LIFE = 3600 + 2 * LEEWAY
"""Google's tokens are good for an hour."""


def can_verify() -> bool:
    """Whether PyJWT and ``cryptography`` are installed."""
    return find_spec("jwt") is not None and find_spec("cryptography") is not None


@dataclass(frozen=True, slots=True)
class GoogleJwt:
    """A token ``Authorization: Bearer <JWT>`` for one audience and one service account."""

    @property
    def kind(self) -> AuthenticationKind:
        """A token."""
        return AuthenticationKind.JWT

    def attempted(self, evidence: Evidence) -> bool:
        """Whether the header is there."""
        return bool(evidence.headers.get("authorization"))

    def verify(self, evidence: Evidence) -> Verified | Refused:
        """Check the signature, then every claim."""
        scheme, _, token = evidence.headers.get("authorization").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
            return refused("the header Authorization holds no token of Google")
        claims = _signed_claims(token, evidence)
        return claims if isinstance(claims, Refused) else _judged(claims, evidence)


def _signed_claims(token: str, evidence: Evidence) -> Mapping[str, Any] | Refused:
    """Return the claims, once a key of Google's has signed them."""
    if evidence.keys is None or not can_verify():
        return Refused("tokens of Google cannot be verified: PyJWT, cryptography or Google's keys are missing", 503)
    import jwt  # noqa: PLC0415 - an extra that few need

    try:
        header = jwt.get_unverified_header(token)
        key_id = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            return refused("the token is not signed with RS256 and a key that it names")
        key = evidence.keys.find(key_id)
        if key is None:
            return refused("the token is signed with a key that Google does not publish")
        # Everything that is claimed is judged below, and the times against the time that we were given.
        claims: Mapping[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(dict(key), "RS256"),
            algorithms=["RS256"],
            options={
                "verify_signature": True,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_iss": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return refused("the token is none, or its signature is wrong")
    return claims


def _judged(claims: Mapping[str, Any], evidence: Evidence) -> Verified | Refused:
    now, options = evidence.now.timestamp(), evidence.options
    issued, expires = _time(claims.get("iat")), _time(claims.get("exp"))
    if not issued or not expires:
        return refused("the token does not say when it was issued and when it expires")
    if not issued - LEEWAY <= now <= expires + LEEWAY or expires - issued > _LONGEST_LIFE:
        return refused("the token has expired, or our clock is wrong")
    if claims.get("iss") not in ISSUERS:
        return refused("the token was not issued by Google")
    if not _same(claims.get("aud"), options.audience):
        return refused("the token is for another audience")
    if not _same(claims.get("email"), options.email) or claims.get("email_verified") is not True:
        return refused("the token speaks for another service account")
    return Verified()


def _time(value: object) -> float:
    """Return a NumericDate (RFC 7519); 0 for what is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1 << 40 else 0


def _same(claimed: object, wanted: str | None) -> bool:
    if not isinstance(claimed, str) or not wanted:
        return False
    return hmac.compare_digest(claimed.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass"))
