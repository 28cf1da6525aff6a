"""Publishes into the work tree: files in place, all or nothing."""

from __future__ import annotations

from gitops_streams.git.journal import Journal, clear_journal, write_journal
from gitops_streams.git.lock import WAIT, exclusive
from gitops_streams.git.repository import Repository
from gitops_streams.git.write import write_files
from gitops_streams.publish.model import Planned, PublishOptions, Written
from gitops_streams.publish.publication import Publication


def publish_worktree(repository: Repository, planned: Planned, *, wait: float = WAIT) -> Written:
    """Write the edits into the work tree.

    Raises:
        PlanRefused: a file has changed since it was planned for; nothing was written.
        WriteFailed: a file cannot be written; none is half-written.
        RepositoryError: the repository is bare, or another run is publishing in it.
    """
    root = repository.work_tree().root
    with exclusive(repository, wait) as run:
        earlier = Publication(repository, PublishOptions(), run).unfinished if run.killed else ()
        paths = tuple(edit.path for edit in planned.edits)
        write_journal(repository.git_dir, Journal(run.token, paths, earlier=earlier))
        written = write_files(root, planned.edits, token=run.token)
        if earlier:
            # A commit run was killed here. What it had written stays known as ours to the next commit run.
            write_journal(repository.git_dir, Journal(run.token, earlier=earlier))
        else:
            clear_journal(repository.git_dir)
    return Written(tuple(written))
