"""Publishes as one commit on a local branch."""

from __future__ import annotations

from gitops_streams.errors import RepositoryError
from gitops_streams.git.commit import NoChange
from gitops_streams.git.lock import exclusive
from gitops_streams.git.repository import Repository
from gitops_streams.publish.model import ATTEMPTS, Committed, NothingToDo, PlanAt, PublishOptions
from gitops_streams.publish.publication import Publication


def publish_commit(
    repository: Repository, plan_at: PlanAt, options: PublishOptions | None = None
) -> Committed | NothingToDo:
    """Commit what ``plan_at`` wants on the branch, and bring the edited files of the work tree in step.

    Raises:
        RefusedFile: an edited file holds unfinished work; nothing was changed.
        RepositoryError: no branch or commit, no identity, no signature, another run or program in the way.
        WriteFailed: a work-tree file cannot be written; the branch has not moved.
    """
    options = options or PublishOptions()
    with exclusive(repository, options.wait) as run:
        publication = Publication(repository, options, run)
        target = publication.target()
        for _ in range(ATTEMPTS):
            built = publication.build_on(target.base, plan_at)
            if isinstance(built, NoChange):
                publication.finish(target)
                return NothingToDo()
            if publication.advance(target, built, publication.prepared(target, built)):
                return Committed(built.commit, target.branch)
            target = publication.target(target.branch)
    raise RepositoryError(f"{target.branch} moved {ATTEMPTS} times while it was committed to", hint="run again")
