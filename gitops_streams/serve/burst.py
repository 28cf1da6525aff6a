"""Collects events that come close together, so that one look answers all of them. It knows no clock."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

What = TypeVar("What", bound=Hashable)
Said = TypeVar("Said")

QUIET = 0.2
"""Seconds without another event after which a burst is over."""
LONGEST = 1.0
"""Seconds after its first event when a burst is over, however many still come."""


class Burst(Generic[What, Said]):
    """What was told of since the burst began, each with the last thing that was said of it."""

    def __init__(self, quiet: float = QUIET, longest: float = LONGEST) -> None:
        self._quiet = quiet
        self._longest = longest
        self._said: dict[What, Said] = {}
        self._first = 0.0
        self._last = 0.0

    def add(self, what: What, said: Said, now: float) -> bool:
        """Note an event at a time; ``False`` where it told nothing that is not waiting already."""
        if not self._said:
            self._first = now
        new = what not in self._said
        self._last = now
        self._said[what] = said
        return new

    @property
    def over_at(self) -> float | None:
        """When the burst is over unless more comes; ``None`` where there is none."""
        return min(self._last + self._quiet, self._first + self._longest) if self._said else None

    def take(self, now: float) -> dict[What, Said]:
        """Take everything if the burst is over, else nothing."""
        if self.over_at is None or now < self.over_at:
            return {}
        said, self._said = self._said, {}
        return said

    def __len__(self) -> int:
        return len(self._said)
