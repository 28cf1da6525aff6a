"""Has repositories visited that are due, by workers, and says when each is due again.

Those that failed last time have workers of their own, so that a remote that hangs delays no other.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import assert_never

from gitops_streams.errors import FAILED, RepositoryError
from gitops_streams.serve.agenda import URGENCY, Trigger
from gitops_streams.serve.ended import commit_of, pass_view
from gitops_streams.serve.kept import Kept, exit_code
from gitops_streams.serve.logs import say
from gitops_streams.serve.overview import PassOutcome, PassView
from gitops_streams.serve.pace import Pace
from gitops_streams.serve.place import unreached
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.repositories import Repositories
from gitops_streams.serve.visit import Idle, Passed, visit
from gitops_streams.serve.visit_log import VisitLog
from gitops_streams.serve.workers import Workers

_log = logging.getLogger(__name__)
_FOLLOW_UP = 5.0
"""Seconds after a publish, or a second look at a repository that never got as far, that the branch is looked at."""
_OPENED = 1.0
"""Seconds after a gate opens that what waited for it is planned: clocks that are set by the network differ a little."""
_SLOW = 2
_SPOILT = 2
"""Failures in a row, none of them the remote's, after which a clone of our own is made anew."""


class Visits:
    """The workers that visit repositories.

    Args:
        repositories: which are due; what a visit has found is noted there.
        pool: asks the registries.
        pace: how often a repository is looked at.
        log: is told what became of each visit.
        workers: how many repositories are worked on at one time.
    """

    def __init__(self, repositories: Repositories, pool: Pool, pace: Pace, log: VisitLog, workers: int) -> None:
        self._repositories = repositories
        self._clock = repositories.clock
        self._pool = pool
        self._pace = pace
        self._told = log
        self._visitors = Workers("visit", workers)
        self._slow = Workers("retry", _SLOW)

    @property
    def idle(self) -> bool:
        """Whether no visit is under way, and none waits for its turn."""
        return self._visitors.idle and self._slow.idle

    @property
    def waiting(self) -> int:
        """How many visits wait for their turn."""
        return self._visitors.waiting + self._slow.waiting

    def begin(self, now: float) -> None:
        """Have those visited that are due. Call it with the repositories' lock."""
        for name, trigger in self._repositories.agenda.take(now):
            workers = self._slow if self._repositories.kept[name].failures else self._visitors
            workers.submit(partial(self._visit, name, trigger), URGENCY[trigger])

    def stop(self, timeout: float) -> bool:
        """Let visits that are under way end, and begin no others.

        Returns:
            Whether all of them have ended in ``timeout`` seconds.
        """
        deadline = self._clock.monotonic() + timeout
        ended = self._visitors.stop(timeout)
        return self._slow.stop(max(0.0, deadline - self._clock.monotonic())) and ended

    def _visit(self, name: str, trigger: Trigger) -> None:
        repositories = self._repositories
        with repositories.lock:
            kept = repositories.kept[name]
            kept.running_since = repositories.now()
            memory, heard, told_at = kept.memory, frozenset(kept.heard), kept.told_at
            kept.heard.clear()
        began = self._clock.monotonic()
        done: Passed | Idle | None = None
        error: Exception | None = None
        try:
            done = visit(kept.place, memory, self._pool, heard)
        except Exception as raised:  # noqa: BLE001  one bad repository stops no other, whatever it meets
            error = raised
            _reconsider(kept, raised)
        with repositories.lock:
            now = self._clock.monotonic()
            match done:
                case Passed():
                    kept.passed(done, repositories.ahead())
                    repositories.interests.learn(name, done.memory)
                case Idle():
                    pass
                case None:
                    kept.heard.update(heard)
                case _:
                    assert_never(done)
            view = pass_view(done, error, repositories.now(), now - began, trigger)
            self._note(kept, done, view, now - began, trigger)
            if error is None:
                kept.told_at = None if kept.told_at == told_at else kept.told_at
            self._clear_away()
            repositories.agenda.done(name, *self._next(kept, done, now))
            if isinstance(done, Passed) and done.report.plan.requests:
                repositories.share(now)
            repositories.lock.notify_all()
        self._told.note(name, done, view, error, trigger, None if told_at is None else now - told_at)

    def _note(
        self, kept: Kept, done: Passed | Idle | None, view: PassView | None, seconds: float, trigger: Trigger
    ) -> None:
        """Note how a visit has ended."""
        kept.running_since = None
        if view is not None:
            kept.last = view
            if view.outcome is not PassOutcome.FAILED:
                kept.last_success = view.ended
        elif kept.failures:
            # The remote is back, and nothing has changed: the failure is over.
            kept.last = PassView(self._repositories.now(), seconds, PassOutcome.SUCCEEDED, trigger=trigger.value)
        match done:
            case Passed(report=report):
                kept.failures, kept.code = 0, exit_code(report)
            case Idle():
                kept.failures, kept.code = 0, kept.code or 0
            case None:
                kept.failures, kept.code = kept.failures + 1, FAILED
            case _:
                assert_never(done)

    def _clear_away(self) -> None:
        """Close the connections of settings that no repository has any more."""
        everything = self._repositories.kept.values()
        used = {id(kept.memory.answers): kept.memory.answers for kept in everything if kept.memory is not None}
        under_way = any(kept.running_since is not None for kept in everything)
        if len(self._pool.all()) > len(used) and not under_way:
            self._pool.drop_unused(used.values())

    def _next(self, kept: Kept, done: Passed | Idle | None, now: float) -> tuple[float, Trigger]:
        """Say when a repository is due after a visit."""
        if kept.failures:
            return now + self._pace.retry(kept.failures), Trigger.RETRY
        if kept.memory is not None and kept.memory.outdated:
            return now, Trigger.REGISTRY
        if commit_of(done) is not None:
            return now + min(_FOLLOW_UP, self._pace.interval), Trigger.FOLLOW_UP
        poll = now + self._pace.next()
        if kept.memory is not None and kept.memory.opens is not None:
            opened = max(now, kept.memory.opens.timestamp() - self._repositories.ahead()) + _OPENED
            if opened < poll:
                return opened, Trigger.GATE
        return poll, Trigger.POLL


def _reconsider(kept: Kept, error: Exception) -> None:
    """Throw away a clone of our own that may be what is wrong."""
    local = isinstance(error, RepositoryError | OSError) and not unreached(error)
    if local and kept.failures + 1 >= _SPOILT and kept.place.discard():
        say(_log, logging.WARNING, "clone-discarded", "it is made anew", repository=kept.place.served.name)
