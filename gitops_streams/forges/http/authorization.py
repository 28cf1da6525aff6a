"""Who we are to a forge: credentials as headers, which no ``repr`` shows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Authorization(Protocol):
    """Who we are to the forge. Its ``repr`` holds no secret."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry the credential; may fetch one, raising ``ForgeError``."""

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be shown."""

    def password(self) -> str:
        """Return the bare token, which Git takes as a password over HTTPS; may fetch one, raising ``ForgeError``."""

    def renew(self) -> bool:
        """Drop a credential that was refused (401); says whether asking again may help."""


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """A token that stands in one header: ``TokenHeader("Authorization", "Bearer ", token)``."""

    name: str
    prefix: str
    token: str = field(repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)
    """More that must not be shown: what was encoded into ``token``."""

    def headers(self) -> Mapping[str, str]:
        """Return the one header."""
        return {self.name: self.prefix + self.token}

    def secrets(self) -> tuple[str, ...]:
        """Return the token."""
        return (self.token, *self.hidden)

    def password(self) -> str:
        """Return the token itself, before any encoding."""
        return self.hidden[0] if self.hidden else self.token

    def renew(self) -> bool:
        """Return ``False``: it is all there is."""
        return False


def bearer(token: str) -> TokenHeader:
    """Return ``Authorization: Bearer`` (RFC 6750)."""
    return TokenHeader("Authorization", "Bearer ", token)


def basic(username: str, password: str) -> TokenHeader:
    """Return ``Authorization: Basic`` (RFC 7617)."""
    return TokenHeader("Authorization", "Basic ", b64encode(f"{username}:{password}".encode()).decode(), (password,))
