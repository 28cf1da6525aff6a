"""Which function answers which path: templates as the forges' own documents write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode

from fake_forge.accounts import Token
from fake_forge.exchange import Refused
from gitops_streams.demo.exchange import Request, Response

_FIELD = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(slots=True)
class Call:
    """A request that found its function."""

    request: Request
    operation: str
    """Method and template: ``GET /repos/{owner}/{repo}``."""
    path: dict[str, str]
    """The template's fields, decoded."""
    body: Any
    """The JSON document; an empty one where the request has none."""
    token: Token | None = None

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return self.request.query

    @property
    def who(self) -> Token:
        """The token, where there must be one.

        Raises:
            Refused: there is none.
        """
        if self.token is None:
            raise Refused(Response.json({"message": "Requires authentication"}, HTTPStatus.UNAUTHORIZED))
        return self.token


Handler = Callable[[Any, Call], Response]


def route(*operations: str) -> Callable[[Handler], Handler]:
    """Mark a method as the answer to operations: ``GET /repos/{owner}/{repo}``; ``{name+}`` may hold slashes."""

    def mark(handler: Handler) -> Handler:
        handler.operations = operations  # type: ignore[attr-defined]
        return handler

    return mark


class Routes:
    """The marked methods of an object, in the order in which they are written."""

    def __init__(self, *dialects: object) -> None:
        self._routes = [
            (operation.split(" ", 1)[0], _pattern(operation.split(" ", 1)[1]), operation, handler)
            for dialect in dialects
            for operation, handler in _marked(dialect)
        ]

    def find(self, method: str, path: str) -> tuple[str, dict[str, str], Callable[[Call], Response]] | None:
        """Return the operation, its fields and its function."""
        for wanted, pattern, operation, handler in self._routes:
            if wanted == method and (found := pattern.fullmatch(path)):
                fields = {name: unquote(value) for name, value in found.groupdict().items()}
                return operation.replace("+}", "}"), fields, handler
        return None


def operations(*dialects: type) -> list[str]:
    """Return the operations that the marked methods of classes answer."""
    members = [member for dialect in dialects for holder in dialect.__mro__ for member in vars(holder).values()]
    return [one.replace("+}", "}") for member in members for one in getattr(member, "operations", ())]


def _marked(dialect: object) -> Iterator[tuple[str, Callable[[Call], Response]]]:
    for holder in reversed(type(dialect).__mro__):
        for name, member in vars(holder).items():
            for operation in getattr(member, "operations", ()):
                yield operation, getattr(dialect, name)


def _pattern(template: str) -> re.Pattern[str]:
    parts = _FIELD.split(template)
    written = re.escape(parts[0])
    for name, many, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        written += f"(?P<{name}>{'.+' if many else '[^/]+'}){re.escape(after)}"
    return re.compile(written)


def page(call: Call, items: list[Any], *, default: int = 30, most: int = 100, size: str = "per_page") -> Response:
    """Answer with one page of a list, and where the others are (RFC 8288)."""
    count = max(1, min(int(call.query.get(size) or default), most))
    number = max(1, int(call.query.get("page") or 1))
    last = max(1, -(-len(items) // count))
    links = {"next": number + 1, "last": last} if number < last else {}
    if number > 1:
        links |= {"prev": number - 1, "first": 1}
    base = f"{call.request.origin}{call.request.path}"
    written = [
        f'<{base}?{urlencode({**call.query, "page": other})}>; rel="{relation}"' for relation, other in links.items()
    ]
    headers = {"Link": ", ".join(written)} if written else {}
    return Response.json(items[(number - 1) * count : number * count], headers=headers)
