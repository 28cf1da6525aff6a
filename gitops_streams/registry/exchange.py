"""One question to a registry, from the first request to the final answer: proof of identity, retries, redirects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry import failures
from gitops_streams.registry.challenge import Basic, Bearer, NoUsableChallenge, choose_challenge
from gitops_streams.registry.credentials import Anonymous, Credential, UnusableCredential
from gitops_streams.registry.messages import (
    Broken,
    InvalidUrl,
    Request,
    Response,
    TransportError,
    Url,
    parse_url,
)
from gitops_streams.registry.redact import one_line, redacted_url
from gitops_streams.registry.retry import patiently
from gitops_streams.registry.tokens import TokenKey, basic, check_realm

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.registry.credentials import CredentialStore
    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.limits import Clock
    from gitops_streams.registry.messages import Transport
    from gitops_streams.registry.tokens import TokenService

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_UNAUTHORIZED = 401
_MAX_ERROR = 65536
_TRY_NEXT = frozenset({Broken.CONNECT, Broken.TLS, Broken.PROTOCOL, Broken.RESET, Broken.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked."""

    host: RegistryHost
    path: str
    """The repository's path: whose credential and scope count."""
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    subject: str
    """What is asked for, for messages."""
    max_body: int = _MAX_ERROR
    truncate: bool = False


@dataclass(slots=True)
class Answer:
    """The final answer to a call."""

    response: Response
    tried: str
    """Which credential source was used."""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def refused(self, call: Call) -> Unresolvable:
        """Say what a status that is no success means."""
        return failures.refused(call.host.domain, self.response, call.subject, self.tried, self.secrets)


@dataclass(frozen=True, slots=True)
class _Proof:
    """What a request carries to prove who asks."""

    authorization: str = field(default="", repr=False)
    tried: str = "anonymous"
    credential: Credential | None = None
    key: TokenKey | None = None
    fresh: bool = False
    """Whether its token was fetched for this very call."""


_NO_PROOF = _Proof()


class _Led(TransportError):
    """A redirect led to a host that gave no answer."""

    def __init__(self, error: TransportError, place: str) -> None:
        super().__init__(error.kind, str(error))
        self.place = place


class Exchange:
    """Carries calls; safe to use from several threads."""

    def __init__(
        self,
        transport: Transport,
        credentials: CredentialStore,
        tokens: TokenService,
        clock: Clock,
        tries: int,
        warn: Callable[[str], None],
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._tokens = tokens
        self._clock = clock
        self._tries = tries
        self._warn = warn

    def send(self, call: Call) -> Answer | Unresolvable:
        """Return the final answer, of whatever status (401 excepted), or why there is none."""
        host, learnt, renewed = call.host, False, False
        while True:
            proof = _NO_PROOF if host.challenge is None else self._proof(call)
            if isinstance(proof, Unresolvable):
                return proof
            response = self._deliver(call, proof)
            if isinstance(response, Unresolvable):
                return response
            if "warning" in response.headers:
                self._note_warning(host, response)
            if response.status != _UNAUTHORIZED:
                return Answer(response, proof.tried, _secrets(proof))
            answer = Answer(response, proof.tried, _secrets(proof))
            if not proof.authorization:
                # The host's first request, or one without a credential: learn what it asks for, and go again.
                if learnt:
                    return answer.refused(call)
                learnt = True
                refusal = self._learn(call, response)
                if refusal is not None:
                    return refusal
                if isinstance(host.challenge, Basic) and not isinstance(
                    self._found(call), Credential | UnusableCredential
                ):
                    return answer.refused(call)
                continue
            if renewed or not self._renew(call, response, proof):
                return answer.refused(call)
            renewed = True

    def _found(self, call: Call) -> Credential | Anonymous | UnusableCredential:
        return self._credentials.find(call.host.domain, call.path)

    def _proof(self, call: Call) -> _Proof | Unresolvable:
        host, found = call.host, self._found(call)
        if isinstance(found, UnusableCredential):
            return Unresolvable(
                Cause.AUTHENTICATION,
                f"{host.domain}: {found.reason}",
                "set what the configuration names, or remove the credential from it",
            )
        challenge = host.challenge
        if isinstance(found, Credential) and found.registry_token:
            return _Proof(f"Bearer {found.registry_token}", found.source, found)
        if isinstance(challenge, Basic):
            if isinstance(found, Anonymous):
                return _Proof(tried=found.source)
            if not found.password:
                return Unresolvable(
                    Cause.AUTHENTICATION,
                    f"{host.domain}: it asks for user and password, and the {found.source} hold only an identity token",
                )
            return _Proof(basic(found.username, found.password), found.source, found)
        if not isinstance(challenge, Bearer):
            return _Proof(tried=found.source)
        realm = check_realm(challenge.realm, host.url("/"), host)
        if isinstance(realm, Unresolvable):
            return realm
        # A missing scope stands first: some token servers read only one.
        scopes = (*host.extra_scopes.get(call.path, ()), f"repository:{call.path}:pull")
        sendable = found if isinstance(found, Credential) and realm.secret_allowed else None
        key = TokenKey(host.domain, challenge.service, realm.url, sendable, scopes)
        known = self._tokens.peek(key)
        token = self._tokens.get(key, host, found)
        if isinstance(token, Unresolvable):
            if token.cause is Cause.AUTHENTICATION and sendable is not None and sendable.renewable:
                self._credentials.forget(host.domain)
            return token
        tried = found.source
        if isinstance(found, Credential) and sendable is None:
            tried = f"anonymous, as the {found.source} are not for the token server {one_line(realm.url.host)}"
        return _Proof(f"Bearer {token.value}", tried, sendable, key, fresh=known is not token)

    def _learn(self, call: Call, response: Response) -> Unresolvable | None:
        host = call.host
        challenge = choose_challenge(response.headers.get("www-authenticate", []))
        if isinstance(challenge, NoUsableChallenge) and not challenge.schemes and host.challenge is None:
            # gcr.io sends none with some answers; the API's root has it.
            ping = self._deliver(Call(host, call.path, "GET", "/v2/", (), call.subject, truncate=True), _NO_PROOF)
            if isinstance(ping, Unresolvable):
                return ping
            challenge = choose_challenge(ping.headers.get("www-authenticate", []))
        match challenge:
            case NoUsableChallenge():
                schemes = ", ".join(one_line(scheme, 20) for scheme in challenge.schemes)
                asks = f"it asks only for {schemes}" if schemes else "it does not say what it asks for"
                return Unresolvable(
                    Cause.AUTHENTICATION, f"{host.domain}: 401 Unauthorized for {call.subject}, and {asks}"
                )
            case _:
                host.challenge = challenge
                self._add_scopes(call, challenge)
        return None

    def _renew(self, call: Call, response: Response, proof: _Proof) -> bool:
        """Decide whether a refused proof is worth another try with a new one."""
        challenge = choose_challenge(response.headers.get("www-authenticate", []))
        if proof.credential is not None and proof.credential.renewable and not isinstance(challenge, Bearer):
            self._credentials.forget(call.host.domain)
            return True
        if proof.key is None or not isinstance(challenge, Bearer):
            return False
        call.host.challenge = challenge
        if challenge.error == "insufficient_scope":
            return self._add_scopes(call, challenge)
        if proof.fresh and challenge.error != "invalid_token":
            return False
        self._tokens.drop(proof.key)
        return True

    def _add_scopes(self, call: Call, challenge: Basic | Bearer) -> bool:
        """Remember scopes of a challenge that we do not ask for by ourselves; false if there are none."""
        if not isinstance(challenge, Bearer):
            return False
        known = call.host.extra_scopes.get(call.path, ())
        own = f"repository:{call.path}:pull"
        new = tuple(
            scope for scope in challenge.scopes[:8] if scope != own and scope not in known and len(scope) < 1024
        )
        if not new:
            return False
        call.host.extra_scopes[call.path] = new + known
        return True

    def _deliver(self, call: Call, proof: _Proof) -> Response | Unresolvable:
        host = call.host

        def attempt() -> Response | TransportError:
            while True:
                endpoint = host.endpoint
                try:
                    response = self._once(call, proof)
                except _Led as error:
                    return error
                except TransportError as error:
                    if error.kind in _TRY_NEXT and host.other_endpoint(endpoint):
                        continue
                    return error
                else:
                    return response

        def describe(outcome: Response | TransportError) -> Unresolvable:
            if isinstance(outcome, TransportError):
                return failures.no_answer(host.domain, outcome, via=outcome.place if isinstance(outcome, _Led) else "")
            return failures.refused(host.domain, outcome, call.subject, proof.tried, _secrets(proof))

        return patiently(host.gate, self._clock, self._tries, attempt, describe)

    def _once(self, call: Call, proof: _Proof) -> Response:
        host = call.host
        url = host.url(call.target)
        headers = call.headers
        if proof.authorization:
            headers += (("Authorization", proof.authorization),)
        request = Request(call.method, url, headers, None, call.max_body, call.truncate)
        response = self._transport.send(request, host.route)
        host.answered(response.peer)
        if response.status in _REDIRECTS:
            return self._follow(call, headers, url, response)
        return response

    def _follow(self, call: Call, headers: tuple[tuple[str, str], ...], url: Url, response: Response) -> Response:
        """Follow redirects; a secret stays with its origin, and the address rule holds for every other host."""
        host, origin = call.host, url.origin
        for _ in range(_MAX_REDIRECTS):
            location = response.header("location")
            target = parse_url(location, url)
            if isinstance(target, InvalidUrl) or not location:
                why = target.reason if isinstance(target, InvalidUrl) else "it names no place"
                raise TransportError(Broken.UNSAFE, f"its redirect is not followed: {why}")
            if url.scheme == "https" and target.scheme == "http":
                raise TransportError(
                    Broken.UNSAFE, f"its redirect to {redacted_url(str(target))} leads from https to http"
                )
            if target.origin != origin:
                headers = tuple(header for header in headers if header[0] != "Authorization")
            url = target
            try:
                request = Request(call.method, url, headers, None, call.max_body, call.truncate)
                response = self._transport.send(request, host.route_to(url))
            except TransportError as error:
                raise _Led(error, url.authority) from None
            if response.status not in _REDIRECTS:
                if response.status == _UNAUTHORIZED and target.origin != origin:
                    raise _Led(TransportError(Broken.UNSAFE, "it asks for a credential of its own"), url.authority)
                return response
        raise TransportError(Broken.UNSAFE, f"it redirects more than {_MAX_REDIRECTS} times")

    def _note_warning(self, host: RegistryHost, response: Response) -> None:
        for value in response.headers["warning"]:
            code, _, text = value.partition(" ")
            if code == "299":
                words = text.partition(" ")[2].strip().strip('"')
                self._warn(f"{host.domain} warns: {one_line(words)}")


def _secrets(proof: _Proof) -> tuple[str, ...]:
    credential = proof.credential
    token = proof.authorization.partition(" ")[2]
    if credential is None:
        return (token,)
    return (token, credential.password, credential.identity_token, credential.registry_token)
