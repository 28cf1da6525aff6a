"""Keeps answers that are older than the branch from taking back what somebody else has brought in since.

Answers are shared and kept for an interval. Another process, a workflow or a person may have pushed a newer digest
meanwhile, and to plan on their commit with an older answer would be to undo it. So a stream tag that has a digest
moves only by an answer that was asked for after the commit was seen that is planned on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from gitops_streams.errors import RepositoryError
from gitops_streams.oci.resolution import Question, TagsQuestion
from gitops_streams.plan.model import Change, TagPlan
from gitops_streams.reconcile.one_pass import Pass
from gitops_streams.render.report import Report
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.known_answers import Asked
from gitops_streams.serve.view import View

Watch = Callable[[Pass], None]
"""Is told every pass before it is published, and may keep it from that by an exception."""
_LOOKS = 4
"""How often answers are asked for anew, where a branch keeps moving under them."""


class Target(Protocol):
    """A branch that is published to."""

    @property
    def branch(self) -> str:
        """Its name."""
        ...

    def bring(self, head: str | None) -> str | None:
        """Return the commit that the branch has now, given the one that it had."""
        ...

    def publish(self, head: str | None, client: View, watch: Watch) -> Report:
        """Plan on a commit by what ``client`` answers, and publish."""
        ...


@dataclass(frozen=True, slots=True)
class PublishedFresh:
    """What was published, and what it rests on."""

    report: Report
    found: Pass
    """The last pass; a lost race makes another one."""
    head: str | None
    """The commit that was planned on; ``None``: the work tree."""
    used: Mapping[Asked, int]
    """The questions of the pass, each with the version of the answer that it was given."""


def publish_fresh(target: Target, answers: Answers, head: str | None, since: float | None) -> PublishedFresh:
    """Publish; where answers are older than the branch, ask for them anew, and look at the branch again.

    Args:
        target: what is published to.
        answers: what registries have said.
        head: the commit that counts; ``None``: the work tree.
        since: when it was seen, seconds since the epoch; ``None``: just before the first question is asked.

    Raises:
        RepositoryError: the branch has moved at every look.
        GitopsStreamsError: nothing could be planned or published.
    """
    for _ in range(_LOOKS):
        view = View(answers)
        freshness = _Freshness(view, answers, since)
        try:
            report = target.publish(head, view, freshness.see)
        except _OlderThanTheBranch as older:
            since = answers.now
            head = target.bring(head)
            answers.refresh(older.questions)
        else:
            return PublishedFresh(report, freshness.passes[-1], head, view.used)
    raise RepositoryError(f"{target.branch} keeps moving while registries are asked", hint="the next visit tries again")


class _OlderThanTheBranch(Exception):
    """A plan that would move stream tags rests on answers from before its commit; it was not published."""

    def __init__(self, questions: tuple[Asked, ...]) -> None:
        super().__init__(f"{len(questions)} answers are older than the branch")
        self.questions = questions
        """What has to be asked anew."""


class _Freshness:
    """Sees every pass of one visit before it is published.

    Args:
        view: what the passes ask through.
        answers: what is behind it.
        since: when the commit was seen that the first pass is planned on, seconds since the epoch; ``None``: just
            before the pass asked its first question.
    """

    def __init__(self, view: View, answers: Answers, since: float | None) -> None:
        self._view = view
        self._answers = answers
        self._since = since
        self.passes: list[Pass] = []

    def see(self, found: Pass) -> None:
        """Let a pass go on.

        Raises:
            _OlderThanTheBranch: it would move a stream tag by an answer that is too old.
        """
        since = self._since if self._since is not None else self._view.began
        # Another pass follows where a race was lost: on a commit that is seen then.
        self._since, self._view.began = None, None
        if since is not None:
            older = tuple(dict.fromkeys(self._older(found, since)))
            if older:
                raise _OlderThanTheBranch(older)
        self.passes.append(found)

    def _older(self, found: Pass, since: float) -> Iterator[Asked]:
        asked = {item.key: item for item in found.asked}
        for tag in found.plan.tags:
            item = asked.get(tag.key)
            if item is None or not isinstance(item.question, Question) or not _moves_back_or_on(found, tag):
                continue
            wanted: list[Asked] = [item.question]
            if item.image is not None and item.image.by_policy:
                lists = (each for each in self._view.used if isinstance(each, TagsQuestion))
                wanted += [each for each in lists if each.repository == item.question.repository]
            for question in wanted:
                checked = self._answers.checked(question)
                if checked is not None and checked.at < since:
                    yield question


def _moves_back_or_on(found: Pass, tag: TagPlan) -> bool:
    """Whether a stream tag would get another digest than the one that it has: what is pinned first undoes nothing."""
    newest = found.history.newest(tag.key)
    if newest is not None and tag.recorded is not None and newest.image != tag.recorded:
        return True
    digests = (site.site.occurrence.digest for site in tag.sites if isinstance(site, Change))
    return any(digest is not None and digest != tag.digest for digest in digests)
