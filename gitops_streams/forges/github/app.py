"""Signs in as a GitHub App: a signed claim buys a token for one installation, which lives for an hour.

Sources: GitHub "Authenticating as a GitHub App installation"; RFC 7519 (JWT), RS256.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property

import httpx

from gitops_streams.errors import ForgeError
from gitops_streams.forges.github.hints import hint
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.http.dialect import Dialect
from gitops_streams.forges.http.patience import Clock, SystemClock
from gitops_streams.forges.http.refusal import Refusal
from gitops_streams.forges.settings import AppSettings, ForgeSettings

API_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
"""The version that github.com and the supported Enterprise Servers have in common."""

_CLOCKS_APART = 60
"""Seconds by which GitHub's clock may be behind ours."""
_CLAIM = 540
"""Seconds that a claim is good for; GitHub takes ten minutes at most."""
_SPARE = 300
"""Seconds before its end at which a token is replaced."""
_LONGEST = 64 * 1024
_NOT_FOUND = 404


class AppAuthorization:
    """The token of an App's installation, fetched when it is needed; implements ``Authorization``."""

    def __init__(
        self,
        app: AppSettings,
        key: str,
        *,
        api_url: str,
        repository: str,
        settings: ForgeSettings,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare to sign in; nothing is sent yet.

        Args:
            app: which App.
            key: its private key, PEM.
            api_url: as for ``Github``.
            repository: ``owner/name``; the token is good for this one alone.
            settings: for bounds and certificates.
            clock: the time; real by default.
            transport: carries the requests, for tests.

        Raises:
            ForgeError: PyJWT is not installed, or the key cannot be used.
        """
        self._app = app
        self._clock = clock or SystemClock()
        self._owner, _, self._name = repository.partition("/")
        self._claim = _Claim(app.app_id, key, self._clock)
        self._claim.headers()  # finds out now whether the key is one
        dialect = Dialect(
            "GitHub", {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}, hint=_hint
        )
        self._client = ForgeClient(api_url, self._claim, dialect, settings, clock=clock, transport=transport)
        self._token = ""
        self._until = 0.0

    def __repr__(self) -> str:
        """Name the App."""
        return f"AppAuthorization({self._app.app_id})"

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._client.requests

    @cached_property
    def login(self) -> str:
        """The login of the App's bot user, ``SLUG[bot]``."""
        answer = self._client.get("/app", doing=f"asking for the GitHub App {self._app.app_id}")
        return answer.record().text("slug") + "[bot]"

    def headers(self) -> Mapping[str, str]:
        """Return the header with a token that is good for some minutes at least."""
        return {"Authorization": f"Bearer {self.password()}"}

    def password(self) -> str:
        """Return such a token itself."""
        if self._clock.time() > self._until - _SPARE:
            self._fetch()
        return self._token

    def secrets(self) -> tuple[str, ...]:
        """Return the token."""
        return (self._token,) if self._token else ()

    def renew(self) -> bool:
        """Drop the token: it was taken back before its time."""
        self._token, self._until = "", 0.0
        return True

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _fetch(self) -> None:
        path = f"/app/installations/{self._installation}/access_tokens"
        doing = f"getting a token for the GitHub App {self._app.app_id}"
        # Made twice it does no harm: what is not used runs out.
        record = self._client.post(path, {"repositories": [self._name]}, doing=doing, repeatable=True).record()
        token = record.text("token")
        try:
            until = datetime.fromisoformat(record.text("expires_at")).timestamp()
        except ValueError:
            until = self._clock.time() + 2 * _SPARE
        self._token, self._until = token, until

    @cached_property
    def _installation(self) -> int:
        if self._app.installation_id is not None:
            return self._app.installation_id
        path = f"/repos/{segment(self._owner)}/{segment(self._name)}/installation"
        doing = f"looking for the installation of the GitHub App {self._app.app_id}"
        return self._client.get(path, doing=doing).record().whole("id")


class _Claim:
    """Says which App we are, signed with its key; implements ``Authorization``."""

    def __init__(self, app_id: str, key: str, clock: Clock) -> None:
        self._app_id = app_id
        self._key = key if "\n" in key.strip() else key.replace("\\n", "\n")
        self._clock = clock
        self._signed = ""
        self._until = 0.0

    def __repr__(self) -> str:
        return f"_Claim({self._app_id})"

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.password()}"}

    def password(self) -> str:
        now = self._clock.time()
        if now > self._until - _CLOCKS_APART:
            self._signed, self._until = self._sign(int(now)), now + _CLAIM
        return self._signed

    def secrets(self) -> tuple[str, ...]:
        return (self._signed,)

    def renew(self) -> bool:
        return False

    def _sign(self, now: int) -> str:
        try:
            import jwt  # noqa: PLC0415 - an extra that few need
        except ImportError:
            raise ForgeError(
                "signing in as a GitHub App needs PyJWT", hint="install gitops-streams[github-app]"
            ) from None
        claims = {"iat": now - _CLOCKS_APART, "exp": now + _CLAIM, "iss": self._app_id}
        signed = ""
        with suppress(jwt.PyJWTError, ValueError, TypeError, NotImplementedError):  # whose text may quote the key
            signed = jwt.encode(claims, self._key, algorithm="RS256")
        if not signed:
            raise ForgeError(
                f"the private key of the GitHub App {self._app_id} cannot be used",
                hint="it must be the PEM file that GitHub made: Settings of the App, Private keys",
            )
        return signed


def read_key(app: AppSettings, environment: Mapping[str, str]) -> str:
    """Read the App's private key.

    Raises:
        ForgeError: there is none. The message names the place alone.
    """
    if app.private_key_file is not None:
        try:
            with app.private_key_file.open("rb") as file:
                key = file.read(_LONGEST).decode("ascii", "replace")
        except OSError as error:
            why = error.strerror or "unreadable"
            raise ForgeError(
                f"the private key {app.private_key_file} cannot be read: {why}", hint="check forge.app.privateKeyFile"
            ) from None
    else:
        key = environment.get(app.private_key_env or "", "")
    if not key.strip():
        place = app.private_key_file or f"the variable {app.private_key_env}"
        raise ForgeError(f"there is no private key in {place}", hint="put the App's PEM file there")
    return key


def _hint(refusal: Refusal) -> str | None:
    if refusal.status == _NOT_FOUND:
        return "install the App on this repository, and check forge.app.id and forge.app.installation"
    if refusal.status == 401:  # noqa: PLR2004 - unauthorized
        return "check forge.app.id, its private key and this machine's clock"
    if refusal.status == 422:  # noqa: PLR2004 - unprocessable
        return "the installation does not include this repository: add it in the App's installation settings"
    return hint(refusal)
