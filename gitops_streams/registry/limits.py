"""How hard a host is asked: requests at a time, requests a second, pauses that it asks for, and when to leave it alone.

Shared by every request to one host, so that a ``429`` to one of them slows all (no retry storm), and a host
that is down is found out once and not once per tag.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gitops_streams.registry.failures import not_asked_again

if TYPE_CHECKING:
    from gitops_streams.oci.resolution import Unresolvable
    from gitops_streams.registry.messages import Response

_FIRST_PAUSE = 1.0
_PAUSE_FACTOR = 2.5
_LONGEST_PAUSE = 60.0
_FAILURES_IN_A_ROW = 3
REST = 60.0
"""Seconds for which a host that failed is left alone, and after which a budget for pauses is full again."""


class Clock(Protocol):
    """Time, so that tests need not wait."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    def time(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """Real time; ``stop`` ends every sleep."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait, unless the client is being closed."""
        self.stop.wait(seconds)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What a host says about its quota (``RateLimit-*``, ``X-RateLimit-*``)."""

    limit: int | None
    remaining: int | None
    window: int | None
    """Seconds over which ``limit`` counts."""
    source: str = ""
    """Whom the host counts (``docker-ratelimit-source``): an address or an account."""


class Gate:
    """One host's traffic; safe to use from several threads."""

    def __init__(
        self,
        host: str,
        clock: Clock,
        *,
        concurrency: int = 4,
        per_second: float | None = None,
        budget: float = 60.0,
        jitter: float | None = None,
    ) -> None:
        self.host = host
        self.requests = 0
        self.answered = False
        """Whether the host ever gave a proper answer."""
        self.rate_limit: RateLimit | None = None
        self._clock = clock
        self._slots = threading.Semaphore(max(1, concurrency))
        self._interval = 1 / per_second if per_second else 0.0
        self._budget = self._full_budget = budget
        self._jitter = jitter
        self._lock = threading.Lock()
        self._calm = not self._interval
        """True while nothing has to be waited for or refused: the path of almost every request."""
        self._next = 0.0
        self._pause_until = float("-inf")
        self._closed_until = 0.0
        self._closed: Unresolvable | None = None
        self._wished = False
        self._failures = 0

    def enter(self) -> Unresolvable | None:
        """Wait for a turn; an ``Unresolvable`` is the host's refusal, else ``leave`` must follow."""
        self._slots.acquire()
        with self._lock:
            if self._calm:
                self.requests += 1
                return None
        while True:
            with self._lock:
                now = self._clock.monotonic()
                if self._closed is not None and now < self._closed_until:
                    refusal = self._closed
                    break
                self._closed = None
                wait = max(self._pause_until, self._next) - now
                if wait <= 0:
                    self._next = max(now, self._next) + self._interval
                    self._calm = not self._interval
                    self.requests += 1
                    return None
            self._clock.sleep(wait)
        self._slots.release()
        return refusal

    def count(self) -> None:
        """Count a request that follows another one without a turn of its own (a redirect)."""
        with self._lock:
            self.requests += 1

    def leave(self) -> None:
        """Give the turn back."""
        self._slots.release()

    def pause(self, attempt: int, failure: Unresolvable, asked: float | None = None) -> Unresolvable | None:
        """Agree on a pause before retry number ``attempt`` (from 1): all of the host's requests wait.

        Args:
            attempt: how many tries have failed.
            failure: what the host's requests get if the pause is longer than the budget allows.
            asked: the pause in seconds that the host asked for (``Retry-After``).

        Returns:
            ``None`` when ``enter`` will wait it out; ``failure`` when it is too long, and the host is left alone.
        """
        # Jitter only ever lengthens a pause: the host's own wish is a minimum.
        length = (
            max(asked, _FIRST_PAUSE)
            if asked is not None
            else min(_FIRST_PAUSE * _PAUSE_FACTOR ** (attempt - 1), _LONGEST_PAUSE)
        )
        length += length * 0.25 * (self._jitter if self._jitter is not None else _random())
        with self._lock:
            now = self._clock.monotonic()
            if now > self._pause_until + REST:
                self._budget = self._full_budget
            until = now + length
            added = until - max(now, self._pause_until)
            if added > self._budget:
                self._close(failure, asked=length if asked is not None else None)
                return failure
            if added > 0:
                self._budget -= added
                self._pause_until = until
            self._calm = False
        return None

    def failed(self, failure: Unresolvable, *, down: bool, rest: float | None = None) -> None:
        """Note a request that failed for good; the host is left alone when it is ``down`` or fails again and again.

        Args:
            failure: what the host's other requests get meanwhile.
            down: whether the failure says of the whole host that it cannot be used.
            rest: the seconds for which the host asked to be left alone.
        """
        with self._lock:
            self._failures += 1
            if down or self._failures >= _FAILURES_IN_A_ROW:
                self._close(failure, asked=rest)

    def reopen(self) -> None:
        """Ask the host again at once, since there is a sign that it works; a rest that it asked for itself it gets."""
        with self._lock:
            if not self._wished:
                self._closed = None

    def succeeded(self) -> None:
        """Note that the host works."""
        self.answered = True
        self._failures = 0

    def note(self, response: Response) -> None:
        """Read the quota that an answer's headers tell."""
        headers = response.headers
        remaining = headers.get("ratelimit-remaining") or headers.get("x-ratelimit-remaining")
        if remaining is None:
            return
        limit = (headers.get("ratelimit-limit") or headers.get("x-ratelimit-limit") or [""])[0]
        window = next((part.strip()[2:] for part in limit.split(";") if part.strip().startswith("w=")), "")
        source = response.header("docker-ratelimit-source")[:64]
        self.rate_limit = RateLimit(
            _number(limit), _number(remaining[0]), _number(window), source if source.isprintable() else ""
        )

    def _close(self, failure: Unresolvable, *, asked: float | None) -> None:
        self._closed = not_asked_again(failure)
        self._closed_until = self._clock.monotonic() + (REST if asked is None else asked)
        self._wished = asked is not None
        self._calm = False
        self._failures = 0


def _number(text: str) -> int | None:
    digits = text.partition(";")[0].partition(",")[0].strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None  # noqa: PLR2004


def _random() -> float:
    """Return a number from 0 to 1, without the import of ``random``."""
    return os.urandom(1)[0] / 255
