"""Publishes what a plan wants: into the work tree, as a commit, as a pushed commit, or as pull requests.

``worktree``, ``commit`` and ``push`` are all or nothing, on the steps of ``publication``.
``pull_requests`` carries out what ``review.lifecycle`` decides.
"""

from gitops_streams.publish.commit import publish_commit
from gitops_streams.publish.model import (
    ATTEMPTS,
    Committed,
    NothingToDo,
    PlanAt,
    Planned,
    PublishOptions,
    PushedCommit,
    Written,
)
from gitops_streams.publish.push import publish_push
from gitops_streams.publish.worktree import publish_worktree

__all__ = [
    "ATTEMPTS",
    "Committed",
    "NothingToDo",
    "PlanAt",
    "Planned",
    "PublishOptions",
    "PushedCommit",
    "Written",
    "publish_commit",
    "publish_push",
    "publish_worktree",
]
