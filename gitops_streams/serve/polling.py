"""Has every registry asked what time has made due, each by a job of its own: one that hangs delays no other."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from gitops_streams.serve.agenda import URGENCY, Trigger
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.known_answers import Asked
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.repositories import Repositories
from gitops_streams.serve.workers import Workers


class Polling:
    """Asks by time.

    Args:
        repositories: whose questions are asked, and who is visited where an answer is another one.
        pool: asks the registries.
        askers: do the asking.
    """

    def __init__(self, repositories: Repositories, pool: Pool, askers: Workers) -> None:
        self._repositories = repositories
        self._pool = pool
        self._askers = askers
        self._under_way: set[tuple[int, str]] = set()

    def begin(self) -> None:
        """Have asked what is due. Call it with the repositories' lock."""
        wanted: dict[int, set[Asked]] = {}
        for kept in self._repositories.kept.values():
            if kept.memory is not None:
                wanted.setdefault(id(kept.memory.answers), set()).update(kept.memory.used)
        for answers in self._pool.all():
            by_host: dict[str, list[Asked]] = {}
            for question in answers.due(wanted.get(id(answers), set())):
                by_host.setdefault(question.repository.domain, []).append(question)
            for host, questions in by_host.items():
                key = (id(answers), host)
                if key not in self._under_way:
                    self._under_way.add(key)
                    self._askers.submit(partial(self._refresh, answers, questions, key), URGENCY[Trigger.POLL])

    def _refresh(self, answers: Answers, questions: Collection[Asked], key: tuple[int, str]) -> None:
        try:
            # It is time to ask again: that the client leaves a registry alone that failed must not put it off.
            answers.retry(key[1])
            changed = answers.refresh(questions)
        finally:
            with self._repositories.lock:
                self._under_way.discard(key)
        self._repositories.spread(changed, Trigger.REGISTRY)
