"""GitHub as a whole: chooses the function, checks the request against GitHub's description, adds GitHub's headers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus

from fake_forge.accounts import App, Token
from fake_forge.description import violations
from fake_forge.exchange import Refused, credential_of, document_of
from fake_forge.github_access import API, refuse
from fake_forge.github_apps import GitHubAccounts, GitHubApps
from fake_forge.github_commits import GitHubCommits
from fake_forge.github_git import GitHubGit
from fake_forge.github_graphql import GitHubGraphql
from fake_forge.github_issues import GitHubIssues
from fake_forge.github_pulls import GitHubPulls
from fake_forge.routes import Call, Routes, operations
from fake_forge.store import Store
from gitops_streams.demo.exchange import Request, Response

_GRAPHQL = "/api/graphql"
_PARTS = (GitHubAccounts, GitHubPulls, GitHubIssues, GitHubGit, GitHubCommits, GitHubApps)
_BY_ID = re.compile(r"^/repositories/(\d+)(/.*)?$")


OPERATIONS = operations(*_PARTS)
"""The REST operations that are imitated: ``GET /repos/{owner}/{repo}``."""


class GitHubDialect:
    """Answers ``/api/v3`` and ``/api/graphql``."""

    def __init__(
        self, store: Store, authenticate: Callable[[Request], Token | None], violate: Callable[[str], None]
    ) -> None:
        self._store = store
        self._authenticate = authenticate
        self._violate = violate
        parts = [part(store, authenticate) for part in _PARTS]
        self._graphql = GitHubGraphql(store, authenticate)
        self.apps: list[App] = []
        for part in parts:
            if isinstance(part, GitHubApps):
                part.apps = self.apps
        self._routes = Routes(*parts)

    def speaks(self, request: Request) -> bool:
        """Say whether a request is for GitHub."""
        return request.path.startswith(f"{API}/") or request.path == _GRAPHQL

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        if request.path == _GRAPHQL:
            return self._graphql.answer(request, document_of(request), self._violate)
        path = request.path.removeprefix(API)
        if by_id := _BY_ID.match(path):
            path = self._by_id(by_id)
        found = self._routes.find(request.method, path)
        if found is None:
            self._violate(f"no such operation, or not one that is imitated: {request.method} {path}")
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        operation, fields, handler = found
        credential = credential_of(request)
        token = self._authenticate(request)
        signs_in = "/app" in operation or operation.endswith("/installation")
        if token is None and credential.scheme != "none" and not signs_in:
            refuse(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        if not request.header("User-Agent"):
            self._violate(f"{operation}: GitHub wants a User-Agent")
            refuse(HTTPStatus.FORBIDDEN, "Request forbidden by administrative rules.")
        document = document_of(request)
        call = Call(request, operation, fields, {} if document is None else document, token)
        problems = violations(call, has_body=bool(request.body))
        for problem in problems:
            self._violate(problem)
        if problems:
            refuse(HTTPStatus.BAD_REQUEST, "Invalid request.\n\n" + "\n".join(problems))
        with self._store.lock:
            return _with_etag(call, handler(call))

    def _by_id(self, by_id: re.Match[str]) -> str:
        with self._store.lock:
            for repository in self._store.repositories:
                if str(repository.id) == by_id[1]:
                    return f"/repos/{repository.full_name}{by_id[2] or ''}"
        raise Refused(Response.json({"message": "Not Found"}, HTTPStatus.NOT_FOUND))


def _with_etag(call: Call, response: Response) -> Response:
    """Add what GitHub adds to every answer; answer 304 where the client has it already."""
    headers = {
        **response.headers,
        "X-GitHub-Request-Id": "FAKE:0001",
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "4999",
        "X-RateLimit-Resource": "core",
    }
    if call.request.method == "GET" and response.status == HTTPStatus.OK:
        tag = f'"{hashlib.sha256(response.body).hexdigest()}"'
        headers["ETag"] = tag
        if call.request.header("If-None-Match") in {tag, f"W/{tag}"}:
            return Response(HTTPStatus.NOT_MODIFIED, headers)
    return Response(response.status, headers, response.body)
