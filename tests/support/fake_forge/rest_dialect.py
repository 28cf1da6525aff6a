"""What the dialects without a published description share: routes, who asks, and a check of each body's members.

The checks hold what the forges' documentation names, as far as it is used; none was tried on a live server.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NoReturn

from fake_forge.accounts import Account, Token
from fake_forge.exchange import Refused, credential_of, document_of
from fake_forge.pull import Pull
from fake_forge.records import Kind
from fake_forge.repository import Repository
from fake_forge.routes import Call, Routes
from fake_forge.store import Store
from gitops_streams.demo.exchange import Request, Response


class RestDialect(ABC):
    """A REST API over the store."""

    kind: Kind
    prefix: str
    schemes: frozenset[str]
    """The ways in which it takes a token."""

    def __init__(
        self, store: Store, authenticate: Callable[[Request], Token | None], violate: Callable[[str], None]
    ) -> None:
        self.store = store
        self.violate = violate
        self._authenticate = authenticate
        self._routes = Routes(self)

    def speaks(self, request: Request) -> bool:
        """Say whether a request is for this forge."""
        return request.path.startswith(f"{self.prefix}/")

    def path(self, request: Request) -> str:
        """Return the path of a request as the routes have it."""
        return request.path.removeprefix(self.prefix)

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        path = self.path(request)
        found = self._routes.find(request.method, path)
        if found is None:
            self.violate(f"{self.kind}: no such operation, or not one that is imitated: {request.method} {path}")
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        operation, fields, handler = found
        credential = credential_of(request)
        token = self._authenticate(request) if credential.scheme in self.schemes else None
        if token is None and credential.scheme != "none":
            self.refuse(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        document = document_of(request)
        if request.body and document is None:
            self.violate(f"{self.kind}: {operation}: the body is not JSON")
        call = Call(request, operation, fields, {} if document is None else document, token)
        with self.store.lock:
            return handler(call)

    @abstractmethod
    def refuse(self, status: int, message: Any) -> NoReturn:
        """Answer with an error as this forge writes them."""

    def who(self, call: Call) -> Token:
        """Return the token; refuse where there is none."""
        if call.token is None:
            self.refuse(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        return call.token

    def members(self, call: Call, *, required: Iterable[str] = (), known: Iterable[str] = ()) -> dict[str, Any]:
        """Return the body, after a check of which members it has."""
        allowed = {*required, *known}
        problems = [f"{name!r} is missing" for name in required if call.body.get(name) in (None, "")]
        problems += [f"{name!r} is not a member" for name in sorted(set(call.body) - allowed)]
        for problem in problems:
            self.violate(f"{self.kind}: {call.operation}: {problem}")
        if problems:
            self.refuse(HTTPStatus.BAD_REQUEST, ", ".join(problems))
        return call.body

    def parameters(self, call: Call, *known: str) -> dict[str, str]:
        """Return the query, after a check of which parameters it has."""
        for name in sorted(set(call.query) - {*known, "page", "per_page", "limit"}):
            self.violate(f"{self.kind}: {call.operation}: query: {name!r} is not a parameter")
        return call.query

    def find(self, name: str) -> Repository | None:
        """Find one of this forge's repositories."""
        found = self.store.repository(name)
        return found if found is not None and found.kind is self.kind else None

    def pull_of(self, found: Repository, number: str) -> Pull:
        """Return a pull request of a repository."""
        pull = next((pull for pull in found.pulls if str(pull.number) == number), None)
        if pull is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return pull

    def known_account(self, login: str) -> Account | None:
        """Return an account that exists."""
        return self.store.accounts.get(login)


def refused(document: Any, status: int) -> NoReturn:
    """Answer with a JSON document as an error."""
    raise Refused(Response.json(document, status))
