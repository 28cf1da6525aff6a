"""The ASGI application: webhooks, and whatever the page brings along.

A delivery is read up to its bound and within a time, judged, and handed to the loop, which acts on it later: the
answer says that it was understood, never what became of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gitops_streams.serve.event import Accepted, Ignored, Outcome, Refused
from gitops_streams.serve.logs import say
from gitops_streams.serve.senders.consent import consent
from gitops_streams.serve.senders.receive import MAX_BODY, receive
from gitops_streams.serve.senders.receiver import PREFIX, Receiver

_log = logging.getLogger(__name__)
_BODY_TIMEOUT = 10.0
"""Seconds that a sender may take for its body."""
_JSON = "application/json"
_PLAIN_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Deliveries(Protocol):
    """Whoever acts on deliveries."""

    @property
    def stopping(self) -> bool:
        """Whether nothing new is begun, so that a sender had better send it again."""
        ...

    def deliver(self, receiver: str, outcome: Outcome) -> bool:
        """Take in what became of a delivery; returns at once."""
        ...


def application(receivers: Iterable[Receiver], deliveries: Deliveries, pages: Sequence[BaseRoute] = ()) -> Starlette:
    """Put the application together.

    Args:
        receivers: whose webhooks are taken.
        deliveries: is told of each.
        pages: the other routes.
    """
    hooks = _Hooks({receiver.name: receiver for receiver in receivers}, deliveries)
    return Starlette(routes=[Route(f"{PREFIX}/{{name}}/{{token}}", hooks.answer, methods=["POST", "OPTIONS"]), *pages])


class _Hooks:
    def __init__(self, receivers: Mapping[str, Receiver], deliveries: Deliveries) -> None:
        self._receivers = receivers
        self._deliveries = deliveries

    async def answer(self, request: Request) -> Response:
        receiver = self._receivers.get(request.path_params["name"])
        if receiver is None:
            return _empty(404)
        if self._deliveries.stopping:
            return _empty(503)
        path, query = request.url.path, request.url.query
        place = f"{path}?{query}" if query else path
        headers = _Repeated(request.headers.items())
        if request.method == "OPTIONS":
            allowed = consent(receiver, headers, place)
            return _empty(allowed.status) if isinstance(allowed, Refused) else _empty(200, allowed)
        try:
            async with asyncio.timeout(_BODY_TIMEOUT):
                body = await _body(request)
        except TimeoutError:
            outcome: Outcome = Refused("the body did not come in time", 408)
        except ClientDisconnect:
            outcome = Refused("the sender went away before its body was there", 400)
        else:
            outcome = receive(receiver, headers, body, place, now=datetime.now(tz=UTC))
        new = self._deliveries.deliver(receiver.name, outcome)
        match outcome:
            case Accepted(reply=reply):
                say(_log, logging.DEBUG, "delivery-accepted", receiver=receiver.name, new=new)
                return Response(reply or "{}\n", media_type=_JSON, headers=_PLAIN_HEADERS)
            case Ignored(reason):
                say(_log, logging.DEBUG, "delivery-ignored", reason, receiver=receiver.name)
                return _empty(202)
            case Refused(reason, status):
                say(_log, logging.INFO, "delivery-refused", reason, receiver=receiver.name, status=status)
                return _empty(status)


class _Repeated(Mapping[str, str]):
    """Headers whose ``items`` repeat a name that was sent twice, which a mapping of Starlette's hides."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._values = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def items(self) -> Sequence[tuple[str, str]]:  # type: ignore[override]
        return self._pairs


async def _body(request: Request) -> bytes:
    """Read the body up to one byte more than is allowed, which ``receive`` refuses."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            break
    return b"".join(parts)[: MAX_BODY + 1]


def _empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status_code=status, headers={**_PLAIN_HEADERS, **(headers or {})})
