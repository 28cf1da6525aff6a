"""Which repositories are due when, and why. It knows no clock: whoever asks says what time it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Trigger(StrEnum):
    """Why a repository is visited, the most urgent first."""

    CHECK_NOW = "check now"
    WEBHOOK = "webhook"
    GIT_PUSH = "git push"
    REGISTRY = "registry"
    """A poll found that a registry says something else."""
    FOLLOW_UP = "follow-up"
    """To see what a publish has left on the branch."""
    GATE = "gate opens"
    """Something waited for a time that has come."""
    RETRY = "retry"
    POLL = "poll"
    START = "start"


URGENCY = {trigger: rank for rank, trigger in enumerate(Trigger)}


@dataclass(slots=True)
class _Item:
    due: float
    trigger: Trigger
    running: bool = False


class Agenda:
    """The next visit of each repository; a repository is visited once at a time. Not safe for several threads."""

    def __init__(self, names: Iterable[str], now: float) -> None:
        self._items = {name: _Item(now, Trigger.START) for name in names}

    def wanted(self, name: str, due: float, trigger: Trigger) -> bool:
        """Have a repository visited at that time at the latest; ``False`` where it is already.

        One that is being visited is visited again afterwards.
        """
        item = self._items[name]
        if item.due <= due:
            return False
        item.due, item.trigger = due, trigger
        return True

    def take(self, now: float) -> list[tuple[str, Trigger]]:
        """Return what is due, the most urgent first; each is being visited until ``done``."""
        due = [(name, item) for name, item in self._items.items() if not item.running and item.due <= now]
        due.sort(key=_urgency)
        for _, item in due:
            item.running, item.due = True, float("inf")
        return [(name, item.trigger) for name, item in due]

    def done(self, name: str, due: float, trigger: Trigger) -> None:
        """Note that a visit has ended, and when the next one is due unless one is wanted sooner."""
        item = self._items[name]
        item.running = False
        self.wanted(name, due, trigger)

    def due(self, name: str) -> float | None:
        """Return when a repository is due; ``None`` while it is being visited and nobody wants another visit."""
        due = self._items[name].due
        return None if due == float("inf") else due

    @property
    def next_at(self) -> float | None:
        """When something is due next; ``None`` where everything is being visited."""
        return min((item.due for item in self._items.values() if not item.running), default=None)


def _urgency(entry: tuple[str, _Item]) -> tuple[int, float]:
    _, item = entry
    return URGENCY[item.trigger], item.due
