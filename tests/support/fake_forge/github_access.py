"""What GitHub's parts have in common: who asks, for which repository, with which right, and how refusals read.

The texts of refusals are GitHub's where they are known.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlencode

from fake_forge.accounts import Token, TokenKind
from fake_forge.exchange import Refused
from fake_forge.pull import Pull
from fake_forge.records import Kind
from fake_forge.repository import Repository
from fake_forge.routes import Call
from fake_forge.store import Store
from gitops_streams.demo.exchange import Response

API = "/api/v3"
"""Where GitHub Enterprise Server has its REST API."""

_BODY_LIMIT = 65_536


def refuse(status: int, message: str, **more: Any) -> NoReturn:
    """Answer with an error as GitHub writes them."""
    document = {"message": message, **more, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    raise Refused(Response.json(document, status))


def invalid(resource: str, *, field: str | None = None, code: str = "custom", message: str | None = None) -> NoReturn:
    """Answer 422 as GitHub words a failed validation."""
    error = {"resource": resource, "field": field, "code": code, "message": message}
    errors = [{name: value for name, value in error.items() if value is not None}]
    refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=errors)


def check_body(text: str, resource: str = "Issue") -> None:
    """Refuse a text that is too long for GitHub."""
    if len(text) > _BODY_LIMIT:
        invalid(resource, field="body", message=f"body is too long (maximum is {_BODY_LIMIT} characters)")


class GitHubApi:
    """What GitHub's parts have in common: who asks, for which repository, with which right."""

    def __init__(self, store: Store, authenticate: Callable[..., Token | None]) -> None:
        self.store = store
        self.authenticate = authenticate

    def repository(self, call: Call, permission: str = "metadata", level: str = "read") -> Repository:
        """Return the repository that a call is about.

        Raises:
            Refused: it is not there, has another name now, is archived, or the token has not the right.
        """
        name = f"{call.path['owner']}/{call.path['repo']}"
        found = self.store.repository(name)
        if found is None and (renamed := self.store.renamed.get(name.lower())):
            _redirect(call, renamed)
        if found is None or found.kind is not Kind.GITHUB:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        self.allow(call, found, permission, level)
        found.sync()
        return found

    def allow(self, call: Call, found: Repository, permission: str, level: str) -> None:
        """Refuse a call without the right."""
        token = call.token
        if token is None:
            if found.private:
                refuse(HTTPStatus.NOT_FOUND, "Not Found")
            if level == "write":
                refuse(HTTPStatus.UNAUTHORIZED, "Requires authentication")
            return
        seen = token.covers(found.full_name)
        if found.private and not seen:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        if level == "read" and not found.private:
            return
        if not seen or not token.allows(permission, level):
            holder = "personal access token" if token.kind is TokenKind.PAT else "integration"
            refuse(HTTPStatus.FORBIDDEN, f"Resource not accessible by {holder}")
        if level == "write" and found.archived:
            refuse(HTTPStatus.FORBIDDEN, "Repository was archived so is read-only.")

    def pull(self, call: Call, level: str = "read", permission: str = "pull_requests") -> Pull:
        """Return the pull request that a call is about."""
        found = self.repository(call, permission, level)
        number = call.path.get("pull_number") or call.path["issue_number"]
        for pull in found.pulls:
            if str(pull.number) == number:
                return pull
        refuse(HTTPStatus.NOT_FOUND, "Not Found")


def _redirect(call: Call, renamed: Repository) -> NoReturn:
    rest = call.request.path.split("/", 6)[6:]
    query = f"?{urlencode(call.query)}" if call.query else ""
    location = f"{call.request.origin}{API}/repositories/{renamed.id}{''.join('/' + part for part in rest)}{query}"
    permanent = call.request.method in {"GET", "HEAD"}
    status = HTTPStatus.MOVED_PERMANENTLY if permanent else HTTPStatus.TEMPORARY_REDIRECT
    message = "Moved Permanently" if permanent else "Temporary Redirect"
    raise Refused(Response.json({"message": message, "url": location}, status, {"Location": location}))
