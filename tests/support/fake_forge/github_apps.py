"""GitHub's accounts, and its Apps: a JWT (RS256) signs in, finds the installation, is traded for a token."""

from __future__ import annotations

import base64
import json
import time
from http import HTTPStatus
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fake_forge import github_documents as documents
from fake_forge.accounts import Account, App, Token, TokenKind
from fake_forge.exchange import credential_of
from fake_forge.github_access import GitHubApi, refuse
from fake_forge.routes import Call, route
from gitops_streams.demo.exchange import Response

_LONGEST = 600
_DRIFT = 60


def new_keys() -> tuple[bytes, bytes]:
    """Make a private key as GitHub hands it out (PKCS#1 PEM), and its public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


class GitHubAccounts(GitHubApi):
    """Accounts. Tokens of Apps are not users."""

    @route("GET /user")
    def get_user(self, call: Call) -> Response:
        """Answer with whose token it is."""
        token = call.who
        if token.kind is not TokenKind.PAT:
            refuse(HTTPStatus.FORBIDDEN, "Resource not accessible by integration")
        headers = {"X-OAuth-Scopes": "repo, workflow"} if token.permissions.get("administration") else {}
        return Response.json(documents.account(token.account), headers=headers)

    @route("GET /users/{username}")
    def find_user(self, call: Call) -> Response:
        """Answer with an account."""
        who = self.store.accounts.get(call.path["username"])
        if who is None:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(documents.account(who))

    @route("GET /rate_limit")
    def rate_limit(self, _call: Call) -> Response:
        """Say how many requests are left, always plenty."""
        core = {"limit": 5000, "remaining": 4999, "reset": self.store.now() + 3600, "used": 1}
        return Response.json({"resources": {"core": core}, "rate": core})


class GitHubApps(GitHubApi):
    """Operations that only an App's own JWT may ask for."""

    apps: list[App]
    """Set by the forge."""

    @route("GET /app")
    def get_app(self, call: Call) -> Response:
        """Answer with the App."""
        app = self._app(call)
        return Response.json({"id": app.id, "slug": app.slug, "name": app.slug, "permissions": dict(app.permissions)})

    @route("GET /app/installations")
    def list_installations(self, call: Call) -> Response:
        """List where the App is installed."""
        return Response.json([self._installation(self._app(call))])

    @route("GET /repos/{owner}/{repo}/installation")
    def repository_installation(self, call: Call) -> Response:
        """Answer with the App's installation on a repository."""
        app = self._app(call)
        if f"{call.path['owner']}/{call.path['repo']}".lower() not in app.repositories:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(self._installation(app))

    @route("POST /app/installations/{installation_id}/access_tokens")
    def create_token(self, call: Call) -> Response:
        """Trade the JWT for an installation's token, which may be narrower than the installation."""
        app = self._app(call)
        if call.path["installation_id"] != str(app.installation_id):
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        if app.suspended:
            refuse(HTTPStatus.FORBIDDEN, "This installation has been suspended")
        wanted = call.body.get("permissions") or dict(app.permissions)
        beyond = [name for name, level in wanted.items() if app.permissions.get(name) not in {level, "write"}]
        if beyond:
            text = "The permissions requested are not granted to this installation."
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, text)
        repositories = app.repositories
        if names := call.body.get("repositories"):
            repositories = {name for name in repositories if name.rpartition("/")[2] in {n.lower() for n in names}}
            if len(repositories) != len(names):
                text = "There is at least one repository that does not exist or is not accessible to the parent"
                refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{text} installation.")
        permissions = {**wanted, "metadata": "read"}
        token = self.issue(app.bot, TokenKind.INSTALLATION, permissions, frozenset(repositories))
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        document = {"token": token.value, "expires_at": expires, "permissions": permissions}
        return Response.json(document, HTTPStatus.CREATED)

    @route("GET /installation/repositories")
    def list_repositories(self, call: Call) -> Response:
        """List the repositories of an installation's token."""
        if call.who.kind is not TokenKind.INSTALLATION:
            refuse(HTTPStatus.FORBIDDEN, "You must authenticate with an installation access token")
        found = [one for one in self.store.repositories if call.who.covers(one.full_name)]
        listed = [documents.repository(one) for one in found]
        return Response.json({"total_count": len(listed), "repositories": listed})

    def issue(self, account: Account, kind: TokenKind, permissions: Any, repositories: Any) -> Token:
        """Make a token."""
        value = f"ghs_fake{self.store.next_id()}{'x' * 24}"
        token = Token(value, account, kind, permissions, repositories)
        self.store.tokens[value] = token
        return token

    def _installation(self, app: App) -> dict[str, Any]:
        return {"id": app.installation_id, "app_id": app.id, "app_slug": app.slug, "target_type": "Organization"}

    def _app(self, call: Call) -> App:
        """Return the App whose JWT this is, checked as GitHub documents it."""
        credential = credential_of(call.request)
        try:
            head, claims, signature = (credential.value or "").split(".")
            header, payload = json.loads(_decoded(head)), json.loads(_decoded(claims))
            signed = _decoded(signature)
        except ValueError:
            refuse(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
        if header.get("alg") != "RS256":
            refuse(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
        app = next((app for app in self.apps if str(app.id) == str(payload.get("iss"))), None)
        if app is None:
            refuse(HTTPStatus.NOT_FOUND, "Integration not found")
        key = serialization.load_pem_public_key(app.public_key)
        assert isinstance(key, rsa.RSAPublicKey)
        try:
            key.verify(signed, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            refuse(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
        now = time.time()
        issued, expires = payload.get("iat"), payload.get("exp")
        if not isinstance(issued, int) or issued > now:
            message = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            refuse(HTTPStatus.UNAUTHORIZED, message)
        if not isinstance(expires, int) or expires <= now:
            message = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which"
            refuse(HTTPStatus.UNAUTHORIZED, f"{message} the assertion expires")
        if expires > now + _LONGEST + _DRIFT:
            message = "'Expiration time' claim ('exp') is too far in the future"
            refuse(HTTPStatus.UNAUTHORIZED, message)
        return app


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
