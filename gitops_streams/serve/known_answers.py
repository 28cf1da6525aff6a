"""What registries have answered: each answer with its version, when it was asked for, and when it is due again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Question, Resolution, Resolved, TagsQuestion, Unresolvable
from gitops_streams.registry.tags import TagList
from gitops_streams.serve.pace import Pace

Asked = Question | TagsQuestion
"""What a registry is asked again and again."""
Answer = Resolution | TagList
FIRST_RETRY = 30.0
"""Seconds after which a registry that failed is asked again."""


@dataclass(frozen=True, slots=True)
class Checked:
    """When a question was asked, and what came of it; another object whenever anything of it is another one."""

    answer: Answer
    at: float
    """Seconds since the epoch."""
    due: float
    """When it will be asked again, on the monotonic clock."""
    failing_since: float | None = None
    """Seconds since the epoch."""


@dataclass(slots=True)
class _Entry:
    """What is known of one question."""

    checked: Checked
    version: int
    """Another one whenever the answer is another one."""
    failures: int = 0
    stale: bool = False


class KnownAnswers:
    """The answers that are kept. Not safe for several threads; it knows no clock.

    Args:
        pace: how often a question is asked again.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._retry = Pace(pace.interval, pace.jitter, pace.random, FIRST_RETRY)
        self._entries: dict[Asked, _Entry] = {}
        self._by_repository: dict[Repository, set[Asked]] = {}
        """The questions of ``_entries``."""
        self._versions = 0
        self.revision = 0
        """Another one whenever anything that ``checked`` returns is another one."""

    def __contains__(self, question: Asked) -> bool:
        return question in self._entries

    def answer(self, question: Asked) -> tuple[Answer, int]:
        """Return a known answer with its version."""
        entry = self._entries[question]
        return entry.checked.answer, entry.version

    def version(self, question: Asked) -> int:
        """Return the version of an answer; 0 where there is none."""
        entry = self._entries.get(question)
        return 0 if entry is None else entry.version

    def checked(self, question: Asked) -> Checked | None:
        """Return when a question was asked."""
        entry = self._entries.get(question)
        return None if entry is None else entry.checked

    def is_stale(self, question: Asked) -> bool:
        """Whether an answer is known and must not be used without asking again."""
        return question in self._entries and self._entries[question].stale

    def outdate(self, question: Asked) -> None:
        """Make an answer stale."""
        if question in self._entries:
            self._entries[question].stale = True

    def keep(self, question: Asked, answer: Answer, at: float, now: float, *, stale: bool) -> None:
        """Take in an answer.

        Args:
            question: what was asked.
            answer: what came of it.
            at: when it was asked, seconds since the epoch.
            now: on the monotonic clock.
            stale: whether it may have been given before a push that was told of.
        """
        old = self._entries.get(question)
        failed = isinstance(answer, Unresolvable)
        failures = 0 if not failed else 1 if old is None else old.failures + 1
        same = old is not None and _same(old.checked.answer, answer)
        if not same:
            self._versions += 1
        since = None if old is None else old.checked.failing_since
        due = now + (self._retry.retry(failures) if failed else self._pace.next())
        self._by_repository.setdefault(question.repository, set()).add(question)
        self._entries[question] = _Entry(
            Checked(answer, at, due, None if not failed else at if since is None else since),
            old.version if same and old is not None else self._versions,
            failures,
            stale,
        )
        self.revision += 1

    def drop_unwanted(self, wanted: Collection[Asked], now: float) -> None:
        """Forget what nobody asks any more.

        Args:
            wanted: what somebody asks.
            now: on the monotonic clock; what is not due yet is kept, since a pass that goes on may have asked it.
        """
        for question in [known for known in self._entries if known not in wanted]:
            if self._entries[question].checked.due < now:
                self._forget(question)

    def due(self, now: float) -> list[Asked]:
        """List the questions that are to be asked."""
        return [key for key, entry in self._entries.items() if entry.stale or entry.checked.due <= now]

    def advance(self, question: Asked, due: float) -> None:
        """Have a question asked again at that time at the latest."""
        entry = self._entries[question]
        if due < entry.checked.due:
            entry.checked = replace(entry.checked, due=due)
            self.revision += 1

    def recall(self, hosts: Collection[str], now: float) -> None:
        """Have everything asked at once that had failed at registries that are back."""
        for question, entry in self._entries.items():
            if question.repository.domain in hosts and entry.failures:
                self.advance(question, now)

    def concerned(self, repository: Repository, tag: str) -> list[Asked]:
        """List the known questions whose answer a push of this tag may change."""
        return [
            question
            for question in self._by_repository.get(repository, ())
            if isinstance(question, TagsQuestion) or question.tag == tag
        ]

    def failing(self) -> Mapping[str, tuple[float, str]]:
        """Return the registries of which every question fails: since when, and why."""
        hosts: OrderedDict[str, tuple[float, str] | None] = OrderedDict()
        for question, entry in self._entries.items():
            host, checked = question.repository.domain, entry.checked
            if isinstance(checked.answer, Unresolvable) and checked.failing_since is not None:
                known = hosts.get(host, (checked.failing_since, checked.answer.reason))
                hosts[host] = None if known is None else min(known, (checked.failing_since, checked.answer.reason))
            else:
                hosts[host] = None
        return {host: said for host, said in hosts.items() if said is not None}

    def is_digest(self, question: Asked, digest: Digest) -> bool | None:
        """Whether the answer is this digest; ``None`` where it is none of an image's own tag."""
        entry = self._entries.get(question)
        if entry is None or not isinstance(question, Question) or question.platform is not None:
            return None
        answer = entry.checked.answer
        return answer.digest == digest if isinstance(answer, Resolved) else None

    def _forget(self, question: Asked) -> None:
        del self._entries[question]
        others = self._by_repository[question.repository]
        others.discard(question)
        if not others:
            del self._by_repository[question.repository]
        self.revision += 1


def _same(old: Answer, new: Answer) -> bool:
    """Whether nothing would be planned otherwise: the words of a failure may change."""
    if isinstance(old, Unresolvable) and isinstance(new, Unresolvable):
        return old.cause is new.cause
    if isinstance(old, Resolved) and isinstance(new, Resolved):
        return old.digest == new.digest
    return old == new
