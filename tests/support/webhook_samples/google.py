"""A signer of tokens as Google's are, with a key of our own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_ID = "7d680d8c70d44e947133cbd499ebc1a61c3d5abc"
AUDIENCE = "https://streams.example.com/hooks"
EMAIL = "push@my-project.iam.gserviceaccount.com"


@cache
def private_key(which: int) -> rsa.RSAPrivateKey:
    """Make a key, once; ``which`` tells keys apart."""
    del which
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class StaticKeys:
    """Keys in memory, made when they are first asked for."""

    asked: list[str] = field(default_factory=list)

    def find(self, key_id: str) -> Mapping[str, str] | None:
        self.asked.append(key_id)
        if key_id != KEY_ID:
            return None
        return {**json.loads(RSAAlgorithm.to_jwk(private_key(0).public_key())), "kid": KEY_ID}


GOOGLE_KEYS = StaticKeys()


def google_token(now: float, *, which: int = 0, headers: Mapping[str, Any] | None = None, **claims: Any) -> str:
    """Sign a token; ``claims`` replace those that are right, ``None`` takes one away."""
    right = {
        "aud": AUDIENCE,
        "azp": "113774264463038321964",
        "email": EMAIL,
        "sub": "113774264463038321964",
        "email_verified": True,
        "exp": int(now) + 3600,
        "iat": int(now),
        "iss": "https://accounts.google.com",
    }
    stated = {name: value for name, value in {**right, **claims}.items() if value is not None}
    return jwt.encode(stated, private_key(which), algorithm="RS256", headers={"kid": KEY_ID, **(headers or {})})
