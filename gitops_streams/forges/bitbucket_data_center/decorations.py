"""Reviewers of a pull request on Bitbucket Data Center: best effort, and only added to."""

from __future__ import annotations

from gitops_streams.forges.best_effort import each_or_all
from gitops_streams.forges.bitbucket_data_center.repository import BitbucketDataCenterRepository, content, reviewers
from gitops_streams.forges.http.answers import Record
from gitops_streams.review.pull_request import Decorations, PullRequest


def decorate(repository: BitbucketDataCenterRepository, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
    """See ``Forge.decorate``. There are reviewers alone; pull requests have no labels and milestones here."""
    warnings = [f"{name} could not be assigned: Bitbucket has no assignees" for name in wanted.assignees]
    author = (pull.author or "").casefold()
    names = tuple(name for name in wanted.reviewers if name.casefold() != author)
    there = {name.casefold() for name in reviewers(repository.known(pull.number))} if names else set()
    missing = tuple(name for name in names if name.casefold() not in there)

    def ask(some: tuple[str, ...]) -> None:
        def made(record: Record) -> dict[str, object]:
            everybody = [*reviewers(record), *(name for name in some if name not in reviewers(record))]
            return {**content(record), "reviewers": [{"user": {"name": name}} for name in everybody]}

        repository.change(pull.number, made)

    return (*warnings, *each_or_all(missing, ask))
