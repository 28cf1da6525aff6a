"""What the loop keeps of one repository, and how that is shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gitops_streams.errors import INCOMPLETE
from gitops_streams.plan.model import Outcome
from gitops_streams.render.report import PullResult, Report
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.serve.overview import PassOutcome, PassView, PullView, RepositoryView, TagView
from gitops_streams.serve.place import Place
from gitops_streams.serve.tag_views import Known, Times, tag_views
from gitops_streams.serve.visit import Memory, Passed, Pushed, open_pulls
from gitops_streams.streams.model import TagKey
from gitops_streams.yamledit.problem import Severity

_SHOWN = 100
"""Problems of one repository."""


@dataclass(slots=True)
class Kept:
    """What is known of a repository between visits. The loop guards it by its lock."""

    place: Place
    memory: Memory | None = None
    heard: set[Pushed] = field(default_factory=set)
    """What registries told of that nothing asks for by itself."""
    told_at: float | None = None
    """When the first event came that no publish has answered yet; monotonic."""
    failures: int = 0
    """Visits in a row that failed."""
    code: int | None = None
    """The exit code that ``reconcile`` would have had for the last visit; ``None`` before the first one."""
    running_since: datetime | None = None
    last: PassView | None = None
    last_success: datetime | None = None
    tags: tuple[TagView, ...] = ()
    pulls: tuple[PullView, ...] = ()
    problems: tuple[str, ...] = ()

    def passed(self, done: Passed) -> None:
        """Take in a pass."""
        self.memory = done.memory
        pulls = done.report.published.pulls if done.report.published is not None else ()
        self.pulls = tuple(map(_pull, open_pulls(pulls)))
        mode = self.place.served.publish
        known = Known(
            history=done.history,
            times={key: self.times(key) for key in done.memory.questions},
            landed=mode != "pull-request",
        )
        self.tags = tag_views(done.report.plan, done.found.catalog, done.found.history, known)
        failed = (f"{pull.group}: {pull.reason}" for pull in pulls if pull.outcome is PullOutcome.FAILED)
        self.problems = tuple([*failed, *map(str, done.report.plan.problems)][:_SHOWN])

    def times(self, key: TagKey) -> Times:
        """Say when a stream tag was asked for, and will be."""
        question = self.memory.questions.get(key) if self.memory is not None else None
        checked = self.memory.answers.checked(question) if self.memory is not None and question is not None else None
        if checked is None:
            return Times()
        since = checked.failing_since
        return Times(_when(checked.at), _when(checked.next), None if since is None else _when(since))

    def view(self, next_pass: datetime | None) -> RepositoryView:
        """Show the repository as it is known now."""
        served = self.place.served
        return RepositoryView(
            name=served.name,
            location=served.location,
            branch=self.memory.branch if self.memory is not None else served.branch or "",
            publish=served.publish,
            commit=self.memory.commit if self.memory is not None else None,
            last=self.last,
            last_success=self.last_success,
            running_since=self.running_since,
            next_pass=next_pass,
            tags=tuple(self._timed(tag) for tag in self.tags),
            pulls=self.pulls,
            problems=self.problems,
        )

    def _timed(self, tag: TagView) -> TagView:
        times = self.times(tag.key)
        if times.checked_at is None or (times.checked_at, times.next_check) == (tag.checked_at, tag.next_check):
            return tag
        return replace(tag, checked_at=times.checked_at, next_check=times.next_check)


def outcome_of(report: Report) -> PassOutcome:
    """Say how a pass ended, as the exit code of ``reconcile`` would."""
    return PassOutcome.INCOMPLETE if exit_code(report) else PassOutcome.SUCCEEDED


def exit_code(report: Report) -> int:
    """Return the exit code of a pass that ended: 3 where a stream tag, a declaration or a group failed."""
    plan = report.plan
    failed = plan.count_tags(Outcome.FAILED) or any(problem.severity is Severity.ERROR for problem in plan.problems)
    pulls = report.published.pulls if report.published is not None else ()
    return INCOMPLETE if failed or any(pull.outcome is PullOutcome.FAILED for pull in pulls) else 0


def _pull(pull: PullResult) -> PullView:
    blocked = pull.outcome is PullOutcome.BLOCKED
    return PullView(pull.group, pull.url or "", pull.number, blocked, pull.reason if blocked else "")


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
