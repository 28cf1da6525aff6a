"""Keeps answers that are older than the branch from taking back what somebody else has brought in since.

Answers are shared and kept for an interval. Another process, a workflow or a person may have pushed a newer digest
meanwhile, and to plan on their commit with an older answer would be to undo it. So a stream tag that has a digest
moves only by an answer that was asked for after the commit was seen that is planned on.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.oci.resolution import Question, TagsQuestion
from gitops_streams.plan.model import Change, TagPlan
from gitops_streams.reconcile.one_pass import Pass
from gitops_streams.serve.answers import Answers, Asked
from gitops_streams.serve.view import View


class OlderThanTheBranch(Exception):
    """A plan that would move stream tags rests on answers from before its commit; it was not published."""

    def __init__(self, questions: tuple[Asked, ...]) -> None:
        super().__init__(f"{len(questions)} answers are older than the branch")
        self.questions = questions
        """What has to be asked anew."""


class Freshness:
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
            OlderThanTheBranch: it would move a stream tag by an answer that is too old.
        """
        since = self._since if self._since is not None else self._view.began
        # Another pass follows where a race was lost: on a commit that is seen then.
        self._since, self._view.began = None, None
        if since is not None:
            older = tuple(dict.fromkeys(self._older(found, since)))
            if older:
                raise OlderThanTheBranch(older)
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
