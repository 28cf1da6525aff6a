"""The ways in which senders prove who they are, each over the raw bytes and in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from gitops_streams.serve.event import Refused
from gitops_streams.serve.senders.google_keys import JwtKeys
from gitops_streams.serve.senders.headers import Headers
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.secret import header_bytes, matches_any, secret_bytes

FRESH = 300
"""Seconds that a signed time may lie before or behind ours (Standard Webhooks, § Timestamp)."""
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_WHSEC = "whsec_"
_MOST_SIGNATURES = 8


class AuthenticationKind(StrEnum):
    """How a sender proves itself."""

    NONE = "path"
    """It cannot, but it knows a path that nobody can guess."""
    SECRET = "secret header"  # noqa: S105 - a kind, no secret
    """It sends the secret along."""
    SIGNATURE = "signature"
    """It signs the body with the secret (HMAC)."""
    BASIC = "basic"
    """It sends the secret along as a password (RFC 7617)."""
    JWT = "jwt"
    """It sends a token that its operator has signed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a proof may be looked for in."""

    headers: Headers
    body: bytes
    secrets: tuple[str, ...] = field(repr=False)
    options: Options
    now: datetime
    keys: JwtKeys | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """The delivery is from who it says."""


class Authentication(Protocol):
    """One way of proving it."""

    @property
    def kind(self) -> AuthenticationKind:
        """What kind of proof it is."""
        ...

    def attempted(self, evidence: Evidence) -> bool:
        """Whether the request carries such a proof, right or wrong."""
        ...

    def verify(self, evidence: Evidence) -> Verified | Refused:
        """Judge it."""
        ...


def refused(reason: str) -> Refused:
    """Refuse a delivery that is not authentic; the reason holds nothing of the request."""
    return Refused(reason, 401)


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """The secret itself in a header: verbatim, behind ``Bearer``, or as the password of ``Basic``."""

    header: str
    """Its name, unless ``Options.header`` says another."""

    @property
    def kind(self) -> AuthenticationKind:
        """A secret that is sent along."""
        return AuthenticationKind.SECRET

    def _name(self, evidence: Evidence) -> str:
        return evidence.options.header or self.header

    def attempted(self, evidence: Evidence) -> bool:
        """Whether the header is there."""
        return bool(evidence.headers.get(self._name(evidence)))

    def verify(self, evidence: Evidence) -> Verified | Refused:
        """Compare what the header says with every secret."""
        value = evidence.headers.get(self._name(evidence))
        scheme, _, rest = value.partition(" ")
        forms = [value]
        if scheme.lower() == "bearer":
            forms.append(rest.strip())
        expected = [secret_bytes(secret) for secret in evidence.secrets]
        if any([matches_any(header_bytes(form), expected) for form in forms]):  # noqa: C419 - all, in constant time
            return Verified()
        if scheme.lower() == "basic":
            return _verify_basic(rest, evidence)
        return refused(f"the header {self._name(evidence)} holds none of the secrets")


@dataclass(frozen=True, slots=True)
class BasicPassword:
    """The secret as the password of ``Authorization: Basic``."""

    @property
    def kind(self) -> AuthenticationKind:
        """A password."""
        return AuthenticationKind.BASIC

    def attempted(self, evidence: Evidence) -> bool:
        """Whether the header is there."""
        return bool(evidence.headers.get("authorization"))

    def verify(self, evidence: Evidence) -> Verified | Refused:
        """Compare user and password."""
        scheme, _, rest = evidence.headers.get("authorization").partition(" ")
        return _verify_basic(rest, evidence) if scheme.lower() == "basic" else refused("it is no Basic authentication")


def _verify_basic(encoded: str, evidence: Evidence) -> Verified | Refused:
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return refused("Basic authentication that is not base64")
    user, colon, password = decoded.partition(b":")
    wanted = evidence.options.username
    right_user = wanted is None or hmac.compare_digest(user, secret_bytes(wanted))
    right_password = matches_any(password, [secret_bytes(secret) for secret in evidence.secrets])
    if colon and right_user and right_password:
        return Verified()
    return refused("Basic authentication with a wrong user or password")


@dataclass(frozen=True, slots=True)
class BodySignature:
    """An HMAC over the raw body, in hexadecimal digits."""

    header: str
    algorithms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"sha256=": "sha256"}))
    """What stands before the digits, and the hash function that it means; nothing else is accepted."""
    or_secret: bool = False
    """Whether the header may hold the secret itself (Artifactory without payload signing)."""

    @property
    def kind(self) -> AuthenticationKind:
        """A signature."""
        return AuthenticationKind.SIGNATURE

    def attempted(self, evidence: Evidence) -> bool:
        """Whether the header is there."""
        return bool(evidence.headers.get(self.header))

    def verify(self, evidence: Evidence) -> Verified | Refused:
        """Sign the body with every secret and compare."""
        value = evidence.headers.get(self.header)
        keys = [secret_bytes(secret) for secret in evidence.secrets]
        if self.or_secret and matches_any(header_bytes(value), keys):
            return Verified()
        prefix, algorithm = next(
            ((prefix, name) for prefix, name in self.algorithms.items() if value.startswith(prefix)), ("", "")
        )
        if not algorithm:
            return refused(f"the header {self.header} is of an algorithm that is not accepted")
        given = header_bytes(value.removeprefix(prefix)).lower()
        expected = [hmac.new(key, evidence.body, algorithm).hexdigest().encode() for key in keys]
        return Verified() if matches_any(given, expected) else refused(f"the signature in {self.header} is wrong")


@dataclass(frozen=True, slots=True)
class TimedSignature:
    """An HMAC over a delivery's id, its time and the body (Standard Webhooks 1.0), which cannot be sent again later."""

    @property
    def kind(self) -> AuthenticationKind:
        """A signature."""
        return AuthenticationKind.SIGNATURE

    def attempted(self, evidence: Evidence) -> bool:
        """Whether the header is there."""
        return bool(evidence.headers.get("webhook-signature"))

    def verify(self, evidence: Evidence) -> Verified | Refused:
        """Sign with every secret, compare, then look at the time that was signed."""
        headers = evidence.headers
        timestamp = headers.get("webhook-timestamp")
        if not _TIMESTAMP.fullmatch(timestamp):
            return refused("the header webhook-timestamp is missing or no number of seconds")
        signed = b".".join((header_bytes(headers.get("webhook-id")), timestamp.encode(), evidence.body))
        expected = [
            base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
            for secret in evidence.secrets
            for key in _standard_keys(secret)
        ]
        signatures = headers.get("webhook-signature").split(" ")[:_MOST_SIGNATURES]
        given = [header_bytes(each.removeprefix("v1,")) for each in signatures if each.startswith("v1,")]
        if not any([matches_any(each, expected) for each in given]):  # noqa: C419 - all, in constant time
            return refused("the signature in webhook-signature is wrong")
        if abs(evidence.now.timestamp() - int(timestamp)) > FRESH:
            return refused("the delivery was signed too long ago, or our clock or the sender's is wrong")
        return Verified()


def _standard_keys(secret: str) -> tuple[bytes, ...]:
    """Return the keys that a secret may mean: its bytes, and what is encoded behind ``whsec_``."""
    plain = secret_bytes(secret)
    if secret.startswith(_WHSEC):
        try:
            return plain, base64.b64decode(secret.removeprefix(_WHSEC), validate=True)
        except (binascii.Error, ValueError):
            pass
    return (plain,)


@dataclass(frozen=True, slots=True)
class PathOnly:
    """No proof but the path, for senders that have nothing else; or a header that something in between adds."""

    @property
    def kind(self) -> AuthenticationKind:
        """None."""
        return AuthenticationKind.NONE

    def attempted(self, evidence: Evidence) -> bool:  # noqa: ARG002 - as the others
        """Whether the request carries it: who came here knew the path."""
        return True

    def verify(self, evidence: Evidence) -> Verified | Refused:
        """Demand the header that ``Options.header`` names, if it names one."""
        name = evidence.options.header
        return Verified() if name is None else SecretHeader(name).verify(evidence)
