"""What passes through the forge: the log of requests, refusals as exceptions, and faults that tests order."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from gitops_streams.demo.exchange import Answer, Hangup, Request, Response, Stall


@dataclass(frozen=True, slots=True)
class Logged:
    """A request that was answered. Neither header nor token is kept."""

    method: str
    path: str
    query: Mapping[str, str]
    authentication: str
    """``none``, ``basic``, ``bearer``, ``token``, ``private-token``, ``job-token``."""
    account: str | None
    """Whose token it was; ``None`` for none, or for one that nobody has."""
    body: Any
    """The JSON document, ``None`` without one."""
    status: int
    """What was answered; 0 for a connection that was reset or fell silent."""
    host: str = ""
    """The ``Host`` header."""


class Refused(Exception):
    """A dialect answers with an error."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.status} {response.body.decode(errors='replace')}")
        self.response = response


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request authenticates with."""

    scheme: str
    value: str | None = field(default=None, repr=False)
    username: str = ""


def credential_of(request: Request) -> Credential:
    """Read the token of a request, in whichever way it is sent."""
    for header in ("PRIVATE-TOKEN", "JOB-TOKEN"):
        if value := request.header(header):
            return Credential(header.lower(), value)
    scheme, _, value = (request.header("Authorization") or "").partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return Credential(scheme.lower(), value.strip())
        case "basic":
            try:
                username, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            except ValueError:
                return Credential("basic", "")
            return Credential("basic", password, username)
        case "":
            return Credential("none")
        case other:
            return Credential(other, "")


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer so, instead of doing anything."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AfterEffect:
    """Do what was asked, then answer so: the client cannot know that it was done."""

    status: int = HTTPStatus.BAD_GATEWAY
    document: Any = field(default_factory=lambda: {"message": "Server Error"})


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection."""

    after_effect: bool = False
    """Whether what was asked is done before."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing for so many seconds, or until the forge stops, then reset."""

    seconds: float = 60.0
    after_effect: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """Answer rightly, but this many seconds late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Garbled:
    """Answer 200 with this in place of the right body."""

    body: bytes = b"<html><title>Unicorn!</title>"
    content_type: str = "text/html"


Action = Respond | AfterEffect | Reset | Silence | Slow | Garbled


def secondary_rate_limit(retry_after: int | None = 1) -> Respond:
    """Answer as GitHub does when requests come too fast."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    message = (
        "You have exceeded a secondary rate limit and have been temporarily blocked from content creation."
        " Please retry your request again later."
    )
    return Respond(HTTPStatus.FORBIDDEN, {"message": message, "documentation_url": "https://docs.github.com"}, headers)


def primary_rate_limit(reset_at: int) -> Respond:
    """Answer as GitHub does when an hour's requests are used up; ``reset_at`` is in seconds since the epoch."""
    headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset_at)}
    return Respond(HTTPStatus.FORBIDDEN, {"message": "API rate limit exceeded for user ID 1."}, headers)


def could_not_resolve_to_a_node(node: str = "PR_kwDO000001000001") -> Respond:
    """Answer as GitHub does when one of its parts does not know a new pull request yet."""
    error = f"Could not resolve to a node with the global id of '{node}'."
    return Respond(HTTPStatus.UNPROCESSABLE_ENTITY, {"message": "Validation Failed", "errors": [error]})


@dataclass(slots=True)
class _Fault:
    match: re.Pattern[str]
    action: Action
    times: int
    after: int
    met: int = 0


class Faults:
    """Faults that wait for their request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Fault] = []

    def add(self, match: str, action: Action, *, times: int = 1, after: int = 0) -> None:
        """Order a fault.

        Args:
            match: a regular expression, searched in ``POST /api/v3/repos/acme/gitops/pulls?state=open``.
            action: what happens instead.
            times: to how many requests it happens.
            after: how many matching requests are answered rightly before.
        """
        with self._lock:
            self._waiting.append(_Fault(re.compile(match), action, times, after))

    @property
    def pending(self) -> int:
        """How many faults have not happened as often as they were ordered to."""
        with self._lock:
            return sum(fault.times > 0 for fault in self._waiting)

    def clear(self) -> None:
        """Take back what has not happened."""
        with self._lock:
            self._waiting.clear()

    def take(self, request: Request) -> Action | None:
        """Return what is to happen to a request."""
        line = f"{request.method} {request.target}"
        with self._lock:
            for fault in self._waiting:
                if fault.times <= 0 or not fault.match.search(line):
                    continue
                fault.met += 1
                if fault.met > fault.after:
                    fault.times -= 1
                    return fault.action
        return None


def faulty(action: Action, wait: Any, answer: Any) -> Answer:
    """Carry out a fault.

    Args:
        action: the fault.
        wait: called with seconds, returns after them or when the forge stops.
        answer: called without arguments, does what was asked and returns the right answer.
    """
    match action:
        case Respond(status, document, headers):
            return Response.json(document, status, headers)
        case AfterEffect(status, document):
            answer()
            return Response.json(document, status)
        case Reset(after_effect):
            if after_effect:
                answer()
            return Hangup()
        case Silence(seconds, after_effect):
            if after_effect:
                answer()
            return Stall(seconds)
        case Slow(seconds):
            wait(seconds)
            return answer()
        case Garbled(body, content_type):
            answer()
            return Response(HTTPStatus.OK, {"Content-Type": content_type}, body)


def document_of(request: Request) -> Any:
    """Return a request's JSON document; ``None`` without one, or where it is something else."""
    try:
        return json.loads(request.body) if request.body else None
    except ValueError:
        return None
