"""Acts on pushes that registries told of: a burst of them is collected, then those registries are asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from gitops_streams.oci.digest import Digest
from gitops_streams.serve.agenda import URGENCY, Trigger
from gitops_streams.serve.burst import Burst
from gitops_streams.serve.known_answers import Asked
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.repositories import Repositories
from gitops_streams.serve.visit import Pushed
from gitops_streams.serve.workers import Workers


@dataclass(frozen=True, slots=True)
class _Told:
    """What events said of a tag."""

    hint: Digest | None
    at: float


class Pushes:
    """The pushes that were told of and not looked at yet. Call its public methods with the repositories' lock.

    Args:
        repositories: who follows what, and is visited where an answer is another one.
        pool: asks the registries.
        askers: do the asking.
    """

    def __init__(self, repositories: Repositories, pool: Pool, askers: Workers) -> None:
        self._repositories = repositories
        self._pool = pool
        self._askers = askers
        self._burst: Burst[Pushed, _Told] = Burst()
        self._looking: dict[str, dict[Pushed, _Told]] = {}
        """The registries that are being asked, each with what it told of meanwhile."""

    def tell(self, pushed: Pushed, hint: Digest | None, now: float) -> bool:
        """Note an event of a registry; ``False`` where it tells what is known or concerns nobody."""
        interests = self._repositories.interests
        if not interests.unknown and not interests.followers(pushed):
            return False
        if hint is not None and not interests.sleepers(pushed):
            # Answers that differ in their settings are each asked about it, or each have it.
            concerned = [answers for answers in self._pool.all() if answers.concerned(*pushed)]
            if concerned and all(answers.has(*pushed, hint) for answers in concerned):
                return False
        return self.want(pushed, now, hint)

    def want(self, pushed: Pushed, now: float, hint: Digest | None = None) -> bool:
        """Have a tag looked at whatever is known of it; ``False`` where it will be already."""
        return self._burst.add(pushed, _Told(hint, now), now)

    @property
    def over_at(self) -> float | None:
        """When what was told of is looked at unless more comes; ``None`` where there is nothing."""
        return self._burst.over_at

    @property
    def waiting(self) -> int:
        """How many tags wait to be looked at."""
        return len(self._burst)

    def begin(self, now: float) -> None:
        """Have those registries asked that told of something, if the burst is over."""
        by_host: dict[str, dict[Pushed, _Told]] = {}
        for pushed, said in self._burst.take(now).items():
            by_host.setdefault(pushed[0].domain, {})[pushed] = said
        for host, here in by_host.items():
            self._look(host, here)

    def _look(self, host: str, told: dict[Pushed, _Told]) -> None:
        """Have a registry asked; one that is being asked already, and may hang, is asked afterwards."""
        if host in self._looking:
            self._looking[host] |= told
            return
        self._looking[host] = {}
        self._askers.submit(partial(self._look_at, host, told), URGENCY[Trigger.WEBHOOK])

    def _look_at(self, host: str, told: dict[Pushed, _Told]) -> None:
        try:
            self._ask(told)
        finally:
            with self._repositories.lock:
                more = self._looking.pop(host)
                if more and not self._repositories.stopping:
                    self._look(host, more)

    def _ask(self, told: dict[Pushed, _Told]) -> None:
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
        self._note(told)
        self._repositories.spread(changed, Trigger.WEBHOOK)

    def _note(self, told: dict[Pushed, _Told]) -> None:
        """Note since when followers wait, and have those visited whose stream tag is not resolved by itself."""
        repositories = self._repositories
        with repositories.lock:
            now = repositories.clock.monotonic()
            for pushed, said in told.items():
                for name in repositories.interests.followers(pushed):
                    kept = repositories.kept[name]
                    kept.told_at = said.at if kept.told_at is None else min(kept.told_at, said.at)
                for name in repositories.interests.sleepers(pushed):
                    repositories.kept[name].heard.add(pushed)
                    if not repositories.kept[name].failures:
                        repositories.agenda.wanted(name, now, Trigger.WEBHOOK)
