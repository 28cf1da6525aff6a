"""What is kept of all repositories, which of them are due, and whom news concerns: what the service's threads share."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gitops_streams.registry.limits import Clock
from gitops_streams.serve.agenda import Agenda, Trigger
from gitops_streams.serve.burst import QUIET
from gitops_streams.serve.clone_location import clone_location
from gitops_streams.serve.event import RepositoryPushed
from gitops_streams.serve.interests import Interests
from gitops_streams.serve.kept import Kept
from gitops_streams.serve.known_answers import Asked
from gitops_streams.serve.overview import RepositoryView
from gitops_streams.serve.place import Place


class Repositories:
    """The repositories that are served.

    Everything but ``clock`` is read and written by whoever holds ``lock``, which may be taken more than once by the
    same thread; who makes something due notifies it, since the loop sleeps on it.

    Args:
        places: where they are.
        clock: time.
    """

    def __init__(self, places: Sequence[Place], clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.Condition()
        self.kept = {place.served.name: Kept(place) for place in places}
        self.agenda = Agenda(self.kept, clock.monotonic())
        self.interests = Interests(self.kept)
        self.stopping = False
        """Whether nothing new is begun."""

    def now(self) -> datetime:
        """Return the time of day."""
        return datetime.fromtimestamp(self.clock.time(), tz=UTC)

    def ahead(self) -> float:
        """Return what the time of day is ahead of the monotonic clock, seconds."""
        return self.clock.time() - self.clock.monotonic()

    def next_visit(self, name: str) -> datetime | None:
        """Return when a repository is due; ``None`` while it is being visited and nobody wants another visit."""
        due = self.agenda.due(name)
        if due is None:
            return None
        return datetime.fromtimestamp(max(self.clock.time(), due + self.ahead()), tz=UTC)

    def views(self) -> tuple[RepositoryView, ...]:
        """Show them as they are now. Call it without the lock: nobody waits while stream tags are shown."""
        ahead = self.ahead()
        with self.lock:
            shown = [(kept.view(self.next_visit(name)), kept.tags) for name, kept in self.kept.items()]
        return tuple(view if tags is None else replace(view, tags=tags.views(ahead)) for view, tags in shown)

    def spread(self, changed: Collection[Asked], trigger: Trigger) -> None:
        """Have those visited who have used an answer that is another one now."""
        with self.lock:
            now = self.clock.monotonic()
            for name, kept in self.kept.items():
                used = kept.memory.used if kept.memory is not None else {}
                # One that fails is visited again in its time, and finds the new answer then.
                if not kept.failures and any(question in used for question in changed):
                    self.agenda.wanted(name, now, trigger)
            self.lock.notify_all()

    def share(self, now: float) -> None:
        """Have those visited who have used an answer that a pass has found to be another one."""
        for name, kept in self.kept.items():
            if kept.memory is not None and not kept.failures and kept.memory.outdated:
                self.agenda.wanted(name, now, Trigger.REGISTRY)

    def moved(self, event: RepositoryPushed, now: float) -> bool:
        """Note an event of a Git server; ``False`` where it concerns nobody, or who is due already."""
        new = False
        for name, kept in self.kept.items():
            if kept.memory is None:
                url = kept.place.served.url
                places, branch = {clone_location(url) if url is not None else None}, kept.place.served.branch
            else:
                places, branch = set(kept.memory.locations), kept.memory.branch
            if places.intersection(event.locations) and branch in {None, event.branch}:
                new = self.agenda.wanted(name, now + QUIET, Trigger.GIT_PUSH) or new
        return new
