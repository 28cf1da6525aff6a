"""What a request to a registry carries to prove who asks: chosen, learnt from a challenge, and renewed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry.challenge import Basic, Bearer, NoUsableChallenge, choose_challenge
from gitops_streams.registry.credentials import Anonymous, Credential, UnusableCredential
from gitops_streams.registry.failures import WITHHELD
from gitops_streams.registry.redact import one_line
from gitops_streams.registry.tokens import TokenKey, basic, check_realm

if TYPE_CHECKING:
    from gitops_streams.registry.credentials import CredentialStore
    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.limits import Clock
    from gitops_streams.registry.messages import Response
    from gitops_streams.registry.tokens import TokenService

_MAX_SCOPE = 1024
_MAX_SCOPES = 8


@dataclass(frozen=True, slots=True)
class Proof:
    """What a request carries to prove who asks."""

    authorization: str = field(default="", repr=False)
    tried: str = "anonymous"
    credential: Credential | None = None
    key: TokenKey | None = None
    fresh: bool = False
    """Whether its token was fetched for this very call."""
    password: bool = False
    """Whether it is user and password themselves."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that must not be shown, should the server repeat them."""
        credential, token = self.credential, self.authorization.partition(" ")[2]
        if credential is None:
            return (token,)
        return (token, credential.password, credential.identity_token, credential.registry_token)


NO_PROOF = Proof()


@dataclass(frozen=True, slots=True)
class NoCredential:
    """The host asks for user and password, and there are none."""


Unlearnable = NoUsableChallenge | NoCredential


class Prover:
    """Knows for each repository what to carry; safe to use from several threads."""

    def __init__(self, credentials: CredentialStore, tokens: TokenService, clock: Clock) -> None:
        self._clock = clock
        self._credentials = credentials
        self._tokens = tokens

    def proof(self, host: RegistryHost, path: str) -> Proof | Unresolvable:
        """Return what a request about a repository has to carry, by what the host asked for last."""
        if host.challenge is None:
            return NO_PROOF
        found = self._credentials.find(host.domain, path)
        if isinstance(found, UnusableCredential):
            return Unresolvable(
                Cause.AUTHENTICATION,
                f"{host.domain}: {found.reason}",
                "set what the configuration names, or remove the credential from it",
            )
        if isinstance(found, Credential) and found.registry_token:
            return Proof(f"Bearer {found.registry_token}", found.source, found)
        match host.challenge:
            case Bearer() as challenge:
                return self._token(host, path, challenge, found)
            case Basic() if isinstance(found, Credential):
                if (rejection := host.rejection(self._clock.monotonic())) is not None:
                    return rejection
                if found.password:
                    authorization = basic(found.username, found.password)
                    return Proof(authorization, found.source, found, password=True)
                return Unresolvable(
                    Cause.AUTHENTICATION,
                    f"{host.domain}: it asks for user and password, and the {found.source} hold only an identity token",
                )
            case _:
                return Proof(tried=found.source)

    def _token(
        self, host: RegistryHost, path: str, challenge: Bearer, found: Credential | Anonymous
    ) -> Proof | Unresolvable:
        realm = check_realm(challenge.realm, host.url("/"), host)
        if isinstance(realm, Unresolvable):
            return realm
        sendable = found if isinstance(found, Credential) and realm.secret_allowed else None
        # A missing scope stands first: some token servers read only one.
        scopes = (*host.extra_scopes.get(path, ()), f"repository:{path}:pull")
        key = TokenKey(host.domain, challenge.service, realm.url, sendable, scopes)
        known = self._tokens.peek(key)
        token = known or self._tokens.get(key, host, found)
        if isinstance(token, Unresolvable):
            if token.cause is Cause.AUTHENTICATION and sendable is not None and sendable.renewable:
                self._credentials.forget(host.domain)
                again = self._credentials.find(host.domain, path)
                if isinstance(again, Credential) and again != sendable:
                    return self._token(host, path, challenge, replace(again, renewable=False))
            return token
        tried = found.source
        if isinstance(found, Credential) and sendable is None:
            tried = f"{WITHHELD} {found.source} are not for the token server {one_line(realm.url.host)}"
        return Proof(f"Bearer {token.value}", tried, sendable, key, fresh=known is None)

    def learn(self, host: RegistryHost, path: str, headers: list[str]) -> Unlearnable | None:
        """Remember what a host asks for in its ``WWW-Authenticate``; ``None`` says that another try has a chance."""
        challenge = choose_challenge(headers)
        if isinstance(challenge, NoUsableChallenge):
            return challenge
        host.challenge = challenge
        if isinstance(challenge, Basic) and isinstance(self._credentials.find(host.domain, path), Anonymous):
            return NoCredential()
        self._add_scopes(host, path, challenge)
        return None

    def renew(self, host: RegistryHost, path: str, response: Response, proof: Proof) -> bool:
        """Decide whether a refused proof is worth another try with a new one."""
        challenge = choose_challenge(response.headers.get("www-authenticate", []))
        if proof.credential is not None and proof.credential.renewable and not isinstance(challenge, Bearer):
            self._credentials.forget(host.domain)
            return True
        if proof.key is None or not isinstance(challenge, Bearer):
            return False
        host.challenge = challenge
        if challenge.error == "insufficient_scope":
            return self._add_scopes(host, path, challenge)
        if proof.fresh and challenge.error != "invalid_token":
            return False
        self._tokens.drop(proof.key)
        return True

    def _add_scopes(self, host: RegistryHost, path: str, challenge: Basic | Bearer) -> bool:
        """Remember scopes of a challenge that we do not ask for by ourselves; false if there are none."""
        if not isinstance(challenge, Bearer):
            return False
        known = host.extra_scopes.get(path, ())
        own = f"repository:{path}:pull"
        new = tuple(
            scope
            for scope in challenge.scopes[:_MAX_SCOPES]
            if scope != own and scope not in known and len(scope) <= _MAX_SCOPE
        )
        if not new:
            return False
        host.extra_scopes[path] = new + known
        return True
