"""Bearer tokens: which request fetches one, what its answer means, and how long it is kept.

Sources: distribution ``docs/spec/auth/token.md`` and ``oauth.md``.
"""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry import failures
from gitops_streams.registry.addresses import literal_reach
from gitops_streams.registry.credentials import Anonymous, Credential
from gitops_streams.registry.flight import SingleFlight
from gitops_streams.registry.limits import REST
from gitops_streams.registry.messages import InvalidUrl, Request, Response, TransportError, Url, parse_url
from gitops_streams.registry.redact import one_line, redacted_url
from gitops_streams.registry.retry import patiently

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.limits import Clock, Gate
    from gitops_streams.registry.messages import Transport

MAX_ANSWER = 65536
_CLIENT = "gitops-streams"
_SHORTEST_LIFE = 60
_LONGEST_LIFE = 86400
_MARGIN = 10
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class TokenKey:
    """What a token is good for; equal keys share it."""

    domain: str
    service: str
    realm: Url
    credential: Credential | None
    """``None`` asks anonymously."""
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and when to stop using it."""

    value: str = field(repr=False)
    expires: float
    """By our own monotonic clock: the server's may be wrong."""


@dataclass(frozen=True, slots=True)
class Realm:
    """A token server that may be asked."""

    url: Url
    secret_allowed: bool
    """Whether the registry's credential may go there."""


def check_realm(text: str, registry: Url, host: RegistryHost) -> Realm | Unresolvable:
    """Decide whether a challenge's realm may be asked, and whether with the registry's credential."""
    shown = redacted_url(text)
    url = parse_url(text)

    def unsafe(reason: str) -> Unresolvable:
        return Unresolvable(
            Cause.UNSAFE_TARGET,
            f"{host.domain}: its token server {shown} is not asked: {reason}",
            "check the registry's address; a sound registry names a token server of its own",
        )

    if isinstance(url, InvalidUrl):
        return unsafe(url.reason)
    if "#" in text:
        return unsafe("the URL holds a fragment")
    if url.scheme == "http" and registry.scheme == "https":
        return unsafe("the registry speaks https, its token server only http")
    reach = literal_reach(url.host)
    if reach is not None and url.host != registry.host and reach > host.foreign_rule:
        return unsafe(f"it is a {reach.name.lower()} address")
    return Realm(url, host.may_receive_secret(url))


def get_request(key: TokenKey) -> Request:
    """Ask with ``GET``: user and password as Basic, or nobody."""
    query = [("service", key.service)] if key.service else []
    query += [("scope", scope) for scope in key.scopes]
    headers: tuple[tuple[str, str], ...] = (("Accept", "application/json"),)
    credential = key.credential
    if credential is not None:
        username = credential.username or "<token>"
        if credential.username:
            query.append(("account", credential.username))
        headers += (("Authorization", basic(username, credential.password or credential.identity_token)),)
    separator = "&" if "?" in key.realm.target else "?"
    target = key.realm.target + (separator + urlencode(query) if query else "")
    url = Url(key.realm.scheme, key.realm.host, key.realm.port, target)
    return Request("GET", url, headers, max_body=MAX_ANSWER)


def post_request(key: TokenKey) -> Request:
    """Ask with ``POST`` for a token in exchange for an identity token (OAuth2 refresh)."""
    assert key.credential is not None  # noqa: S101 - the caller has one with an identity token
    form = urlencode(
        {
            "grant_type": "refresh_token",
            "service": key.service,
            "client_id": _CLIENT,
            "scope": " ".join(key.scopes),
            "refresh_token": key.credential.identity_token,
        }
    )
    headers = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
    return Request("POST", key.realm, headers, form.encode(), max_body=MAX_ANSWER)


def basic(username: str, password: str) -> str:
    """Return the value of ``Authorization`` for a user and password (RFC 7617, UTF-8)."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def read_token(response: Response, now: float) -> Token | str:
    """Read the answer of a token server: a token, or what is wrong with it."""
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return "its answer is not JSON"
    if not isinstance(document, dict):
        return "its answer is not a JSON object"
    value = document.get("token") or document.get("access_token")
    if not isinstance(value, str) or not value:
        return "its answer holds no token"
    if _TOKEN.fullmatch(value) is None:
        return "its token has characters that no header can carry"
    life = document.get("expires_in")
    seconds = life if isinstance(life, int) and not isinstance(life, bool) else _SHORTEST_LIFE
    return Token(value, now + min(max(seconds, _SHORTEST_LIFE), _LONGEST_LIFE) - _MARGIN)


_Account = tuple[str, Url, Credential | None]


_NEVER: tuple[float, Unresolvable | None] = (0.0, None)


def _account(key: TokenKey) -> _Account:
    return key.domain, key.realm, key.credential


class TokenService:
    """Fetches tokens, one per key, and keeps them while they last."""

    def __init__(self, transport: Transport, gate_of: Callable[[str], Gate], clock: Clock, tries: int) -> None:
        self._transport = transport
        self._gate_of = gate_of
        self._clock = clock
        self._tries = tries
        self._tokens: dict[TokenKey, Token] = {}
        self._rejections: dict[_Account, tuple[float, Unresolvable]] = {}
        """Credentials that a token server refused: asking again for every repository may lock the account."""
        self._flights: SingleFlight[TokenKey, Token | Unresolvable] = SingleFlight()
        self._lock = threading.Lock()

    def get(self, key: TokenKey, host: RegistryHost, found: Credential | Anonymous) -> Token | Unresolvable:
        """Return a token for ``key``; ``found`` is the credential that the registry has, sent or not."""
        return self.peek(key) or self._flights.do(key, lambda: self._fetch(key, host, found))

    def peek(self, key: TokenKey) -> Token | None:
        """Return the token that is there and still lasts, without asking for one."""
        token = self._tokens.get(key)
        return token if token is not None and token.expires > self._clock.monotonic() else None

    def drop(self, key: TokenKey) -> None:
        """Forget a token that the registry does not take any more."""
        with self._lock:
            self._tokens.pop(key, None)

    def _fetch(self, key: TokenKey, host: RegistryHost, found: Credential | Anonymous) -> Token | Unresolvable:
        if (token := self.peek(key)) is not None:
            return token  # another thread's flight ended between our look and our own
        until, refusal = self._rejections.get(_account(key), _NEVER)
        if refusal is not None and self._clock.monotonic() < until:
            return refusal
        tried = found.source if key.credential is not None else Anonymous().source
        response: Response | Unresolvable
        if key.credential is not None and key.credential.identity_token:
            response = self._send(post_request(key), key, host, tried)
            if isinstance(response, Response) and response.status in {404, 405}:
                response = self._send(get_request(key), key, host, tried)
        else:
            response = self._send(get_request(key), key, host, tried)
        if isinstance(response, Unresolvable):
            return response
        answer = self._read(response, key, host, found, tried)
        if isinstance(answer, Token):
            with self._lock:
                self._tokens[key] = answer
        elif response.status == 401 and key.credential is not None:  # noqa: PLR2004 - Unauthorized
            with self._lock:
                until = self._clock.monotonic() + REST
                self._rejections[_account(key)] = (until, failures.not_asked_again(answer))
        return answer

    def _send(self, request: Request, key: TokenKey, host: RegistryHost, tried: str) -> Response | Unresolvable:
        gate = self._gate_of(key.realm.authority)
        place = f"its token server {key.realm.authority}"

        def attempt() -> Response | TransportError:
            try:
                return self._transport.send(request, host.route_to(request.url))
            except TransportError as error:
                return error

        def describe(outcome: Response | TransportError) -> Unresolvable:
            if isinstance(outcome, TransportError):
                return failures.no_answer(host.domain, outcome, via=place)
            return failures.refused(host.domain, outcome, f"a token from {place}", tried, _secrets(key.credential))

        return patiently(gate, self._clock, self._tries, attempt, describe)

    def _read(
        self, response: Response, key: TokenKey, host: RegistryHost, found: Credential | Anonymous, tried: str
    ) -> Token | Unresolvable:
        place = f"its token server {key.realm.authority}"
        if response.status == 200:  # noqa: PLR2004 - the only success of the token specification
            token = read_token(response, self._clock.monotonic())
            if isinstance(token, Token):
                return token
            return Unresolvable(Cause.BAD_ANSWER, f"{host.domain}: {place} is of no use: {token}")
        if 300 <= response.status < 400:  # noqa: PLR2004 - redirects
            return Unresolvable(
                Cause.UNSAFE_TARGET, f"{host.domain}: {place} redirects, which is not followed with a credential"
            )
        failure = failures.refused(host.domain, response, f"a token from {place}", tried, _secrets(key.credential))
        if key.credential is None and isinstance(found, Credential):
            return Unresolvable(
                Cause.AUTHENTICATION,
                f"{failure.reason}; the {found.source} were not sent, as {one_line(key.realm.host)} is another host",
                f"if it may have them, add it to authHosts of {host.domain}",
            )
        return failure


def _secrets(credential: Credential | None) -> tuple[str, ...]:
    if credential is None:
        return ()
    pair = basic(credential.username, credential.password).removeprefix("Basic ")
    return (credential.password, credential.identity_token, credential.registry_token, pair)
