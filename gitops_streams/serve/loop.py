"""The loop: events and time make repositories and questions due, workers look after them, and all of it is shown.

A thread of its own decides what is due and does nothing itself. Registries are asked by one set of workers, so that a
registry that is down delays no repository; repositories are visited by another one, those that failed last time by a
third, so that a remote that hangs delays no other. What was not answered by a publish is found again by the next
poll: nothing that matters is kept here alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, assert_never

from gitops_streams import __version__
from gitops_streams.errors import FAILED, RepositoryError
from gitops_streams.oci.digest import Digest
from gitops_streams.registry.limits import Clock
from gitops_streams.serve.agenda import URGENCY, Agenda, Trigger
from gitops_streams.serve.answers import Answers, Asked
from gitops_streams.serve.burst import QUIET, Burst
from gitops_streams.serve.clone_location import clone_location
from gitops_streams.serve.counted import Counted
from gitops_streams.serve.duplicates import Seen
from gitops_streams.serve.ended import explained, pass_view, published_changes
from gitops_streams.serve.event import Accepted, ImagePushed, Ping, RepositoryPushed
from gitops_streams.serve.event import Outcome as Delivered
from gitops_streams.serve.interests import Interests
from gitops_streams.serve.kept import Kept, exit_code
from gitops_streams.serve.logs import say
from gitops_streams.serve.overview import (
    CheckOutcome,
    Overview,
    PassOutcome,
    PassView,
    RegistryView,
    RepositoryView,
)
from gitops_streams.serve.pace import Pace
from gitops_streams.serve.place import Place, unreached
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.senders.receiver import Receiver
from gitops_streams.serve.visit import Idle, Passed, Pushed, visit
from gitops_streams.serve.workers import Workers
from gitops_streams.streams.model import TagKey

if TYPE_CHECKING:
    from gitops_streams.serve.metrics import Metrics  # of an extra, which --once does without

_log = logging.getLogger(__name__)
_LOOK = 5.0
"""Seconds between two looks at which questions are due; what is due in between is asked together."""
_FOLLOW_UP = 5.0
"""Seconds after a publish, or a second look at a repository that never got as far, that the branch is looked at."""
_ASKERS = 8
_SLOW = 2
_DELIVERIES = 10_000
_SPOILT = 2
"""Failures in a row, none of them the remote's, after which a clone of our own is made anew."""
_BEAT = 10.0


@dataclass(frozen=True, slots=True)
class _Told:
    """What events said of a tag."""

    hint: Digest | None
    at: float


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
        self._pool = pool
        self._clock = clock
        self._pace = pace
        self._metrics = metrics
        self._kept = {place.served.name: Kept(place) for place in places}
        self._agenda = Agenda(self._kept, clock.monotonic())
        self._interests = Interests(self._kept)
        self._images: Burst[Pushed, _Told] = Burst()
        self._deliveries = Seen(_DELIVERIES)
        self._counted = Counted(receivers)
        self._lock = threading.Condition()
        self._polling: set[tuple[int, str]] = set()
        self._looking: dict[str, dict[Pushed, _Told]] = {}
        """The registries that are being asked about a push, each with what it told of meanwhile."""
        self._warned: set[str] = set()
        self._poll_at = clock.monotonic()
        self._stopping = False
        self._codes: dict[str, int] = {}
        self._started = self._now()
        self._heartbeat: datetime | None = None
        self._visitors = Workers("visit", workers)
        self._slow = Workers("retry", _SLOW)
        self._askers = Workers("ask", _ASKERS)
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)
        if metrics is not None:
            metrics.kept(self._kept)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Let visits that are under way end, begin no others, then close everything.

        Returns:
            Whether all of them have ended in ``timeout`` seconds; one that has not is completed by the next start.
        """
        with self._lock:
            self._stopping = True
            self._lock.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        deadline = self._real() + timeout
        ended = self._visitors.stop(timeout)
        ended = self._slow.stop(max(0.0, deadline - self._real())) and ended
        self._pool.close()  # requests that nobody waits for any more end now
        return self._askers.stop(max(1.0, deadline - self._real())) and ended

    def once(self) -> int:
        """Visit every repository once, without starting the loop.

        Returns:
            The worst exit code of ``reconcile`` over all of them: 1, then 3, then 0.
        """
        with self._lock:
            self._begin(self._clock.monotonic())
            while len(self._codes) < len(self._kept) and not self._stopping:
                self._lock.wait()
        return min(self._codes.values(), key=(FAILED, 3, 2, 0).index, default=0)

    @property
    def stopping(self) -> bool:
        """Whether nothing new is begun."""
        return self._stopping

    @property
    def idle(self) -> bool:
        """Whether nothing is being done, and nothing waits for its turn."""
        return self._visitors.idle and self._slow.idle and self._askers.idle

    def step(self, now: float) -> float:
        """Hand out what is due, and say when something will be; seconds on the clock."""
        with self._lock:
            self._heartbeat = self._now()
            told = self._images.take(now)
            by_host: dict[str, dict[Pushed, _Told]] = {}
            for pushed, said in told.items():
                by_host.setdefault(pushed[0].domain, {})[pushed] = said
            for host, here in by_host.items():
                self._look(host, here)
            if now >= self._poll_at:
                self._poll_at = now + min(_LOOK, max(0.05, self._pace.interval / 4))
                self._poll()
            self._begin(now)
            times = [self._poll_at, now + _BEAT]
            times += [at for at in (self._agenda.next_at, self._images.over_at) if at is not None]
            return min(times)

    def deliver(self, receiver: str, outcome: Delivered) -> bool:
        """Take in what became of a delivery; returns at once.

        Returns:
            Whether it was new and led to something.
        """
        with self._lock:
            self._counted.count(receiver, outcome, self._now())
            if not isinstance(outcome, Accepted) or self._stopping:
                return False
            if outcome.delivery is not None and self._deliveries.again((receiver, outcome.delivery)):
                return False
            now, new = self._clock.monotonic(), False
            for event in outcome.events:
                match event:
                    case ImagePushed(repository, tag, hint):
                        new = self._pushed((repository, tag), hint, now) or new
                    case RepositoryPushed():
                        new = self._moved(event, now) or new
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
            if self._stopping:
                return CheckOutcome.STOPPING
            kept = self._kept.get(repository)
            if kept is None or not any(known.key == tag for known in kept.tags):
                return CheckOutcome.UNKNOWN
            now, new = self._clock.monotonic(), False
            source = kept.memory.sources.get(tag) if kept.memory is not None else None
            if source is not None:
                # A policy's source is the whole repository: any tag stands for its list.
                question = kept.memory.questions.get(tag) if kept.memory is not None else None
                name = source[1] or (question.tag if question is not None else "")
                new = self._images.add((source[0], name), _Told(None, now), now)
            new = self._agenda.wanted(repository, now + QUIET, Trigger.CHECK_NOW) or new
            self._lock.notify_all()
            return CheckOutcome.QUEUED if new else CheckOutcome.ALREADY_QUEUED

    def overview(self) -> Overview:
        """Return what is known now."""
        failing = {host: said for answers in self._pool.all() for host, said in answers.failing().items()}
        registries = []
        for traffic in self._pool.traffic():
            since, reason = failing.get(traffic.host, (None, ""))
            limit = traffic.rate_limit
            registries.append(
                RegistryView(
                    traffic.host,
                    traffic.requests,
                    limit.limit if limit is not None else None,
                    limit.remaining if limit is not None else None,
                    failing_since=None if since is None else datetime.fromtimestamp(since, tz=UTC),
                    reason=reason,
                )
            )
        with self._lock:
            return Overview(
                repositories=tuple(self._view(name, kept) for name, kept in self._kept.items()),
                registries=tuple(registries),
                receivers=self._counted.views,
                started=self._started,
                now=self._now(),
                version=__version__,
                queued=self._visitors.waiting + self._slow.waiting + self._askers.waiting + len(self._images),
                heartbeat=self._heartbeat,
            )

    def _run(self) -> None:
        while True:
            at = self.step(self._clock.monotonic())
            with self._lock:
                if self._stopping:
                    return
                self._lock.wait(max(0.0, min(at, self._soonest()) - self._clock.monotonic()))
                if self._stopping:
                    return

    def _soonest(self) -> float:
        """Return when something is due, by what was told since the last step."""
        times = [at for at in (self._agenda.next_at, self._images.over_at) if at is not None]
        return min([self._poll_at, *times])

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), tz=UTC)

    def _real(self) -> float:
        return self._clock.monotonic()

    def _view(self, name: str, kept: Kept) -> RepositoryView:
        due = self._agenda.due(name)
        return kept.view(
            None
            if due is None
            else datetime.fromtimestamp(self._clock.time() + max(0.0, due - self._clock.monotonic()), tz=UTC)
        )

    def _pushed(self, pushed: Pushed, hint: Digest | None, now: float) -> bool:
        """Note an event of a registry; ``False`` where it tells what is known or concerns nobody."""
        interests = self._interests
        if not interests.unknown and not interests.followers(pushed):
            return False
        if hint is not None and not interests.sleepers(pushed):
            # Answers that differ in their settings are each asked about it, or each have it.
            concerned = [answers for answers in self._pool.all() if answers.concerned(*pushed)]
            if concerned and all(answers.has(*pushed, hint) for answers in concerned):
                return False
        return self._images.add(pushed, _Told(hint, now), now)

    def _moved(self, event: RepositoryPushed, now: float) -> bool:
        """Note an event of a Git server."""
        new = False
        for name, kept in self._kept.items():
            if kept.memory is None:
                url = kept.place.served.url
                places, branch = {clone_location(url) if url is not None else None}, kept.place.served.branch
            else:
                places, branch = set(kept.memory.locations), kept.memory.branch
            if places.intersection(event.locations) and branch in {None, event.branch}:
                new = self._agenda.wanted(name, now + QUIET, Trigger.GIT_PUSH) or new
        return new

    def _poll(self) -> None:
        """Have every registry asked what is due, each by a job of its own."""
        wanted: dict[int, set[Asked]] = {}
        for kept in self._kept.values():
            if kept.memory is not None:
                wanted.setdefault(id(kept.memory.answers), set()).update(kept.memory.used)
        for answers in self._pool.all():
            by_host: dict[str, list[Asked]] = {}
            for question in answers.due(wanted.get(id(answers), set())):
                by_host.setdefault(question.repository.domain, []).append(question)
            for host, questions in by_host.items():
                key = (id(answers), host)
                if key not in self._polling:
                    self._polling.add(key)
                    self._askers.submit(partial(self._refresh, answers, questions, key), URGENCY[Trigger.POLL])

    def _refresh(self, answers: Answers, questions: Collection[Asked], key: tuple[int, str]) -> None:
        try:
            # It is time to ask again: that the client leaves a registry alone that failed must not put it off.
            answers.retry(key[1])
            changed = answers.refresh(questions)
        finally:
            with self._lock:
                self._polling.discard(key)
        self._spread(changed, Trigger.REGISTRY)

    def _look(self, host: str, told: dict[Pushed, _Told]) -> None:
        """Have a registry asked about pushes; one that is being asked already, and may hang, is asked afterwards."""
        if host in self._looking:
            self._looking[host] |= told
            return
        self._looking[host] = {}
        self._askers.submit(partial(self._look_at, host, told), URGENCY[Trigger.WEBHOOK])

    def _look_at(self, host: str, told: dict[Pushed, _Told]) -> None:
        try:
            self._look_at_pushed(told)
        finally:
            with self._lock:
                more = self._looking.pop(host)
                if more and not self._stopping:
                    self._look(host, more)

    def _look_at_pushed(self, told: dict[Pushed, _Told]) -> None:
        """Ask for what was pushed, and have those visited whom it concerns."""
        changed: set[Asked] = set()
        for answers in self._pool.all():
            questions: dict[Asked, Digest | None] = {}
            answers.reopen(repository.domain for repository, _ in told)
            for pushed, said in told.items():
                if said.hint is None or not answers.has(*pushed, said.hint):
                    questions |= dict.fromkeys(answers.concerned(*pushed), said.hint)
            changed |= answers.refresh(questions)
            for question, hint in questions.items():
                if hint is not None and question not in changed:
                    answers.expect(question, hint)
        with self._lock:
            now = self._clock.monotonic()
            for pushed, said in told.items():
                for name in self._interests.followers(pushed):
                    kept = self._kept[name]
                    kept.told_at = said.at if kept.told_at is None else min(kept.told_at, said.at)
                for name in self._interests.sleepers(pushed):
                    self._kept[name].heard.add(pushed)
                    if not self._kept[name].failures:
                        self._agenda.wanted(name, now, Trigger.WEBHOOK)
        self._spread(changed, Trigger.WEBHOOK)

    def _spread(self, changed: Collection[Asked], trigger: Trigger) -> None:
        """Have those visited who have used an answer that is another one now."""
        with self._lock:
            now = self._clock.monotonic()
            for name, kept in self._kept.items():
                used = kept.memory.used if kept.memory is not None else {}
                # One that fails is visited again in its time, and finds the new answer then.
                if not kept.failures and any(question in used for question in changed):
                    self._agenda.wanted(name, now, trigger)
            self._lock.notify_all()

    def _begin(self, now: float) -> None:
        for name, trigger in self._agenda.take(now):
            workers = self._slow if self._kept[name].failures else self._visitors
            workers.submit(partial(self._visit, name, trigger), URGENCY[trigger])

    def _visit(self, name: str, trigger: Trigger) -> None:
        with self._lock:
            kept = self._kept[name]
            kept.running_since = self._now()
            memory, heard, told_at = kept.memory, frozenset(kept.heard), kept.told_at
            kept.heard.clear()
        began = self._clock.monotonic()
        done: Passed | Idle | None = None
        error: Exception | None = None
        try:
            done = visit(kept.place, memory, self._pool, heard)
        except Exception as raised:  # noqa: BLE001  one bad repository stops no other, whatever it meets
            error = raised
            self._reconsider(kept, raised)
        with self._lock:
            now = self._clock.monotonic()
            kept.running_since = None
            match done:
                case Passed():
                    kept.passed(done)
                    self._interests.learn(name, done.memory)
                case Idle():
                    pass
                case None:
                    kept.heard.update(heard)
                case _:
                    assert_never(done)
            view = pass_view(done, error, self._now(), now - began, trigger)
            if view is not None:
                kept.last = view
                if view.outcome is not PassOutcome.FAILED:
                    kept.last_success = view.ended
            elif isinstance(done, Idle) and kept.failures:
                # The remote is back, and nothing has changed: the failure is over.
                kept.last = PassView(self._now(), now - began, PassOutcome.SUCCEEDED, trigger=trigger.value)
            kept.failures = 0 if error is None else kept.failures + 1
            if error is None:
                kept.told_at = None if kept.told_at == told_at else kept.told_at
            self._clear_away()
            self._codes[name] = FAILED if error is not None else self._code(name, done)
            self._agenda.done(name, *self._next(kept, done, now))
            if isinstance(done, Passed) and done.report.plan.requests:
                self._share(now)
            self._lock.notify_all()
        self._tell(name, done, view, error, told_at, now, trigger)

    def _share(self, now: float) -> None:
        """Have those visited who have used an answer that a pass has found to be another one."""
        for name, kept in self._kept.items():
            if kept.memory is not None and not kept.failures and kept.memory.outdated:
                self._agenda.wanted(name, now, Trigger.REGISTRY)

    def _clear_away(self) -> None:
        """Close the connections of settings that no repository has any more."""
        used = {id(kept.memory.answers): kept.memory.answers for kept in self._kept.values() if kept.memory is not None}
        under_way = any(kept.running_since is not None for kept in self._kept.values())
        if len(self._pool.all()) > len(used) and not under_way:
            self._pool.drop_unused(used.values())

    def _code(self, name: str, done: Passed | Idle | None) -> int:
        return exit_code(done.report) if isinstance(done, Passed) else self._codes.get(name, 0)

    def _next(self, kept: Kept, done: Passed | Idle | None, now: float) -> tuple[float, Trigger]:
        """Say when a repository is due after a visit."""
        if kept.failures:
            return now + self._pace.retry(kept.failures), Trigger.RETRY
        if kept.memory is not None and kept.memory.outdated:
            return now, Trigger.REGISTRY
        if _commit(done) is not None:
            return now + min(_FOLLOW_UP, self._pace.interval), Trigger.FOLLOW_UP
        return now + self._pace.next(), Trigger.POLL

    def _reconsider(self, kept: Kept, error: Exception) -> None:
        """Throw away a clone of our own that may be what is wrong."""
        local = isinstance(error, RepositoryError | OSError) and not unreached(error)
        if local and kept.failures + 1 >= _SPOILT and kept.place.discard():
            say(_log, logging.WARNING, "clone-discarded", "it is made anew", repository=kept.place.served.name)

    def _tell(
        self,
        name: str,
        done: Passed | Idle | None,
        view: PassView | None,
        error: Exception | None,
        told_at: float | None,
        now: float,
        trigger: Trigger,
    ) -> None:
        """Log and count what became of a visit."""
        changes = published_changes(done)
        if view is not None and self._metrics is not None:
            self._metrics.passed(name, view, changes=changes or 0)
            if changes is not None and told_at is not None:
                self._metrics.published_after(now - told_at)
        if isinstance(done, Passed):
            warnings = done.memory.answers.client.warnings
            with self._lock:
                new = [warning for warning in warnings if warning not in self._warned]
                self._warned.update(new)
            for warning in new:
                say(_log, logging.WARNING, "registry-warning", warning, repository=name)
        if error is not None:
            say(_log, logging.WARNING, "pass-failed", explained(error)[0], repository=name, trigger=trigger.value)
        elif view is not None:
            say(
                _log,
                logging.INFO,
                "pass-ended",
                repository=name,
                outcome=view.outcome.value,
                trigger=view.trigger,
                seconds=view.seconds,
                changes=changes,
                commit=_commit(done),
            )


def _commit(done: Passed | Idle | None) -> str | None:
    """Return the commit that a visit has made."""
    published = done.report.published if isinstance(done, Passed) else None
    return published.commit if published is not None else None
