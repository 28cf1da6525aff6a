"""Who may use the embedded registry: anybody, users with Basic authentication, or holders of a bearer token.

Sources: RFC 7617; distribution's "Token Authentication Specification" and "OAuth2 Token
Authentication" (identity tokens).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qsl

from gitops_streams.demo.exchange import Request, Response

TOKEN_PATH = "/token"  # noqa: S105 - a path, not a secret
_SCOPE = re.compile(r"repository:(?P<repository>[^:]+):(?P<actions>[a-z,*]+)")


@dataclass(frozen=True, slots=True)
class Need:
    """What a request wants to do."""

    repository: str | None
    """``None`` for the ``/v2/`` ping."""
    action: str
    """``pull``, ``push`` or ``delete``."""

    @property
    def scope(self) -> str | None:
        """The scope to ask a token for; reading is implied by writing."""
        if self.repository is None:
            return None
        actions = "pull" if self.action == "pull" else f"pull,{self.action}"
        return f"repository:{self.repository}:{actions}"


class Access(Protocol):
    """A way to guard the registry."""

    def refuse(self, request: Request, need: Need) -> Response | None:
        """Return the refusal, or ``None`` to let the request through."""

    def endpoint(self, request: Request) -> Response | None:
        """Answer a request that belongs to the guard itself; ``None`` for any other."""


class Open:
    """Anybody may do anything."""

    def refuse(self, request: Request, need: Need) -> Response | None:  # noqa: ARG002 - the protocol's signature
        """Refuse nothing."""
        return None

    def endpoint(self, request: Request) -> Response | None:  # noqa: ARG002 - the protocol's signature
        """Have no endpoint."""
        return None


@dataclass(frozen=True, slots=True)
class Basic:
    """Users with passwords, asked by every request."""

    users: Mapping[str, str] = field(repr=False)
    realm: str = "gitops-streams"

    def refuse(self, request: Request, need: Need) -> Response | None:  # noqa: ARG002 - all users may do all
        """Refuse whoever is not one of the users."""
        if _user(request, self.users) is not None:
            return None
        return _unauthorized(f'Basic realm="{self.realm}"')

    def endpoint(self, request: Request) -> Response | None:  # noqa: ARG002 - the protocol's signature
        """Have no endpoint."""
        return None


@dataclass(frozen=True, slots=True)
class _Grant:
    scopes: frozenset[tuple[str, str]]
    expires: float


class Bearer:
    """Tokens from ``/token`` of the same host, for users and identity tokens; where ``public``, for anybody to pull."""

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        public: bool = False,
        lifetime: int = 300,
        service: str = "gitops-streams",
        realm: str | None = None,
    ) -> None:
        """Guard a registry.

        Args:
            users: Passwords by user.
            public: Whether a token without a user may pull.
            lifetime: A token's life in seconds, told as ``expires_in``.
            service: The name that the challenge gives the registry.
            realm: The token endpoint that the challenge names; ``/token`` of the same host by default.
        """
        self.users = users
        self.public = public
        self.lifetime = lifetime
        self.service = service
        self.realm = realm
        self._lock = threading.Lock()
        self._grants: dict[str, _Grant] = {}
        self._identities: dict[str, str] = {}

    def refuse(self, request: Request, need: Need) -> Response | None:
        """Refuse a request whose token is missing, unknown, expired or too narrow."""
        kind, _, token = (request.header("Authorization") or "").partition(" ")
        if kind.lower() != "bearer":
            return self._challenge(request, need, None)
        with self._lock:
            grant = self._grants.get(token)
        if grant is None or grant.expires <= time.monotonic():
            return self._challenge(request, need, "invalid_token")
        if need.repository is not None and (need.repository, need.action) not in grant.scopes:
            return self._challenge(request, need, "insufficient_scope")
        return None

    def endpoint(self, request: Request) -> Response | None:
        """Answer ``/token``, by GET with Basic authentication or by the OAuth2 POST."""
        if request.path != TOKEN_PATH:
            return None
        if request.method == "POST":
            return self._oauth2(dict(parse_qsl(request.body.decode("latin-1"))))
        user = _user(request, self.users)
        if user is None and request.header("Authorization") is not None:
            return _unauthorized(f'Basic realm="{self.service}"')
        scopes = [value for key, value in request.parameters if key == "scope"]
        offline = request.query.get("offline_token") == "true"
        return self._issue(user, scopes, identity=self.identity(user) if offline and user is not None else None)

    def identity(self, user: str) -> str:
        """Return a new identity (refresh) token for a user, as ``docker login`` is given one."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._identities[token] = user
        return token

    def revoke(self) -> None:
        """Forget every token issued so far; identity tokens stay."""
        with self._lock:
            self._grants.clear()

    def _oauth2(self, form: Mapping[str, str]) -> Response:
        identity = None
        match form.get("grant_type"):
            case "refresh_token":
                identity = form.get("refresh_token", "")
                with self._lock:
                    user = self._identities.get(identity)
            case "password":
                user = _known(form.get("username", ""), form.get("password", ""), self.users)
                if user is not None and form.get("access_type") == "offline":
                    identity = self.identity(user)
            case _:
                return Response.json({"error": "unsupported_grant_type"}, HTTPStatus.BAD_REQUEST)
        if user is None:
            return Response.json({"error": "invalid_grant"}, HTTPStatus.UNAUTHORIZED)
        return self._issue(user, form.get("scope", "").split(), identity=identity)

    def _issue(self, user: str | None, scopes: list[str], *, identity: str | None) -> Response:
        granted = set()
        for part in " ".join(scopes).split():
            match = _SCOPE.fullmatch(part)
            for action in match["actions"].split(",") if match else ():
                if match and (user is not None or (self.public and action == "pull")):
                    granted.add((match["repository"], action))
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._grants[token] = _Grant(frozenset(granted), time.monotonic() + self.lifetime)
        document: dict[str, object] = {"token": token, "access_token": token, "expires_in": self.lifetime}
        if identity is not None:
            document["refresh_token"] = identity
        return Response.json(document, headers={"Cache-Control": "no-store"})

    def _challenge(self, request: Request, need: Need, error: str | None) -> Response:
        fields = {"realm": self.realm or request.origin + TOKEN_PATH, "service": self.service}
        if need.scope is not None:
            fields["scope"] = need.scope
        if error is not None:
            fields["error"] = error
        return _unauthorized("Bearer " + ",".join(f'{name}="{value}"' for name, value in fields.items()))


def _unauthorized(challenge: str) -> Response:
    return Response.error(
        HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": challenge}
    )


def _user(request: Request, users: Mapping[str, str]) -> str | None:
    kind, _, encoded = (request.header("Authorization") or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return _known(user, password, users)


def _known(user: str, password: str, users: Mapping[str, str]) -> str | None:
    expected = users.get(user)
    if expected is None or not hmac.compare_digest(expected.encode(), password.encode()):
        return None
    return user
