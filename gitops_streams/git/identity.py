"""Who makes a commit, and how it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a commit, where it is not the user who runs the command."""

    name: str
    email: str

    def __str__(self) -> str:
        """``Name <email>``, as trailers write it."""
        return f"{self.name} <{self.email}>"


class SigningMethod(StrEnum):
    """How a commit is signed."""

    CONFIGURED = "configured"
    """As the user's git configuration says (``commit.gpgSign``, ``gpg.format``, ``user.signingKey``)."""
    OFF = "off"
    OPENPGP = "openpgp"
    SSH = "ssh"


@dataclass(frozen=True, slots=True)
class Signing:
    """How a commit is signed, and with what."""

    method: SigningMethod = SigningMethod.CONFIGURED
    key: str | None = None
    """OpenPGP: the key's id; SSH: the path of the private or public key. ``None``: ``user.signingKey``."""
