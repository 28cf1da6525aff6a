"""What the loop keeps of one repository, and how that is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gitops_streams.errors import INCOMPLETE
from gitops_streams.render.report import PullResult, Report
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.serve.overview import PassOutcome, PassView, PullView, RepositoryView
from gitops_streams.serve.place import Place
from gitops_streams.serve.shown_tags import ShownTags, times
from gitops_streams.serve.tag_views import Known, tag_views
from gitops_streams.serve.visit import Memory, Passed, Pushed, open_pulls

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
    tags: ShownTags | None = None
    """``None`` before the first pass."""
    pulls: tuple[PullView, ...] = ()
    problems: tuple[str, ...] = ()

    def passed(self, done: Passed, ahead: float) -> None:
        """Take in a pass.

        Args:
            done: what it has found.
            ahead: what the time of day is ahead of the monotonic clock, seconds.
        """
        self.memory = done.memory
        pulls = done.report.published.pulls if done.report.published is not None else ()
        self.pulls = tuple(map(_pull, open_pulls(pulls)))
        mode = self.place.served.publish
        questions, answers = done.memory.questions, done.memory.answers
        checked = answers.checked_all(questions.values())
        known = Known(
            history=done.history,
            times={key: times(each, ahead) for key, each in zip(questions, checked, strict=True)},
            landed=mode != "pull-request",
        )
        tags = tag_views(done.report.plan, done.found.catalog, done.found.history, known)
        self.tags = ShownTags(tags, questions, answers)
        failed = (f"{pull.group}: {pull.reason}" for pull in pulls if pull.outcome is PullOutcome.FAILED)
        self.problems = tuple([*failed, *map(str, done.report.plan.problems)][:_SHOWN])

    def view(self, next_pass: datetime | None) -> RepositoryView:
        """Show the repository as it is known now, without its stream tags, which ``tags`` shows."""
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
            pulls=self.pulls,
            problems=self.problems,
        )


def outcome_of(report: Report) -> PassOutcome:
    """Say how a pass ended, as the exit code of ``reconcile`` would."""
    return PassOutcome.INCOMPLETE if report.incomplete else PassOutcome.SUCCEEDED


def exit_code(report: Report) -> int:
    """Return the exit code of a pass that ended: 3 where a stream tag, a declaration or a group failed."""
    return INCOMPLETE if report.incomplete else 0


def _pull(pull: PullResult) -> PullView:
    blocked = pull.outcome is PullOutcome.BLOCKED
    return PullView(pull.group, pull.url or "", pull.number, blocked, pull.reason if blocked else "")
