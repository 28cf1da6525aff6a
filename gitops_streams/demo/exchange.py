"""One HTTP exchange of the embedded registry as values: what was asked, and every way to answer it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """A request, read whole."""

    method: str
    target: str
    """The path with its query, as the client wrote it."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names and values in the client's order; kept out of ``repr``, for they may carry credentials."""
    body: bytes = field(default=b"", repr=False)
    scheme: str = "http"

    @property
    def path(self) -> str:
        """The path without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last value."""
        return dict(self.parameters)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's parameters in order, repeated ones included."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def origin(self) -> str:
        """Scheme and host by which the client reached the registry: ``http://127.0.0.1:5000``."""
        return f"{self.scheme}://{self.header('Host') or 'localhost'}"

    def header(self, name: str) -> str | None:
        """Return a header's values, joined with commas (RFC 9110 § 5.3); ``None`` without one."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. ``Content-Length`` is added; to HEAD the body's length is told and the body kept back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def json(cls, document: object, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with a JSON document."""
        return cls(status, {"Content-Type": JSON, **(headers or {})}, json.dumps(document).encode())

    @classmethod
    def error(cls, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with an error document (OCI distribution-spec § Error Codes)."""
        return cls.json({"errors": [{"code": code, "message": message}]}, status, headers)


@dataclass(frozen=True, slots=True)
class Hangup:
    """No answer: the bytes in ``sent`` go out as they are, then the connection is reset."""

    sent: bytes = b""


@dataclass(frozen=True, slots=True)
class Stall:
    """No answer: the bytes in ``sent`` go out as they are, then nothing, then the connection is reset."""

    seconds: float
    """The silence in seconds; it ends early when the registry closes."""
    sent: bytes = b""


Answer = Response | Hangup | Stall

Intercept = Callable[[Request], Answer | None]
"""Asked before the registry answers; ``None`` lets it. Called from many threads at once."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A request that was answered."""

    request: Request
    """The request, without its body."""
    status: int
    """The status that was sent; 0 for a connection that was reset instead."""

    @property
    def method(self) -> str:
        """The request's method."""
        return self.request.method

    @property
    def path(self) -> str:
        """The request's path without its query."""
        return self.request.path
