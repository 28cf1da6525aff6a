"""The loop: events and time make repositories and questions due, workers look after them, and all of it is shown.

A thread of its own decides what is due and does nothing itself. Registries are asked by one set of workers, so that a
registry that is down delays no repository; repositories are visited by another one (``visits``). What was not answered
by a publish is found again by the next poll: nothing that matters is kept here alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from gitops_streams import __version__
from gitops_streams.errors import FAILED
from gitops_streams.registry.limits import Clock
from gitops_streams.serve.agenda import Trigger
from gitops_streams.serve.burst import QUIET
from gitops_streams.serve.counted import Counted
from gitops_streams.serve.duplicates import Seen
from gitops_streams.serve.event import Accepted, ImagePushed, Outcome, Ping, RepositoryPushed
from gitops_streams.serve.overview import CheckOutcome, Overview
from gitops_streams.serve.pace import Pace
from gitops_streams.serve.place import Place
from gitops_streams.serve.polling import Polling
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.pushes import Pushes
from gitops_streams.serve.repositories import Repositories
from gitops_streams.serve.senders.receiver import Receiver
from gitops_streams.serve.visit_log import VisitLog
from gitops_streams.serve.visits import Visits
from gitops_streams.serve.workers import Workers
from gitops_streams.streams.model import TagKey

if TYPE_CHECKING:
    from gitops_streams.serve.metrics import Metrics  # of an extra, which --once does without

_LOOK = 5.0
"""Seconds between two looks at which questions are due; what is due in between is asked together."""
_ASKERS = 8
_DELIVERIES = 10_000
_BEAT = 10.0


class Loop:
    """Keeps repositories in step (``overview.Service``); its public methods may be called from any thread.

    Args:
        places: the repositories.
        pool: asks the registries.
        clock: time; the loop sleeps by real time and only reads this one.
        pace: how often a repository is looked at.
        receivers: of webhooks, for the overview.
        metrics: counts passes.
        workers: how many repositories are worked on at one time.
    """

    def __init__(
        self,
        places: Sequence[Place],
        pool: Pool,
        clock: Clock,
        pace: Pace,
        *,
        receivers: Sequence[Receiver] = (),
        metrics: Metrics | None = None,
        workers: int = 4,
    ) -> None:
        self._clock = clock
        self._pace = pace
        self._pool = pool
        self._repositories = Repositories(places, clock)
        self._lock = self._repositories.lock
        self._askers = Workers("ask", _ASKERS)
        self._polling = Polling(self._repositories, pool, self._askers)
        self._pushes = Pushes(self._repositories, pool, self._askers)
        self._visits = Visits(self._repositories, pool, pace, VisitLog(metrics), workers)
        self._deliveries = Seen(_DELIVERIES)
        self._counted = Counted(receivers)
        self._poll_at = clock.monotonic()
        self._started = self._repositories.now()
        self._heartbeat: datetime | None = None
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)
        if metrics is not None:
            metrics.kept(self._repositories.kept)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Let visits that are under way end, begin no others, then close everything.

        Returns:
            Whether all of them have ended in ``timeout`` seconds; one that has not is completed by the next start.
        """
        with self._lock:
            self._repositories.stopping = True
            self._lock.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        deadline = self._clock.monotonic() + timeout
        ended = self._visits.stop(timeout)
        self._pool.close()  # requests that nobody waits for any more end now
        return self._askers.stop(max(1.0, deadline - self._clock.monotonic())) and ended

    def once(self) -> int:
        """Visit every repository once, without starting the loop.

        Returns:
            The worst exit code of ``reconcile`` over all of them: 1, then 3, then 0.
        """
        everything = self._repositories.kept.values()
        with self._lock:
            self._visits.begin(self._clock.monotonic())
            while any(kept.code is None for kept in everything) and not self.stopping:
                self._lock.wait()
            codes = [kept.code for kept in everything if kept.code is not None]
        return min(codes, key=(FAILED, 3, 2, 0).index, default=0)

    @property
    def stopping(self) -> bool:
        """Whether nothing new is begun."""
        return self._repositories.stopping

    @property
    def idle(self) -> bool:
        """Whether nothing is being done, and nothing waits for its turn."""
        return self._visits.idle and self._askers.idle

    def step(self, now: float) -> float:
        """Hand out what is due, and say when something will be; seconds on the clock."""
        with self._lock:
            self._heartbeat = self._repositories.now()
            self._pushes.begin(now)
            if now >= self._poll_at:
                self._poll_at = now + min(_LOOK, max(0.05, self._pace.interval / 4))
                self._polling.begin()
            self._visits.begin(now)
            return min(self._soonest(), now + _BEAT)

    def deliver(self, receiver: str, outcome: Outcome) -> bool:
        """Take in what became of a delivery; returns at once.

        Returns:
            Whether it was new and led to something.
        """
        with self._lock:
            self._counted.count(receiver, outcome, self._repositories.now())
            if not isinstance(outcome, Accepted) or self.stopping:
                return False
            if outcome.delivery is not None and self._deliveries.again((receiver, outcome.delivery)):
                return False
            now, new = self._clock.monotonic(), False
            for event in outcome.events:
                match event:
                    case ImagePushed(repository, tag, hint):
                        new = self._pushes.tell((repository, tag), hint, now) or new
                    case RepositoryPushed():
                        new = self._repositories.moved(event, now) or new
                    case Ping():
                        pass
                    case _:
                        assert_never(event)
            if new:
                self._lock.notify_all()
            return new

    def check(self, repository: str, tag: TagKey) -> CheckOutcome:
        """Have one stream tag checked as soon as possible."""
        with self._lock:
            if self.stopping:
                return CheckOutcome.STOPPING
            kept = self._repositories.kept.get(repository)
            if kept is None or kept.tags is None or tag not in kept.tags:
                return CheckOutcome.UNKNOWN
            now, new = self._clock.monotonic(), False
            source = kept.memory.sources.get(tag) if kept.memory is not None else None
            if source is not None:
                # A policy's source is the whole repository: any tag stands for its list.
                question = kept.memory.questions.get(tag) if kept.memory is not None else None
                name = source[1] or (question.tag if question is not None else "")
                new = self._pushes.want((source[0], name), now)
            new = self._repositories.agenda.wanted(repository, now + QUIET, Trigger.CHECK_NOW) or new
            self._lock.notify_all()
            return CheckOutcome.QUEUED if new else CheckOutcome.ALREADY_QUEUED

    def overview(self) -> Overview:
        """Return what is known now."""
        repositories, registries = self._repositories.views(), self._pool.views()
        with self._lock:
            return Overview(
                repositories=repositories,
                registries=registries,
                receivers=self._counted.views,
                started=self._started,
                now=self._repositories.now(),
                version=__version__,
                queued=self._visits.waiting + self._askers.waiting + self._pushes.waiting,
                heartbeat=self._heartbeat,
            )

    def _run(self) -> None:
        while True:
            at = self.step(self._clock.monotonic())
            with self._lock:
                if self.stopping:
                    return
                self._lock.wait(max(0.0, min(at, self._soonest()) - self._clock.monotonic()))
                if self.stopping:
                    return

    def _soonest(self) -> float:
        """Return when something is due, by what was told since the last step."""
        times = [at for at in (self._repositories.agenda.next_at, self._pushes.over_at) if at is not None]
        return min([self._poll_at, *times])
