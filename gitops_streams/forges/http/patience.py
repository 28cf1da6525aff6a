"""How long a forge is waited for: rate limits, pauses between changes, and the bound on all waiting of a run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Protocol

_TOO_MANY = 429
_FORBIDDEN = 403
_SECONDARY = 60.0
"""Seconds to wait at least where a forge does not say for how long (GitHub, "Rate limits for the REST API")."""
_PHRASES = ("secondary rate limit", "api rate limit exceeded", "abuse detection")


class Clock(Protocol):
    """Time, so that tests need not wait."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    def time(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """Real time."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Patience:
    """The seconds that a run may still spend on waiting for one forge."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self.left = seconds

    def spend(self, seconds: float) -> None:
        """Count seconds that were waited elsewhere."""
        self.left -= seconds

    def wait(self, seconds: float) -> bool:
        """Wait, if the run may wait for so long; else return ``False`` at once."""
        if seconds > self.left:
            return False
        self.left -= seconds
        self._clock.sleep(seconds)
        return True


class Pacer:
    """Keeps changes at least ``pause`` seconds apart, as GitHub asks of those who make many."""

    def __init__(self, clock: Clock, pause: float) -> None:
        self._clock = clock
        self._pause = pause
        self._next = float("-inf")

    def wait(self) -> None:
        """Wait for the next turn."""
        early = self._next - self._clock.monotonic()
        if early > 0:
            self._clock.sleep(early)

    def done(self) -> None:
        """Note that a change was sent and answered."""
        self._next = self._clock.monotonic() + self._pause


def limited(status: int, headers: Mapping[str, str], said: str) -> bool:
    """Say whether an answer means "too fast", which is no refusal: the request was not carried out.

    Sources: GitHub "Rate limits for the REST API" (403 or 429); GitLab, Bitbucket and Azure DevOps use 429.
    """
    if status == _TOO_MANY:
        return True
    if status != _FORBIDDEN:
        return False
    spent = headers.get("x-ratelimit-remaining", "").strip() == "0"
    return spent or "retry-after" in headers or any(phrase in said.casefold() for phrase in _PHRASES)


def pause(headers: Mapping[str, str], now: float, attempt: int) -> float:
    """Return for how many seconds a "too fast" wants us to wait.

    Args:
        headers: of the answer, with lower-case names.
        now: seconds since the epoch.
        attempt: how often the request was sent already, from 1.
    """
    asked = retry_after(headers.get("retry-after", ""), now)
    if asked is not None:
        return max(1.0, asked)  # none at all would ask without end
    for remaining, reset in (
        ("x-ratelimit-remaining", "x-ratelimit-reset"),
        ("ratelimit-remaining", "ratelimit-reset"),
    ):
        moment = headers.get(reset, "").strip()
        if headers.get(remaining, "").strip() == "0" and moment.isascii() and moment.isdigit():
            # One second more: the forge's clock and ours are not the same.
            return max(0.0, float(moment[:12]) - now) + 1.0
    return _SECONDARY * float(2 ** (attempt - 1))


def retry_after(text: str, now: float) -> float | None:
    """Read ``Retry-After`` as seconds from now: a number or an HTTP date; ``None`` where it says nothing usable."""
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
