"""Connections that somebody holds without asking for anything: they are closed, so that others are answered.

uvicorn bounds how many there are but not for how long: whoever opened that many and said nothing would have every
other request answered by 503 for ever. Here only requests that are under way count, each has a time to come and to be
answered in, and where many connections ask for nothing, the one that has been waited for longest makes room for a new
one.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""What a client may take from connecting, or from its last answer, until the head of its next request is there."""
WHOLE_SECONDS = 60.0
"""What a request may take from its head until its answer was taken."""
MOST_SILENT = 250
"""Connections that ask for nothing at one time."""


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, with an end to its patience."""

    deadline: asyncio.TimerHandle | None = None
    """When we hang up."""
    most: int | None = None
    """Requests that are answered at one time, on all connections together; ``None``: any number."""
    asking = False
    """Whether the head of a request is there and its answer not yet taken."""
    since = 0.0
    """Since when we wait, on the event loop's clock."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, in place of whoever has not sent one for longest."""
        super().connection_made(transport)
        self.most = self.limit_concurrency
        self._wait(asking=False)
        silent = [each for each in self.connections if isinstance(each, PatientProtocol) and not each.asking]
        if len(silent) > MOST_SILENT:
            min(silent, key=lambda each: each.since).give_up()

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request."""
        self._limit()
        super().data_received(data)
        if self._is_asking != self.asking:
            self._wait(asking=self._is_asking)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the end of one that was there already."""
        self._limit()
        super().on_response_complete()
        if not self.transport.is_closing():
            self._wait(asking=self._is_asking)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Hang up at once, whatever was written and not taken."""
        self.connections.discard(self)  # which would else be done later, and others are counted before
        self.transport.abort()

    def _limit(self) -> None:
        """Have uvicorn, which counts silent connections too, refuse what comes now, or nothing."""
        full = self.most is not None and len(self.tasks) >= self.most
        self.limit_concurrency = 0 if full else None

    @property
    def _is_asking(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self, *, asking: bool) -> None:
        self._stop_waiting()
        self.asking = asking
        self.since = self.loop.time()
        self.deadline = self.loop.call_later(WHOLE_SECONDS if asking else HEAD_SECONDS, self.give_up)

    def _stop_waiting(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None
