"""Publishes as one commit that is pushed, planned anew where somebody else's push came first."""

from __future__ import annotations

from gitops_streams.errors import PushRejected
from gitops_streams.git.branch import Target
from gitops_streams.git.checkout import Prepared
from gitops_streams.git.commit import NoChange
from gitops_streams.git.journal import clear_journal
from gitops_streams.git.lock import exclusive
from gitops_streams.git.push import Moved, contains, find_remote, push
from gitops_streams.git.repository import Repository
from gitops_streams.publish.model import ATTEMPTS, NothingToDo, PlanAt, PublishOptions, PushedCommit
from gitops_streams.publish.publication import Publication


def publish_push(
    repository: Repository, plan_at: PlanAt, options: PublishOptions | None = None
) -> PushedCommit | NothingToDo:
    """Commit what ``plan_at`` wants and push it; then bring the local branch and the edited files in step.

    Where somebody else's push came first, their commit is fetched and planned on instead.

    Raises:
        PushRejected: the remote refuses, cannot be reached, has not the branch, lacks commits that
            the local branch has, or its branch moved in every attempt.
        RefusedFile: an edited file holds unfinished work; nothing was changed or pushed.
        RepositoryError: as ``publish_commit``.
        WriteFailed: the commit is pushed, but a work-tree file cannot be written; the next run completes it.
    """
    options = options or PublishOptions()
    with exclusive(repository, options.wait) as run:
        publication = Publication(repository, options, run)
        target = publication.target()
        remote = find_remote(publication.commands, target.branch, options.remote)
        base = options.base or target.base
        for attempt in range(1, ATTEMPTS + 1):
            built = publication.build_on(base, plan_at)
            if isinstance(built, NoChange):
                publication.finish(target)
                publication.fast_forward(target, base)
                return NothingToDo()
            # Only a commit right on the local branch brings nothing but our own edits.
            ours = base == target.base
            prepared = publication.prepared(target, built) if ours else Prepared()
            publication.announce(target, built, prepared, remote)
            match push(publication.commands, remote, target.branch, built.commit, base):
                case Moved(head):
                    if publication.complete_push(head):
                        target = publication.target(target.branch)
                        base = target.base
                        continue
                    if options.base is None:
                        _require_no_local_commits(publication, target, remote, head)
                    base = head
                case _:
                    local = ours and target.tip is not None
                    local = local and publication.advance(target, built, prepared, remote)
                    local = local or publication.fast_forward(target, built.commit)
                    clear_journal(repository.git_dir)
                    return PushedCommit(built.commit, target.branch, remote, attempt, local)
    raise PushRejected(
        f"{target.branch} on {remote} moved {ATTEMPTS} times while it was pushed to",
        hint="run again when it is quieter",
    )


def _require_no_local_commits(publication: Publication, target: Target, remote: str, head: str) -> None:
    """Refuse to leave commits behind that only the local branch has."""
    if target.tip is None and publication.options.branch is not None:
        # HEAD is another branch, or detached: nobody expects its commits to be pushed to this one.
        return
    if not contains(publication.commands, head, target.base):
        raise PushRejected(
            f"{target.branch} has commits that {remote} lacks",
            hint=f"push them (git push {remote} {target.branch}) or rebase on {remote}'s branch, then run again",
        )
